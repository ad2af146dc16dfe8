#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A segment that is no SYN meets only the listener.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
port=45000
for fam in 4 6; do
	# The numbers of a connection are random, and must not matter.
	for i in {1..8}; do
		lab_run listener-stray -p 80
		app_got client ECONNRESET "forgotten connection $i, IPv$fam"
		expect_reset R '.cause == "listener-stray" and .type == "passive" and
			.origin == "local" and .rst.seq == .answers.ack' \
			"forgotten connection $i, IPv$fam"
	done

	for flags in A PA FA SA; do
		port=$((port + 1))
		lab_run play -p 80 --sport $port listen "stray=$flags,len=5"
		expect_reset R ".cause == \"listener-stray\" and
			.kernel.lookup == \"listener\" and
			.answers.seq == $(fact segment seq) and
			.rst.seq == $(fact segment ack)" \
			"stray $flags to a listener, IPv$fam"
	done

	# Without an ACK such a segment is dropped in silence.
	for flags in P F; do
		port=$((port + 1))
		lab_run play -p 80 --sport $port listen "stray=$flags,len=5"
		later expect_wire 0 R "$tuple" "stray $flags without ACK, IPv$fam"
		later expect_events 0 "$tuple" true \
			"no event for $flags without ACK, IPv$fam"
	done
done
settle

# An ACK with a cookie that this host did not make; others are answered by a
# connection.
ns_sysctl "$S" net.ipv4.tcp_syncookies=2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run normal -p 80
	later expect_wire 0 R "$tuple" "handshake with a SYN cookie, IPv$fam"
	later expect_events 0 "$tuple" true "handshake with a SYN cookie, IPv$fam: no"

	port=$((port + 1))
	lab_run play -p 80 --sport $port listen stray=A,seq=1001,ack=12345
	expect_reset R '.cause == "listener-stray" and .type == "passive" and
		.rst.seq == 12345' "forged SYN cookie, IPv$fam"
done
settle
finish
