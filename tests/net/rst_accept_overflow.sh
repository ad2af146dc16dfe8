#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The accept queue is full and tcp_abort_on_overflow is 1. The kernel passes
# the listener to the function that sends the reset, as for a stray segment.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
pick_iptables
ns_sysctl "$S" net.ipv4.tcp_abort_on_overflow=1
start_watch "$S" -i eth0
for fam in 4 6; do
	# The last ACK of the first handshake is late, until the queue is full.
	ipt "$C" -A OUTPUT -p tcp --sport 45000 ! --syn -j DROP
	lab_run play -p 80 --sport 45000 listen=2 connect \
		sport=0 pair=1 connect pair=2 connect pair=3 connect backlog=3 \
		"run=$(ipt_words "$C" -F OUTPUT)" \
		pair=0 client:poke client:expect=ECONNRESET
	app_got client ECONNRESET "accept queue full, IPv$fam"
	expect_reset R '.cause == "accept-overflow" and .type == "passive" and
		.origin == "local"' "accept queue full, IPv$fam"
done
settle
finish
