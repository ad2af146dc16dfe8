#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A SYN to a port where nobody listens, with and without a rule that rejects it:
# the same answer on the wire, two causes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

reject()	# A|D
{
	ipt "$S" "-$1" INPUT -p tcp --dport 81 -j REJECT --reject-with tcp-reset
}

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run closed-port -p 81
	app_got client ECONNREFUSED "closed port, IPv$fam"
	expect_reset RA '.cause == "closed-port" and .type == "passive" and
		.origin == "local" and .rst.sport == 81 and .rst.seq == 0 and
		.answers.seq + 1 == .rst.ack' "closed port, IPv$fam"

	reject A
	lab_run closed-port -p 81
	app_got client ECONNREFUSED "closed port with a REJECT rule, IPv$fam"
	expect_reset RA '.cause == "netfilter-reject" and .type == "netfilter"' \
		"closed port with a REJECT rule, IPv$fam"

	reject D
	lab_run closed-port -p 81
	expect_reset RA '.cause == "closed-port"' \
		"closed port, rule removed, IPv$fam"
done
settle
finish
