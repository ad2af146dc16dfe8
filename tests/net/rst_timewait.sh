#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A FIN with a wrong number, or a new SYN, meets the mini-socket of a connection
# whose peer has not closed yet. Once both have, nothing is reset any more.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

half_closed=(open exchange server:close client:expect=EOF client:ack)

# Both have closed: the remnant answers with an ACK. The client's end is no more,
# so its kernel must not hear that.
no_reset()	# STRAY DESC
{
	lab_run play -p 80 isn=1000000 open exchange server:close \
		client:expect=EOF client:close \
		"run=$(ipt_words "$C" -A INPUT -p tcp --sport 80 -j DROP)" "stray=$1"
	ipt "$C" -F INPUT
	later expect_wire 0 R "$tuple" "$2 in TIME_WAIT, IPv$fam"
	later expect_events 0 "$tuple" true "$2 in TIME_WAIT, IPv$fam: no"
}

topo2
pick_iptables
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 "${half_closed[@]}" client:segment=FA,seq=+10 \
		client:state=CLOSE
	expect_reset R '.cause == "timewait" and .type == "passive" and
		.origin == "local" and .rst.seq == .answers.ack' \
		"wrong FIN for a mini-socket, IPv$fam"

	lab_run play -p 80 "${half_closed[@]}" client:segment=S,seq=+10,ack=0
	expect_reset RA '.cause == "timewait" and .type == "passive" and
		.origin == "local" and .rst.ack == .answers.seq + 1' \
		"SYN for a mini-socket, IPv$fam"

	lab_run play -p 80 "${half_closed[@]}" client:segment=FA,seq=+10,len=5 \
		client:state=CLOSE
	expect_reset R '.cause == "data-after-close" and .type == "passive" and
		.origin == "local"' "data with a FIN for a mini-socket, IPv$fam"

	# The client's FIN was number 1000011.
	no_reset PA,seq=1000012,len=5 data
	no_reset FA,seq=1000020 "wrong FIN"
	no_reset S,seq=900000,ack=0 "old SYN"
done
settle
finish
