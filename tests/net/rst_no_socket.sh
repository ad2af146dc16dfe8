#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A segment that is no SYN meets neither a socket nor a listener.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
pick_iptables
start_watch "$S" -i eth0
port=45000
for fam in 4 6; do
	lab_run no-socket -p 80
	app_got client ECONNRESET "forgotten connection, IPv$fam"
	expect_reset R '.cause == "no-socket" and .type == "passive" and
		.origin == "local" and .rst.seq == .answers.ack' \
		"forgotten connection, IPv$fam"

	# The listener goes while the last ACK of a handshake is on its way: the
	# request that it left behind is no socket either.
	lab_run play -p 80 listen "run=$(ipt_words "$C" -A OUTPUT -p tcp ! --syn -j DROP)" \
		connect listener:close "run=$(ipt_words "$C" -F OUTPUT)" \
		client:send=10 client:expect=ECONNRESET
	app_got client ECONNRESET "listener closed in a handshake, IPv$fam"
	expect_reset R '.cause == "no-socket" and .type == "passive" and
		.origin == "local" and .rst.seq == .answers.ack' \
		"listener closed in a handshake, IPv$fam"

	for flags in A PA FA SA; do
		port=$((port + 1))
		lab_run play -p 82 --sport $port "stray=$flags,len=5"
		expect_reset R ".cause == \"no-socket\" and
			.answers.seq == $(fact segment seq) and
			.rst.seq == $(fact segment ack)" \
			"stray $flags to a closed port, IPv$fam"
	done
done
settle
finish
