#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak_attach.sh - watches that attach in every way and are killed at random moments, beside an agent that does
# the same with its own qdisc and filters: at the end nothing of ours is left, and nothing of his was touched.
#
# ROUNDS=500 SEED=1 tests/net/run.sh soak_attach, or `make soak-attach`; the same seed makes the same choices,
# though not the same races.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

rounds=${ROUNDS:-12}
RANDOM=${SEED:-1}
have_rstscope || skip_all "rstscope is not built"
need_root
name_namespaces
make_ns "$S"
ip -n "$S" link add v0 type veth peer name v1
ip -n "$S" link set v0 up
ip -n "$S" link set v1 up

# The agent's: on v1 for ever, on v0 as it pleases.
tc -n "$S" qdisc add dev v1 clsact
tc -n "$S" filter add dev v1 ingress pref 1 protocol all bpf da bytecode '1,6 0 0 4294967295'
tc -n "$S" filter add dev v1 egress pref 9 protocol all bpf da bytecode '1,6 0 0 4294967295'

filters_of()	# IF: without what changes by itself, and without ours
{
	tc -n "$S" qdisc show dev "$1" clsact
	for dir in ingress egress; do
		tc -n "$S" filter show dev "$1" $dir | grep -v ' rstscope ' | grep 'bpf.*handle' || :
	done
}

ours()	# what a watch may leave
{
	for dir in ingress egress; do
		tc -n "$S" filter show dev v0 $dir
		tc -n "$S" filter show dev v1 $dir
	done | grep ' rstscope ' || :
	ip -n "$S" -d link show | grep 'prog/xdp' || :
}

notes()
{
	find /run/rstscope -name "watch.$(in_ns "$S" stat -Lc %i /proc/self/ns/net).*" 2> /dev/null || :
}

# The kernel may refuse, where ours or none is there: what the agent has is what it believes to have.
agent_turn()
{
	case $((RANDOM % 5)) in
	0) tc -n "$S" qdisc add dev v0 clsact ;;
	1) tc -n "$S" qdisc del dev v0 clsact ;;
	2) tc -n "$S" filter replace dev v0 ingress pref 1 handle 1 protocol all bpf da bytecode '1,6 0 0 4294967295' ;;
	3) tc -n "$S" filter replace dev v0 egress pref 7 handle 1 protocol all bpf da bytecode '1,6 0 0 4294967295' ;;
	4) tc -n "$S" filter del dev v0 ingress pref 1 ;;
	esac 2> /dev/null || :
}

ways=(clsact clsact tcx xdp)

start_one()	# WAY
{
	local args=(watch --netns "$S" -i v0 --view none --ready-file "$work/ready")

	case $1 in
	clsact) exec "$LAB" no-links "$RSTSCOPE" "${args[@]}" ;;
	tcx) exec "$RSTSCOPE" "${args[@]}" ;;
	xdp) exec "$RSTSCOPE" "${args[@]}" --xdp ;;
	esac
}

before=$(filters_of v1)
killed=0 by_itself=0 left=0
for ((i = 0; i < rounds; i++)); do
	way=${ways[RANDOM % 4]}
	rm -f "$work/ready"
	start_one "$way" > /dev/null 2> "$work/one" &
	pid=$!
	at_exit "kill_child $pid"
	# Half of them while they attach, half of them while they look after what they have attached.
	[ $((RANDOM % 2)) -eq 0 ] || wait_for 60 ended_or_exists $pid "$work/ready" || :
	end=$((RANDOM % 8))
	for ((j = 0; j <= end; j++)); do
		agent_turn
		# A moment, of random length: nothing is waited for.
		sleep "0.0$((RANDOM % 10))"
	done
	if kill -KILL $pid 2> /dev/null; then killed=$((killed + 1)); else by_itself=$((by_itself + 1)); fi
	wait $pid 2> /dev/null || :
	[ -z "$(ours)" ] || left=$((left + 1))
done 2> /dev/null
agents=$(filters_of v0 | grep -c 'bpf.*handle') || :

"$RSTSCOPE" watch --netns "$S" -i v0 --view none --duration 0.1 > /dev/null 2> "$work/last"
note "$rounds rounds: $killed killed, $by_itself had ended, $left left something attached"
check "most of the watches are killed" [ "$killed" -gt $((rounds / 2)) ]
check "after the next start nothing of ours is left" [ -z "$(ours)" ]
[ -z "$(ours)" ] || note "$(ours)"
check "... and no notes" [ -z "$(notes)" ]
check "what the agent had on another interface is untouched" [ "$before" = "$(filters_of v1)" ]
check "... and its filters on the same one" [ "$(filters_of v0 | grep -c 'bpf.*handle' || :)" = "$agents" ]
finish
