#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A connecting socket gets an ACK for something it never sent.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$C" -i eth0
for fam in 4 6; do
	# No listener is asked: the SYN gets lost on its way.
	ipt "$S" -A INPUT -p tcp --dport 80 -j DROP
	lab_run play -p 80 connect-start server:stray=A,ack=12345
	expect_reset R '.cause == "syn-sent-bad-ack" and .type == "passive" and
		.origin == "local" and .rst.seq == 12345' \
		"unacceptable ACK in SYN_SENT, IPv$fam"
done
settle
finish
