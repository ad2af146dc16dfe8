#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Full queues of a listener, where nobody asked for resets: SYNs and last ACKs
# are dropped and come again. There is no reset, and nothing to tell.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

full_drops()
{
	in_ns "$S" nstat -asz TcpExtTCPReqQFullDrop | awk 'END { print int($2) }'
}

topo2
pick_iptables
ns_sysctl "$S" net.ipv4.tcp_syncookies=0
start_watch "$S" -i eth0
for fam in 4 6; do
	# Requests that nobody completes: the client's kernel must not refuse them.
	ipt "$C" -A INPUT -p tcp --sport 80 -j DROP
	syns=() before=$(full_drops)
	for ((i = 1; i <= 20; i++)); do
		syns+=("stray=S,ack=0,sport=$((46000 + i))")
	done
	lab_run play -p 80 listen=2 "${syns[@]}"
	check "20 SYNs overflow a queue of 2, IPv$fam" \
		[ "$(full_drops)" -gt "$before" ]
	ipt "$C" -F INPUT

	# The last ACK of the first handshake is late, until the queue is full.
	lab_run play -p 81 --sport 45000 \
		"run=$(ipt_words "$C" -A OUTPUT -p tcp --sport 45000 ! --syn -j DROP)" \
		listen=2 connect sport=0 pair=1 connect pair=2 connect pair=3 connect \
		backlog=3 "run=$(ipt_words "$C" -F OUTPUT)" pair=0 client:send=10 \
		pair=1 accept pair=2 accept pair=3 accept pair=0 accept server:recv=10
	check "the accept queue overflows and recovers, IPv$fam" [ "$result" -eq 0 ]
done
settle
expect_no_wire "full queues"
expect_none true "full queues: no event"
finish
