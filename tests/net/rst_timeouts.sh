#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Probes of an idle connection stay unanswered: keepalive, and the user timeout
# while probing. A retransmission timeout, though, sends no reset.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# Steps that make the client deaf, as if its cable were cut.
deaf()
{
	echo "run=$(ipt_words "$C" -A INPUT -p tcp --sport 80 -j DROP)"
}

topo2
pick_iptables
trace_timers
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 open exchange server:keepalive=1 "$(deaf)" \
		server:expect=ETIMEDOUT
	ipt "$C" -F INPUT
	expect_timer_reset RA '.cause == "keepalive-timeout" and .type == "active" and
		.origin == "local"' "keepalive, IPv$fam"

	lab_run play -p 80 open exchange server:keepalive=1 \
		server:user-timeout=1500 "$(deaf)" server:expect=ETIMEDOUT
	ipt "$C" -F INPUT
	expect_timer_reset RA '.cause == "user-timeout" and .type == "active" and
		.origin == "local"' "user timeout while probing, IPv$fam"

	lab_run play -p 80 open exchange server:user-timeout=500 "$(deaf)" \
		server:send=10 server:expect=ETIMEDOUT
	ipt "$C" -F INPUT
	later expect_wire 0 RA "$tuple" "user timeout with data, IPv$fam"
	later expect_events 0 "$tuple" true "user timeout with data, IPv$fam: no"
done
settle
finish
