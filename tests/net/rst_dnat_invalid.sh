#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# conntrack calls a segment of a redirected connection INVALID, does not
# translate it, and no socket knows the port it was sent to. Where its ACK
# number is right, the answer kills a healthy connection.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# What every such event says of the last crafted segment; why is a pattern for
# conntrack's own words, which the tracepoint view cannot have. Of flags that make
# no sense it speaks without naming the connection, in another function.
invalid()	# WHY|-
{
	local told="(.confidence == \"certain\" and (.kernel.view == \"tracepoint\" or
		(.kernel.conntrack.why // \"\" | test(\"$1\"))))"

	[ "$1" != - ] || told='(.confidence | IN("certain", "likely"))'
	# shellcheck disable=SC2028 # the backslashes are for jq
	echo ".cause == \"dnat-invalid\" and $told and
		.type == \"passive\" and .origin == \"local\" and
		.rst.sport == 1112 and .answers.dport == 1112 and
		.answers.seq == $(fact segment seq) and
		.kernel.conntrack.state == \"INVALID\" and
		.kernel.conntrack.orig.dport == 1112 and
		.kernel.conntrack.reply.sport == 80 and
		(.evidence | join(\" \") | test(\"\\\\b1112\\\\b\") and
			test(\"\\\\b80\\\\b\"))"
}

# The segment's ACK number is not what the client awaits: its connection lives.
harmless()	# SEGMENT WHY DESC
{
	lab_run play -p 1112 -l 80 open exchange client:segment="$1" exchange
	expect_reset R "$(invalid "$2")" "$3, IPv$fam"
}

# conntrack of 5.10 refuses what later kernels ignore and translate; then the
# server answers with an ACK and there is nothing to tell.
refused_by_old()	# SEGMENT WHY DESC
{
	lab_run play -p 1112 -l 80 open exchange client:segment="$1" exchange
	later expect_told_if_reset "$tuple" "$(invalid "$2")" "$3, IPv$fam"
}

# shellcheck disable=SC2317 # called by settle
expect_told_if_reset()	# TUPLE FILTER DESC
{
	local n

	n=$(wire_count "$1")
	expect_wire "$n" R "$1" "$3"
	expect_events "$n" "$1" "$2" "$3: $n"
}

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run dnat-invalid -p 1112 -l 80
	app_got client ECONNRESET "sequence number above the window, IPv$fam"
	expect_reset R "$(invalid 'SEQ is over')" \
		"sequence number above the window, IPv$fam"

	harmless PA,ack=+3000000,len=10 "ACK is over" "ACK of what was never sent"
	lab_run play -p 1112 -l 80 open exchange client:segment=SA \
		client:expect=ECONNRESET
	expect_reset R "$(invalid 'invalid')" "SYN ACK in the middle, IPv$fam"

	lab_run play -p 1112 -l 80 open exchange client:segment=SFA,len=5 \
		client:expect=ECONNRESET
	expect_reset R "$(invalid -)" "SYN FIN ACK, IPv$fam"

	refused_by_old PA,seq=-3000000,ack=-3000000,len=10 "SEQ is under" \
		"sequence number below the window"
	refused_by_old PA,ack=-3000000,len=10 "ACK (is )?under" \
		"ACK far below the window"
done
settle
finish
