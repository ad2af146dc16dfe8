#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two connections from one port of the client: one to port 80 of the server, and
# one to a port that is redirected to 80. Kernels before 6.7 hand the SYN of the
# second to the socket of the first, because early demux looks before NAT is
# finished. What follows depends on the first connection:
#   alive        no reset; the handshake of the second stalls
#   stale        the client forgot it, and resets what the server answers
#   TIME_WAIT    the answer comes to the second's own socket, in SYN_SENT
# Fixed kernels just connect. Each in both orders, seen by the server and by the
# client.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

stalls=0

# lab_run with the two ports in use; each shape needs a port of its own.
two()	# STEP...
{
	port=$((port + 1))
	lab_run play -p "$first" -l 80 --sport "$port" "$@"
}

# shellcheck disable=SC2317 # called by wait_for
stalls_told()
{
	[ "$(grep -c '"stall"' "$events")" -ge "$stalls" ]
}

alive()	# DESC
{
	local desc="$1, first alive, IPv$fam" then=(server:hear pair=1 client:state=SYN_SENT)

	[ -z "$fixed" ] || then=(pair=1 client:state=ESTABLISHED accept)
	two open exchange server:mark \
		pair=1 port="$second" connect-start pair=0 "${then[@]}"
	# The reset that would tell is what does not come.
	later expect_wire 0 R "$tuple" "$desc"
	tuple=$(last_tuple)
	later expect_wire 0 R "$tuple" "$desc, second"
	if [ -n "$fixed" ] || [ "$at" = client ]; then
		later expect_events 0 "$tuple" true "$desc, at the $at: no"
		return
	fi
	later each_watch stall_is_told early-demux-clash "$fam" "$tuple" '.kind == "stall" and
		.rst == null and .cause == "early-demux-clash" and .answers.flags == "SYN"' "$desc"
	stalls=$((stalls + 1))
	[ -n "$no_events" ] || wait_for 5 stalls_told || :
}

# What the two ends say of a reset that the client makes.
told()	# CLIENTS_CAUSE
{
	if [ "$at" = server ]; then
		echo '.cause == "early-demux-clash" and .origin == "remote"'
	else
		echo ".cause == \"$1\" and .origin == \"local\" and
			(.candidates | index(\"early-demux-clash\"))"
	fi
}

clash()	# TUPLE CLIENTS_CAUSE DESC
{
	tuple=$1
	if [ -n "$fixed" ]; then
		later expect_wire 0 R "$tuple" "$3, fixed kernel"
		later expect_events 0 "$tuple" true "$3, fixed kernel, at the $at: no"
	else
		expect_reset R "$(told "$2")" "$3, at the $at"
	fi
}

stale()	# DESC
{
	two open exchange \
		client:silent-close pair=1 port="$second" connect accept
	app_got client connected "$1, first stale, IPv$fam"
	clash "$tuple" no-socket "$1, first stale, IPv$fam"
}

# Without timestamps the sequence number alone decides whether a SYN may take
# the place of a connection in TIME_WAIT: a lower one may not.
timewait()	# DESC
{
	two isn=5000000 open exchange \
		server:close client:expect=EOF client:close isn=1000000 \
		pair=1 port="$second" connect accept
	app_got client connected "$1, first in TIME_WAIT, IPv$fam"
	clash "$(last_tuple)" syn-sent-bad-ack "$1, first in TIME_WAIT, IPv$fam"
}

# A higher one takes it over: nothing to see, on any kernel.
timewait_reused()	# DESC
{
	two isn=1000000 open exchange \
		server:close client:expect=EOF client:close isn=5000000 \
		pair=1 port="$second" connect accept
	tuple=$(last_tuple)
	later expect_wire 0 R "$tuple" "$1, TIME_WAIT taken over, IPv$fam"
	later expect_events 0 "$tuple" true "$1, TIME_WAIT taken over, IPv$fam: no"
}

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
# The fix of 6.7 came with this function.
fixed=$(grep -m 1 -w nf_nat_ipv6_local_in /proc/kallsyms) || :
note "${fixed:-a kernel without the fix}"
[ -z "$fixed" ] || [ -z "$TIERS" ] || cannot_happen "the kernel repeats the socket lookup after NAT"
ns_sysctl "$C" net.ipv4.tcp_timestamps=0
ns_sysctl "$S" net.ipv4.tcp_timestamps=0
port=45000
for at in server client; do
	ns=$S
	[ $at = server ] || ns=$C
	start_watch "$ns" -i eth0
	stalls=0
	for fam in 4 6; do
		for order in "80 1112 direct" "1112 80 redirected"; do
			read -r first second name <<< "$order"
			alive "$name connection first"
			stale "$name connection first"
			timewait "$name connection first"
			timewait_reused "$name connection first"
		done
	done
	settle
done
finish
