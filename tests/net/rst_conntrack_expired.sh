#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The mapping of a translated connection goes: deleted, flushed or timed out.
# conntrack may not pick up connections in the middle (tcp_loose=0), so the next
# segment is not translated; or it may, and then nothing happens. Without NAT
# the same steps end otherwise.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

delete()	# NS CONNTRACK_ARGS...: a step
{
	local ns=$1

	shift
	echo "run=ip netns exec $ns conntrack $* > /dev/null 2>&1"
}

# The kernel no longer shows what has timed out.
timed_out()	# NS: a step
{
	echo "run=for i in \$(seq 500); do" \
		"ip netns exec $1 conntrack -L -f ipv$fam -p tcp 2> /dev/null | grep -q \$LAB_CPORT ||" \
		"exit 0; sleep 0.02; done; exit 1"
}

# Steps that end the mapping of the current connection to $to.
ways=(deleted flushed "timed out")
way()	# NUMBER
{
	case $1 in
	0) delete "$S" -D -f ipv$fam -p tcp --dport "$to" ;;
	1) delete "$S" -F ;;
	2) timed_out "$S" ;;
	esac
}

expired='.cause == "conntrack-expired" and .type == "passive" and .origin == "local"'

# The client sends once its mapping is gone.
redirected()	# WAY
{
	local desc="mapping ${ways[$1]}, IPv$fam"

	[ "$1" != 2 ] || ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_timeout_established=1
	lab_run play -p 1112 -l 80 open exchange "$(way "$1")" \
		client:send=10 client:expect=ECONNRESET
	app_got client ECONNRESET "$desc"
	expect_reset R "$expired and .answers.dport == 1112" "$desc"
	ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_timeout_established=432000
}

command -v conntrack > /dev/null || skip_all "needs conntrack"
topo2
pick_iptables
for fam in 4 6; do
	redirect "$S" 1112 80
	# Or the client's own table would end first.
	ipt "$C" -t raw -A OUTPUT -p tcp -j CT --notrack
	ipt "$C" -t raw -A PREROUTING -p tcp -j CT --notrack
done
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=0
start_watch "$S" -i eth0
to=1112
for fam in 4 6; do
	for w in 0 1 2; do
		redirected $w
	done
done
settle

# Picked up in the middle, the connection is redirected again.
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=1
start_watch "$S" -i eth0
for fam in 4 6; do
	for w in 0 1; do
		lab_run play -p 1112 -l 80 open exchange "$(way $w)" exchange
		later expect_wire 0 R "$tuple" \
			"mapping ${ways[w]} but conntrack is loose, IPv$fam"
		later expect_events 0 "$tuple" true \
			"mapping ${ways[w]} but conntrack is loose, IPv$fam: no"
	done
done
settle

# No mapping, hence none that could go: the segment still meets its socket, or
# none for another reason.
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=0
start_watch "$S" -i eth0
to=80
for fam in 4 6; do
	for w in 0 1; do
		lab_run play -p 80 open exchange "$(way $w)" exchange
		later expect_wire 0 R "$tuple" "plain entry ${ways[w]}, IPv$fam"
		later expect_events 0 "$tuple" true "plain entry ${ways[w]}, IPv$fam: no"

		lab_run play -p 80 open exchange listener:close "$(way $w)" \
			server:silent-close client:send=10 client:expect=ECONNRESET
		expect_reset R '.cause == "no-socket"' \
			"plain entry ${ways[w]} and no socket, IPv$fam"
		lab_run play -p 80 open exchange "$(way $w)" server:silent-close \
			client:send=10 client:expect=ECONNRESET
		expect_reset R '.cause == "listener-stray"' \
			"plain entry ${ways[w]} and a listener, IPv$fam"
	done
done
settle
finish
