#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The server still has a connection that the client forgot. From the same port
# the client connects to a redirected port. Old kernels hand that SYN to the
# socket of the first connection, whose answer the client resets. Fixed kernels
# (6.7 and later) just connect.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 --sport 45000 open exchange client:silent-close \
		pair=1 port=1112 connect
	app_got client connected "the second connection, IPv$fam"
	if wait_for 1 grep -q "45000 .* 80 R " "$wire"; then
		# The server only receives this reset: the client makes it.
		expect_reset R '.cause | IN("early-demux-clash", "remote")' \
			"clash, IPv$fam"
	else
		later expect_wire 0 R "$tuple" "clash, fixed kernel, IPv$fam"
		later expect_events 0 "$tuple" true \
			"clash, fixed kernel, IPv$fam: no"
	fi
done
settle
finish
