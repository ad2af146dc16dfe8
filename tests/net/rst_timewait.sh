#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A FIN with a wrong number meets the mini-socket of a closed connection.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 open exchange server:close client:expect=EOF \
		client:ack client:segment=FA,seq=+10 client:state=CLOSE
	expect_reset R '.cause == "timewait" and .type == "passive" and
		.origin == "local" and .rst.seq == .answers.ack' \
		"wrong FIN for a mini-socket, IPv$fam"
done
settle
finish
