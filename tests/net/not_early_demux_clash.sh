#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A port is used again, a socket's port is not the segment's, a SYN meets a live
# connection: each is part of an early demux clash, but without NAT between the
# look-ups it is none. No SYN is said to stall either.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

not_told='(.kind // "reset") == "reset" and .cause != "early-demux-clash"'

# The same tuple twice, with and without a redirect that treats both alike.
same_port()	# DIRECT_OR_REDIRECTED_PORT
{
	local to="to port $1, IPv$fam"

	# The server still has the first: a challenge ACK, which the client resets.
	lab_run play -p "$1" -l 80 --sport $((fam * 1000 + $1)) open exchange \
		client:silent-close pair=1 connect accept
	expect_reset R ".cause == \"remote\" and $not_told" "stale connection, $to"

	# The server's remnant of the first refuses a SYN with a lower number.
	lab_run play -p "$1" -l 80 --sport $((fam * 1000 + $1 + 1)) isn=5000000 \
		open exchange server:close client:expect=EOF client:close \
		isn=1000000 pair=1 connect accept
	expect_reset R ".cause == \"remote\" and $not_told" "TIME_WAIT, $to"

	# A SYN for a live connection: a challenge ACK that the client ignores.
	lab_run play -p "$1" -l 80 --sport $((fam * 1000 + $1 + 2)) open exchange \
		server:mark client:segment=S,ack=0 server:hear exchange
	later expect_wire 0 R "$tuple" "SYN for a live connection, $to"
	later expect_events 0 "$tuple" true "SYN for a live connection, $to: no"
}

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
# The sequence number alone decides what TIME_WAIT accepts.
ns_sysctl "$C" net.ipv4.tcp_timestamps=0
ns_sysctl "$S" net.ipv4.tcp_timestamps=0
start_watch "$S" -i eth0
for fam in 4 6; do
	same_port 80
	same_port 1112
done
settle
finish
