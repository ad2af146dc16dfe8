#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCP holds more memory than tcp_mem allows: at close() of a socket that still
# has much to send, and when such an orphan retransmits. The limit belongs to
# the whole machine.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

need_vm
mem=$(tr '\t' ' ' < /proc/sys/net/ipv4/tcp_mem)
at_exit "echo $mem > /proc/sys/net/ipv4/tcp_mem"
low='run=echo 1 1 1 > /proc/sys/net/ipv4/tcp_mem'
high="run=echo $mem > /proc/sys/net/ipv4/tcp_mem"

topo2
pick_iptables
# Kernels from 6.0 on leave up to 1 MB on each CPU out of the count.
ns_sysctl "$S" net.ipv4.tcp_wmem="4096 8000000 8000000"
start_watch "$S" -i eth0
for fam in 4 6; do
	# The client does not hear the data, so all of it stays in the queue.
	deaf="run=$(ipt_words "$C" -A INPUT -p tcp --sport 80 -j DROP)"
	heard="run=$(ipt_words "$C" -F INPUT)"

	lab_run play -p 80 open exchange "$deaf" server:send=4000000 \
		"$low" server:close "$high" "$heard"
	expect_reset RA '.cause == "out-of-memory" and .type == "active" and
		.origin == "local" and .rst.sport == 80' \
		"tcp_mem exceeded at close(), IPv$fam"

	# What resets is the timer of the orphan.
	lab_run play -p 80 open exchange "$deaf" server:send=4000000 \
		server:close "$low" "run=$(wire_has 80)" "$high" "$heard"
	expect_reset RA '.cause == "out-of-memory" and .type == "active" and
		.origin == "local"' "tcp_mem exceeded when an orphan retransmits, IPv$fam"

	# The same lack of memory, but other reasons come first.
	lab_run play -p 80 open exchange "$deaf" server:send=4000000 \
		server:linger=0 "$low" server:close "$high" "$heard"
	expect_reset RA '.cause == "linger-zero"' \
		"tcp_mem exceeded, but linger 0, IPv$fam"
	lab_run play -p 80 open exchange client:send=10 server:unread=10 \
		"$deaf" server:send=4000000 "$low" server:close "$high" "$heard"
	expect_reset RA '.cause == "unread-data"' \
		"tcp_mem exceeded, but unread data, IPv$fam"

	# Nothing to send: the limit does not matter.
	lab_run play -p 80 open exchange "$low" server:close client:expect=EOF \
		client:close "$high"
	later expect_wire 0 RA "$tuple" "tcp_mem exceeded, nothing queued, IPv$fam"
	later expect_events 0 "$tuple" true \
		"tcp_mem exceeded, nothing queued, IPv$fam: no"
done
settle
finish
