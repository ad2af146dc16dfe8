#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Resets on a VLAN, watched on the interface below it, which sees the tag: kept
# beside the packet by the kernel, or within the packet.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

vlan()	# NS V4 V6 PEER4 PEER6 PEERMAC REORDER
{
	ip -n "$1" link add link eth0 name eth0.5 type vlan id 5 \
		reorder_hdr "$7" 2> /dev/null || return 1
	cable_end "$1" eth0.5 "$2" "$3" "$4" "$5" "$6"
}

topo2
C4=10.0.5.11 C6=fd00:5::11 S4=10.0.5.1 S6=fd00:5::1
for reorder in on off; do
	if ! vlan "$C" $C4 $C6 $S4 $S6 02:00:00:00:02:01 on ||
	   ! vlan "$S" $S4 $S6 $C4 $C6 02:00:00:00:02:11 $reorder; then
		skip "VLAN, reorder_hdr $reorder" "no VLAN interfaces here"
		continue
	fi
	start_watch "$S" -i eth0
	for fam in 4 6; do
		lab_run linger-zero -p 80
		expect_reset RA '.cause == "linger-zero" and .origin == "local"' \
			"linger 0 on a VLAN, reorder_hdr $reorder, IPv$fam"
		lab_run closed-port -p 81
		expect_reset RA '.cause == "closed-port" and
			.answers.seq + 1 == .rst.ack' \
			"closed port on a VLAN, reorder_hdr $reorder, IPv$fam"
	done
	settle
	ip -n "$C" link del eth0.5
	ip -n "$S" link del eth0.5
done
finish
