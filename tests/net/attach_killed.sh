#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a watch attaches that would outlive it goes at the next start, whenever it was killed, and wherever
# its interface is by then; what others have attached stays.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
command -v strace > /dev/null || skip_all "strace is missing"
need_root
name_namespaces
make_ns "$S"
make_ns "$C"

new_interface()	# NS: v0, and its other end
{
	ip -n "$1" link add v0 type veth peer name v1
	ip -n "$1" link set v0 up
	ip -n "$1" link set v1 up
}

has_xdp()	# NS
{
	ip -n "$1" -d link show dev v0 | grep -q 'prog/xdp\|xdp.*id '
}

no_xdp()
{
	! has_xdp "$1"
}

has_qdisc()	# NS
{
	tc -n "$1" qdisc show dev v0 | grep -q clsact
}

no_filters()	# NS
{
	[ -z "$(tc -n "$1" filter show dev v0 ingress; tc -n "$1" filter show dev v0 egress)" ]
}

bare()	# NS: nothing is attached, not even a qdisc
{
	no_xdp "$1" && no_filters "$1" && ! has_qdisc "$1"
}

once()	# NS ARGS...: a watch that begins and ends
{
	local ns=$1

	shift
	"$RSTSCOPE" watch --netns "$ns" -i v0 --duration 0.1 "$@" > /dev/null 2> "$work/once"
}

# A watch under strace, which ends as it does; its process id is in a file.
traced()	# NS STRACE-ARGS... -- WATCH-ARGS...
{
	local ns=$1 args=()

	shift
	while [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	shift
	rm -f "$work/ready"
	# Bash would announce each that is killed.
	{
		# shellcheck disable=SC2016 # expanded by the inner shell
		strace -f -qq -o "$work/strace" "${args[@]}" sh -c 'echo $$ > "$1.pid"; exec 2> "$1"; shift; exec "$@"' \
			sh "$work/traced" "$RSTSCOPE" watch --netns "$ns" -i v0 --view none \
			--ready-file "$work/ready" "$@" > /dev/null
	} 2> /dev/null
}

traced_in_background()
{
	traced "$@" &
	tracer=$!
	at_exit "kill_child $tracer"
	wait_for 60 ended_or_exists $tracer "$work/ready"
}

kill_traced()
{
	kill -KILL "$(cat "$work/traced.pid")" 2> /dev/null || :
	wait_exit 10 "$tracer"
}

# --- XDP ---

new_interface "$S"
status=0
traced "$S" -P /run/rstscope -e trace=mkdir -e inject=mkdir:signal=KILL -- --xdp || status=$?
check "a watch is killed when it begins to take notes (status $status)" [ "$status" -eq 137 ]
once "$S"
check "... and has left no XDP program for ever" no_xdp "$S"

once "$S" --xdp
if ! grep -q 'by XDP' "$work/once"; then
	skip "XDP of a killed watch" "no XDP here: $(grep -m 1 XDP "$work/once")"
else
	traced "$S" -e trace=bpf -- --xdp --duration 0.1
	calls=$(grep -c 'bpf(' "$work/strace")
	left=0 stayed=0
	for ((k = calls - 44; k <= calls; k += 4)); do
		traced "$S" -e trace=bpf -e inject=bpf:signal=KILL:when=$k -- --xdp --duration 0.1 || :
		! has_xdp "$S" || left=$((left + 1))
		once "$S"
		bare "$S" || stayed=$((stayed + 1))
	done
	check "killed in mid-attach, $left of 12 watches leave XDP, and $stayed keep it after the next start" \
		[ "$stayed" -eq 0 ]

	traced_in_background "$S" -e trace=none -- --xdp
	ip -n "$S" link set v0 netns "$C"
	check "an interface that is moved while watched takes no XDP program along" \
		wait_for 5 no_xdp "$C"
	kill_traced
	ip -n "$C" link del v0
	new_interface "$S"

	traced_in_background "$S" -e trace=none -- --xdp
	kill_traced
	check "a killed watch leaves XDP" has_xdp "$S"
	ip -n "$S" link set v0 netns "$C"
	ip -n "$C" link set v0 up
	once "$S" -i lo 2> /dev/null || :
	once "$C"
	check "... which the next start removes where its interface was moved to" no_xdp "$C"
	ip -n "$C" link del v0
	new_interface "$S"
fi

# --- clsact, as where there is no tcx ---

killed_with_clsact()	# NS
{
	local pid

	rm -f "$work/ready"
	"$LAB" no-links "$RSTSCOPE" watch --netns "$1" -i v0 --view none --ready-file "$work/ready" \
		> /dev/null 2> "$work/clsact" &
	pid=$!
	at_exit "kill_child $pid"
	wait_for 60 ended_or_exists $pid "$work/ready"
	kill -KILL $pid
	wait_exit 10 $pid
	grep -q 'ingress (clsact).*egress (clsact)' "$work/clsact" && ! no_filters "$1"
}

check "a killed watch leaves filters on a clsact qdisc" killed_with_clsact "$S"
once "$S"
check "... which the next start removes, with the qdisc" bare "$S"

check "a killed watch leaves filters again" killed_with_clsact "$S"
tc -n "$S" filter add dev v0 egress pref 7 protocol all bpf bytecode '1,6 0 0 0'
once "$S"
check "... of which the next start leaves one of somebody else's, and its qdisc" \
	[ "$(tc -n "$S" filter show dev v0 egress | grep -c 'pref 7 .*bytecode')" -eq 1 ]
tc -n "$S" qdisc del dev v0 clsact

check "a killed watch leaves filters once more" killed_with_clsact "$S"
tc -n "$S" qdisc del dev v0 clsact
tc -n "$S" qdisc add dev v0 clsact
once "$S"
check "... and a qdisc that somebody made in place of ours stays" has_qdisc "$S"
tc -n "$S" qdisc del dev v0 clsact

tc -n "$S" qdisc add dev v0 clsact
check "a watch on somebody's qdisc is killed" killed_with_clsact "$S"
once "$S"
check "... and the qdisc stays" has_qdisc "$S"
check "... without our filters" no_filters "$S"

# Noted after the filters, as it was made after them.
both_filters()
{
	[ -n "$(tc -n "$S" filter show dev v0 ingress)" ] && [ -n "$(tc -n "$S" filter show dev v0 egress)" ]
}

start_clsact()	# its process id is in $watch
{
	rm -f "$work/ready"
	"$LAB" no-links "$RSTSCOPE" watch --netns "$S" -i v0 --view none --ready-file "$work/ready" \
		> /dev/null 2> "$work/clsact" &
	watch=$!
	at_exit "kill_child $watch"
	wait_for 60 ended_or_exists $watch "$work/ready"
}

with_filters_on_anothers()	# COMMAND...: before the watch, which uses the qdisc of somebody else, is killed
{
	start_clsact
	"$@"
	kill_child $watch
	wait_exit 10 $watch
}

qdisc_is_deleted()
{
	tc -n "$S" qdisc del dev v0 clsact
	wait_for 20 both_filters
}

with_filters_on_anothers qdisc_is_deleted || not_ok "filters are attached again"
once "$S"
check "a qdisc that replaced the one of somebody else goes at the next start" bare "$S"

# Two on one qdisc: the first has made it, the second has its filters there.
start_clsact
first=$watch
start_clsact
for pid in $first $watch; do
	kill_child "$pid"
	wait_exit 10 "$pid"
done
once "$S"
check "a qdisc with filters of two watches goes at the next start" bare "$S"

# The second makes the qdisc anew while the first is asleep, and is killed; then somebody replaces that.
filters_are()	# COUNT at each hook
{
	[ "$(tc -n "$S" filter show dev v0 ingress | grep -c ' rstscope ')" -eq "$1" ] &&
		[ "$(tc -n "$S" filter show dev v0 egress | grep -c ' rstscope ')" -eq "$1" ]
}

start_clsact
first=$watch
start_clsact
kill -STOP "$first"
tc -n "$S" qdisc del dev v0 clsact
wait_for 20 filters_are 1 || not_ok "a second watch attaches again"
kill_child "$watch"
wait_exit 10 "$watch"
tc -n "$S" qdisc del dev v0 clsact
tc -n "$S" qdisc add dev v0 clsact
kill -CONT "$first"
wait_for 20 filters_are 1 || not_ok "the first watch attaches again"
kill_child "$first"
wait_exit 10 "$first"
once "$S"
check "a qdisc of somebody else that has filters of one dead watch, and replaced another's, stays" has_qdisc "$S"
check "... without our filters" no_filters "$S"
tc -n "$S" qdisc del dev v0 clsact

# Seen just before it is deleted: then ours is noted, too. The watch stops before it adds its first filter.
printf '#!/bin/sh\nexec "%s" no-links "%s" "$@"\n' "$LAB" "$RSTSCOPE" > "$work/without-links"
chmod +x "$work/without-links"

traced_without_links()
{
	RSTSCOPE=$work/without-links traced "$@"
}

is_stopped()
{
	grep -qs 'stopped by SIGSTOP' "$work/strace" || gone "$tracer"
}

tc -n "$S" qdisc add dev v0 clsact
traced_without_links "$S" -e trace=sendto,sendmsg -- --duration 0.1
first=$(grep -nE -m 1 'RTM_NEWTFILTER|nlmsg_type=0x2c' "$work/strace" | cut -d : -f 1) || first=
if [ -z "$first" ]; then
	skip "a qdisc that is deleted before our first filter" "this strace does not show messages of netlink"
	tc -n "$S" qdisc del dev v0 clsact
else
	rm "$work/strace"
	traced_without_links "$S" -e trace=sendto,sendmsg \
		-e inject=sendto,sendmsg:signal=STOP:when=$((first - 1)) -- &
	tracer=$!
	at_exit "kill_child $tracer"
	wait_for 60 is_stopped || :
	tc -n "$S" qdisc del dev v0 clsact
	kill -CONT "$(cat "$work/traced.pid")" || :
	wait_for 60 ended_or_exists $tracer "$work/ready" || :
	check "a qdisc that is deleted before our first filter is made again" both_filters
	kill_traced
	once "$S"
	check "... and goes at the next start" bare "$S"
fi

# The kernel refuses, at the end, to list or to remove filters: those stay, so the notes must.
traced_without_links "$S" -e trace=sendto,sendmsg -- --duration 0.1
first=$(grep -nE -m 1 'RTM_DELTFILTER|nlmsg_type=0x2d' "$work/strace" | cut -d : -f 1) || first=
if [ -z "$first" ]; then
	skip "filters that cannot be detached" "this strace does not show messages of netlink"
else
	traced_without_links "$S" -e trace=sendto,sendmsg -e "inject=sendto,sendmsg:error=ENOBUFS:when=$first+" \
		-- --duration 0.1 || :
	check "a watch that cannot detach its filters leaves them" filters_are 1
	check "... and says so" grep -q "detach tc filters from 'v0'" "$work/traced"
	once "$S"
	check "... and the next start removes them" bare "$S"
fi

# A namespace's inode is given to the next one at once, its interfaces have the same numbers.
inode_of()
{
	in_ns "$1" stat -Lc %i /proc/self/ns/net
}

again=${S}again
ip netns add "$again"
new_interface "$again"
killed_with_clsact "$again" || not_ok "a watch is killed in a namespace of its own"
inode=$(inode_of "$again")
at_exit "ip netns del $again"
reused=
for ((i = 0; i < 20; i++)); do
	ip netns del "$again"
	ip netns add "$again"
	[ "$(inode_of "$again")" != "$inode" ] || { reused=1; break; }
done
if [ -z "$reused" ]; then
	skip "a namespace with the inode of another" "the kernel gives no inode again"
else
	new_interface "$again"
	tc -n "$again" qdisc add dev v0 clsact
	once "$again"
	check "a qdisc in a namespace that has the inode of one where a watch was killed stays" \
		has_qdisc "$again"
fi

# --- notes that are lost ---

detaches()	# TEXT ARGS...
{
	"$RSTSCOPE" detach --netns "$S" "${@:2}" > "$work/detach" 2>&1 && grep -q -- "$1" "$work/detach"
}

if [ "$(stat -f -c %T /sys/fs/bpf)" != bpf_fs ]; then
	skip "filters without notes" "no BPF file system"
elif [ "$(stat -Lc %i /proc/self/ns/pid)" != 4026531836 ]; then
	skip "filters without notes" "not all processes are seen in a PID namespace"
else
	start_clsact
	check "filters of a watch that lives are not detached by hand" detaches "nothing of" --all --by-hand
	check "... and stay" filters_are 1
	kill_child "$watch"
	wait_exit 10 "$watch"
	rm -f "/run/rstscope/watch.$(inode_of "$S")."*
	once "$S"
	check "the next start knows nothing of filters whose notes are lost" filters_are 1
	check "... of which detach says that nobody has them" detaches 'left by a watch' --all
	check "... and which it detaches when asked" detaches 'v0: detached' --all --by-hand
	check "... so that none is left" no_filters "$S"
	tc -n "$S" qdisc del dev v0 clsact
fi

# --- no place for notes ---

in_ns "$S" unshare -m sh -c 'mount -t tmpfs -o ro none /run && exec "$@"' sh "$RSTSCOPE" watch -i v0 --xdp \
	--duration 0.1 > /dev/null 2> "$work/once" || :
check "where no notes can be written, it is said how XDP is removed by hand" \
	grep -q 'cannot write /run/rstscope.*xdp off' "$work/once"
finish
