#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A second SYN with another number, within the window of a request that waits
# for the last ACK of its handshake.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
for fam in 4 6; do
	# Or the client's kernel would refuse the server's answer.
	ipt "$C" -A INPUT -p tcp --sport 80 -j DROP
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 listen stray=S,seq=1000 stray=S,seq=1001
	expect_reset RA '.cause == "embryonic" and .type == "passive" and
		.origin == "local" and .rst.ack == 1002' \
		"second SYN for a request, IPv$fam"
done
settle
finish
