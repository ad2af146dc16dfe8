#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# BPF programs of others turn SYNs into the RSTs that refuse them: on arrival at the server, before they
# leave the client, and by XDP, whose answers no tc program sees. Beside it, TCP's own resets.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

object=$root_dir/build/bpf/turn.bpf.o
[ -e "$object" ] || skip_all "$object is not built"

turn_on()	# NS ingress|egress SECTION
{
	in_ns "$1" tc qdisc replace dev eth0 clsact
	in_ns "$1" tc filter add dev eth0 "$2" prio 50 bpf da obj "$object" sec "$3" > "$work/tc" 2>&1 ||
		skip_all "tc does not load the test's program: $(tail -n 1 "$work/tc")"
}

topo2
turn_on "$S" ingress tc/arrival
turn_on "$C" egress tc/departure
by_program='.cause == "bpf-program" and .confidence == "certain" and .origin == "local" and
	(.evidence | any(test("filter .turn")))'
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 91 connect=ECONNREFUSED
	app_got client ECONNREFUSED "turned on arrival, IPv$fam"
	expect_reset RA "$by_program" "turned on arrival, IPv$fam"
	lab_run closed-port -p 81
	expect_reset RA '.cause | IN("closed-port", "unknown")' "a closed port, IPv$fam"
	lab_run linger-zero -p 82
	expect_reset RA '.cause == "linger-zero"' "SO_LINGER, IPv$fam"
done
settle

start_watch "$C" -i eth0
for fam in 4 6; do
	lab_run play -p 92 connect=ECONNREFUSED
	app_got client ECONNREFUSED "turned before it leaves, IPv$fam"
	expect_reset RA "$by_program" "turned before it leaves, IPv$fam"
	lab_run closed-port -p 81
	expect_reset RA '.cause == "remote"' "the server's closed port, IPv$fam"
done
settle

if in_ns "$S" ip link set dev eth0 xdpgeneric obj "$object" sec xdp > "$work/xdp" 2>&1; then
	start_watch "$S" -i eth0
	for fam in 4 6; do
		lab_run play -p 93 connect=ECONNREFUSED
		app_got client ECONNREFUSED "by XDP_TX, IPv$fam"
		lab_run closed-port -p 81
		expect_reset RA '.cause | IN("closed-port", "unknown")' "a closed port behind XDP, IPv$fam"
	done
	settle
	expect_none '.rst.sport == 93' "what XDP answers is not seen"
else
	skip "an answer of XDP" "$(tail -n 1 "$work/xdp")"
fi
finish
