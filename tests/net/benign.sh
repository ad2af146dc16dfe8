#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Short connections through a redirect that all end well: closed in every order, from source ports
# that were used a moment ago (the SYN meets the TIME_WAIT socket), and by SYN cookies.
#
# On one CPU no packet overtakes another: no reset, and no event.
#
# On several, the server's ACK of the client's FIN may be overtaken by the
# server's own FIN. The client, already in TIME_WAIT, answers that old ACK with
# a second last ACK, which meets only the listener and is reset (seen 2 to 8
# times in 100 000 connections on 6.18; no application notices). Then there
# are as many events as resets, no more, and each is a stray of the listener.
# A cookie makes such an ACK another connection, so cookies are for one CPU.
#
# STORM: how many connections in all (20000).

# check() calls functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

count=$((${STORM:-20000} / 10))

storm()	# DESC ARGS...
{
	local desc=$1

	shift
	lab_run storm -p 1112 -l 80 -n "$count" -w 16 -t 600 "$@"
	check "$count connections end well, $desc" [ "$result" -eq 0 ]
	note "$(cat "$said" "$said.err")"
}

cookies_came_back()
{
	# A line of names, then a line of numbers.
	# shellcheck disable=SC2016 # they are awk's
	in_ns "$S" awk '$1 == "TcpExt:" {
		for (i = 2; i <= NF; i++)
			if (!names) name[i] = $i
			else if (name[i] == "SyncookiesRecv") found = $i > 0
		names = 1 }
		END { exit !found }' /proc/net/netstat
}

remnants_are_left()
{
	[ -n "$(in_ns "$S" ss -Htn state time-wait dport ge 20000 and dport lt 20256)" ]
}

# Of each kind one storm; a cookie is sent for every SYN when the sysctl is 2.
storms()	# WHERE ARGS...
{
	local where=$1

	shift
	for fam in 4 6; do
		storm "every order, $where, IPv$fam" "$@"
		storm "the same ports again, $where, IPv$fam" --sport 20000 "$@"
		check "TIME_WAIT sockets of these ports, $where, IPv$fam" remnants_are_left
		[ "$where" = "one CPU" ] || continue
		ns_sysctl "$S" net.ipv4.tcp_syncookies=2
		storm "SYN cookies, $where, IPv$fam" "$@"
		check "cookies came back, $where, IPv$fam" cookies_came_back
		ns_sysctl "$S" net.ipv4.tcp_syncookies=1
	done
}

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
start_watch "$S" -i eth0
storms "one CPU" --one-cpu
settle
expect_no_wire "one CPU"
expect_none true "one CPU: no event"

start_watch "$S" -i eth0
storms "all CPUs"
settle
resets=$(wc -l < "$wire")
note "$resets resets on the wire"
check "all CPUs: hardly a reset" [ "$resets" -le $((10 + ${STORM:-20000} / 5000)) ]
if [ -n "$no_events" ]; then
	skip "all CPUs: an event for each reset" "$no_events"
else
	check "all CPUs: an event for each reset" [ "$(event_count)" -eq "$resets" ]
	expect_none '.cause | IN("listener-stray", "no-socket", "remote") | not' \
		"all CPUs: such a reset is a stray, ours or the client's"
fi
finish
