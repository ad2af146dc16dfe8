#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak_attach.sh - watches that attach in every way and are killed at random moments, beside an agent that does
# the same with its own qdisc and filters: at the end nothing of ours is left, and nothing of his was touched.
#
# ROUNDS=500 SEED=1 tests/net/run.sh soak_attach, or `make soak-attach`; the same seed makes the same choices,
# though not the same races. With WIDE=1, as `make soak-attach` has it, `attach`, `detach` and `watch --attached` are
# killed, too, and the agent also has tcx and XDP programs.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

rounds=${ROUNDS:-12}
RANDOM=${SEED:-1}
wide=${WIDE-}
have_rstscope || skip_all "rstscope is not built"
need_root
if [ -n "$wide" ]; then
	# A mount namespace of its own, for a bpffs of its own.
	[ "${1-}" = inside ] || exec unshare -m --propagation private "$BASH" "$0" inside
	while umount /sys/fs/bpf 2> /dev/null; do :; done
	mount -t bpf bpffs /sys/fs/bpf || skip_all "cannot mount a bpffs"
fi
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
	ip -n "$S" -d link show | grep 'prog/xdp' | grep -v other_tcx || :
}

notes()
{
	find /run/rstscope -name "watch.$(in_ns "$S" stat -Lc %i /proc/self/ns/net).*" 2> /dev/null || :
}

# A program of the agent's on v0, as long as its process lives.
holders=() files=()

hold()	# ingress|egress|xdp before|after
{
	local file=$work/holder.$((++holds))

	[ "${#holders[@]}" -lt 8 ] || return 0
	rm -f "$file"
	ip netns exec "$S" "$LAB" tcx v0 "$1" "$2" "$file" > /dev/null 2>&1 &
	holders+=($!)
	files+=("$file")
	at_exit "kill_child $!"
}

let_go()	# the one that it has had for the longest time
{
	[ "${#holders[@]}" -gt 0 ] || return 0
	kill -KILL "${holders[0]}"
	wait "${holders[0]}"
	holders=("${holders[@]:1}")
	files=("${files[@]:1}")
}

# How many of its programs were attached, and have ended though nobody let them go.
lost_holders()
{
	local i n=0

	for ((i = 0; i < ${#holders[@]}; i++)); do
		[ ! -e "${files[i]}" ] || kill -0 "${holders[i]}" || n=$((n + 1))
	done
	echo $n
}

dirs=(ingress egress) places=(before after)

# The kernel may refuse, where ours or none is there: what the agent has is what it believes to have.
agent_turn()
{
	case $((RANDOM % (wide ? 9 : 5))) in
	5 | 6) hold "${dirs[RANDOM % 2]}" "${places[RANDOM % 2]}" ;;
	7) hold xdp before ;;
	8) let_go ;;
	0) tc -n "$S" qdisc add dev v0 clsact ;;
	1) tc -n "$S" qdisc del dev v0 clsact ;;
	2) tc -n "$S" filter replace dev v0 ingress pref 1 handle 1 protocol all bpf da bytecode '1,6 0 0 4294967295' ;;
	3) tc -n "$S" filter replace dev v0 egress pref 7 handle 1 protocol all bpf da bytecode '1,6 0 0 4294967295' ;;
	4) tc -n "$S" filter del dev v0 ingress pref 1 ;;
	esac 2> /dev/null || :
}

ways=(clsact clsact tcx xdp)
[ -z "$wide" ] || ways+=(attach attach-filters attach-xdp detach attached attached)

start_one()	# WAY
{
	local args=(watch --netns "$S" -i v0 --view none --ready-file "$work/ready")

	case $1 in
	clsact) exec "$LAB" no-links "$RSTSCOPE" "${args[@]}" ;;
	tcx) exec "$RSTSCOPE" "${args[@]}" ;;
	xdp) exec "$RSTSCOPE" "${args[@]}" --xdp ;;
	attach) exec "$RSTSCOPE" attach --netns "$S" -i v0 --mark "$((RANDOM % 2 + 1))/3" ;;
	attach-filters) exec "$LAB" no-links "$RSTSCOPE" attach --netns "$S" -i v0 --force ;;
	attach-xdp) exec "$RSTSCOPE" attach --netns "$S" -i v0 --xdp ;;
	detach) exec "$RSTSCOPE" detach --netns "$S" --all ;;
	attached) exec "$RSTSCOPE" watch --netns "$S" --attached --view none --ready-file "$work/ready" ;;
	esac
}

before=$(filters_of v1)
killed=0 by_itself=0 left=0 holds=0
for ((i = 0; i < rounds; i++)); do
	way=${ways[RANDOM % ${#ways[@]}]}
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
# What was begun with attach is ended with detach.
if [ -n "$wide" ]; then
	"$RSTSCOPE" attach --netns "$S" -i v0 --force > /dev/null 2> "$work/attach" || :
	"$RSTSCOPE" detach --netns "$S" --all > /dev/null 2> "$work/detach" || :
fi
agents=$(filters_of v0 | grep -c 'bpf.*handle') || :

"$RSTSCOPE" watch --netns "$S" -i v0 --view none --duration 0.1 > /dev/null 2> "$work/last"
note "$rounds rounds: $killed killed, $by_itself had ended, $left left something attached"
# Of the others many end by themselves.
check "most of the watches are killed" [ "$killed" -gt $((rounds / (wide ? 4 : 2))) ]
check "after the next start nothing of ours is left" [ -z "$(ours)" ]
[ -z "$(ours)" ] || note "$(ours)"
check "... and no notes" [ -z "$(notes)" ]
check "what the agent had on another interface is untouched" [ "$before" = "$(filters_of v1)" ]
check "... and its filters on the same one" [ "$(filters_of v0 | grep -c 'bpf.*handle' || :)" = "$agents" ]
if [ -n "$wide" ]; then
	check "... and no pins" [ ! -e /sys/fs/bpf/rstscope ]
	[ ! -e /sys/fs/bpf/rstscope ] || note "$(find /sys/fs/bpf/rstscope; cat "$work/detach")"
	check "the agent's tcx and XDP programs were held all the time" [ "$(lost_holders 2> /dev/null)" -eq 0 ]
fi
finish
