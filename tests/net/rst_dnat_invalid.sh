#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# conntrack calls a segment of a redirected connection INVALID, does not
# translate it, and no socket knows the port it was sent to. Its ACK number is
# right, so the answer kills a healthy connection.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run dnat-invalid -p 1112 -l 80
	app_got client ECONNRESET "redirect and INVALID, IPv$fam"
	expect_reset R ".cause == \"dnat-invalid\" and
		.confidence == \"certain\" and .type == \"passive\" and
		.origin == \"local\" and .rst.sport == 1112 and
		.answers.dport == 1112 and
		.answers.seq == $(fact segment seq) and
		.kernel.conntrack.state == \"INVALID\" and
		.kernel.conntrack.orig.dport == 1112 and
		.kernel.conntrack.reply.sport == 80 and
		(.evidence | join(\" \") | test(\"\\\\b1112\\\\b\") and
			test(\"\\\\b80\\\\b\"))" \
		"redirect and INVALID, IPv$fam"
done
settle
finish
