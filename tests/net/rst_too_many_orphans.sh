#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# More sockets wait without a process than tcp_max_orphans allows: at close(),
# and when an orphan retransmits. The limit belongs to the whole machine; below
# zero even the first orphan is one too many, however a kernel counts them.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

need_vm
max=$(< /proc/sys/net/ipv4/tcp_max_orphans)
at_exit "echo $max > /proc/sys/net/ipv4/tcp_max_orphans"
low='run=echo -1 > /proc/sys/net/ipv4/tcp_max_orphans'
high="run=echo $max > /proc/sys/net/ipv4/tcp_max_orphans"

topo2
pick_iptables
start_watch "$S" -i eth0
for fam in 4 6; do
	# The client may read the FIN before the RST.
	lab_run play -p 80 open exchange "$low" server:close "run=$(wire_has 80)" "$high"
	expect_reset RA '.cause == "too-many-orphans" and .type == "active" and
		.origin == "local" and .rst.sport == 80' \
		"too many orphans at close(), IPv$fam"

	# What resets is the timer of the orphan.
	deaf="run=$(ipt_words "$C" -A INPUT -p tcp --sport 80 -j DROP)"
	heard="run=$(ipt_words "$C" -F INPUT)"
	lab_run play -p 80 open exchange "$deaf" server:send=10 server:close \
		"$low" "run=$(wire_has 80)" "$high" "$heard"
	expect_reset RA '.cause == "too-many-orphans" and .type == "active" and
		.origin == "local"' "too many orphans when one retransmits, IPv$fam"

	# The same limit, but other reasons come first.
	lab_run play -p 80 open exchange server:linger=0 "$low" server:close \
		"$high" client:expect=ECONNRESET
	expect_reset RA '.cause == "linger-zero"' \
		"too many orphans, but linger 0, IPv$fam"
	lab_run play -p 80 open exchange client:send=10 server:unread=10 \
		"$low" server:close "$high" client:expect=ECONNRESET
	expect_reset RA '.cause == "unread-data"' \
		"too many orphans, but unread data, IPv$fam"

	# Whoever closes last leaves no orphan... that sends more than one FIN.
	lab_run play -p 80 open exchange "$low" server:shutdown \
		client:expect=EOF client:close server:expect=EOF server:close "$high"
	later expect_wire 0 RA "$tuple" "too many orphans, but closed in order, IPv$fam"
	later expect_events 0 "$tuple" true \
		"too many orphans, but closed in order, IPv$fam: no"
done
settle
finish
