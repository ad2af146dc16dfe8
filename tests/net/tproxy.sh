#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TPROXY gives segments to a listener of another port and, for a routed
# connection, of another address. Nothing is translated, so neither NAT nor
# early demux has part in a reset.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# Where the proxy listens; the connections go to port 1112 of any address.
tproxy()
{
	local any=0.0.0.0/0

	[ $fam = 4 ] || any=::/0
	ip -n "$S" -$fam rule add fwmark 1 lookup 100
	ip -n "$S" -$fam route add local $any dev lo table 100
	ipt "$S" -t mangle -A PREROUTING -p tcp --dport 1112 \
		-j TPROXY --on-port 80 --tproxy-mark 1
}

topo2
fam=4
modprobe -qa xt_TPROXY 2> /dev/null || :
tproxy 2> /dev/null || skip_all "no TPROXY"
fam=6
tproxy
ip -n "$C" route add 10.0.7.0/24 via $S4
ip -n "$C" -6 route add fd00:7::/64 via $S6
start_watch "$S" -i eth0
port=45000
for fam in 4 6; do
	far=10.0.7.7
	[ $fam = 4 ] || far=fd00:7::7
	for to in "$(addr_of S)" $far; do
		proxy=(-a "$to" -p 1112 -l 80)
		lab_run play "${proxy[@]}" listen listener:transparent open exchange \
			server:linger=0 server:close client:expect=ECONNRESET
		app_got client ECONNRESET "linger 0 behind TPROXY, $to"
		expect_reset RA '.cause == "linger-zero" and .rst.sport == 1112' \
			"linger 0 behind TPROXY, $to"

		lab_run play "${proxy[@]}" listen listener:transparent open \
			client:send=10 server:unread=10 server:close \
			client:expect=ECONNRESET
		expect_reset RA '.cause == "unread-data"' "unread data behind TPROXY, $to"

		# The listener's port is not the segment's.
		port=$((port + 1))
		lab_run play "${proxy[@]}" --sport $port listen listener:transparent \
			stray=PA,len=5
		expect_reset R '.cause == "listener-stray" and .rst.sport == 1112' \
			"stray for the listener behind TPROXY, $to"
	done
done
settle
finish
