#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gateway forgets a connection that it masquerades, and may not pick it up in
# the middle. What the server sends ends at the gateway, which resets it; what
# the client sends leaves with its own address, and the server resets that.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

command -v conntrack > /dev/null || skip_all "needs conntrack"

forget()
{
	echo "run=ip netns exec $G conntrack -D -f ipv$fam -p tcp --dport 80 > /dev/null 2>&1"
}

masquerade()	# A|D
{
	ipt "$G" -t nat "-$1" POSTROUTING -o eth2 -p tcp -j MASQUERADE
}

# Of the connection as the server sees it.
server_tuple()
{
	sed -n 's/^server-tuple //p' "$said"
}

topo3
for fam in 4 6; do
	masquerade A
done
ns_sysctl "$G" net.netfilter.nf_conntrack_tcp_loose=0
start_watch "$G" -i eth2 -i eth1
for fam in 4 6; do
	lab_run play -p 80 open exchange "$(forget)" server:send=10 \
		server:expect=ECONNRESET
	app_got server ECONNRESET "server sends, IPv$fam"
	tuple=$(server_tuple)
	expect_reset R '.cause == "conntrack-expired" and .origin == "local" and
		.type == "passive"' "server sends, IPv$fam"

	lab_run play -p 80 open exchange "$(forget)" client:send=10 \
		client:expect=ECONNRESET
	app_got client ECONNRESET "client sends, IPv$fam"
	expect_reset R '.cause == "conntrack-expired" and .origin == "forwarded"' \
		"client sends, IPv$fam"
done
settle

# Where it may, it picks the connection up as one of its own when the server speaks first.
ns_sysctl "$G" net.netfilter.nf_conntrack_tcp_loose=1
start_watch "$G" -i eth2 -i eth1
for fam in 4 6; do
	lab_run play -p 80 open exchange "$(forget)" server:send=10 \
		server:expect=ECONNRESET
	app_got server ECONNRESET "server sends, loose, IPv$fam"
	tuple=$(server_tuple)
	expect_reset R '.cause == "conntrack-expired" and .origin == "local" and
		.confidence == "certain" and
		(.evidence | all(test("no NAT (rules|mapping)|any NAT had been") | not))' \
		"server sends, loose, IPv$fam"
done
settle
start_watch "$G" -i eth1
for fam in 4 6; do
	lab_run play -a "$(addr_of V)" -p 82 stray=PA,len=5
	expect_reset R '.cause == "no-socket" and .confidence == "certain"' \
		"loose, stray for the gateway, IPv$fam"
done
settle
ns_sysctl "$G" net.netfilter.nf_conntrack_tcp_loose=0

# Without NAT the entry's end changes nothing: what is not tracked is routed.
for fam in 4 6; do
	masquerade D
	conntrack_on "$G"
done
start_watch "$G" -i eth1 -i eth2
for fam in 4 6; do
	lab_run play -p 80 open exchange "$(forget)" exchange
	later expect_wire 0 R "$tuple" "no NAT, both send, IPv$fam"
	later expect_events 0 "$tuple" true "no NAT, both send, IPv$fam: no"

	lab_run play -p 80 open exchange "$(forget)" server:silent-close \
		client:send=10 client:expect=ECONNRESET
	expect_reset R '.cause == "forwarded" and .origin == "forwarded"' \
		"no NAT, and the server has forgotten it too, IPv$fam"

	# A stray for the gateway itself, INVALID because nothing is picked up.
	lab_run play -a "$(addr_of V)" -p 82 stray=PA,len=5
	expect_reset R '.cause == "no-socket"' \
		"no NAT, stray for the gateway, IPv$fam"
done
settle
finish
