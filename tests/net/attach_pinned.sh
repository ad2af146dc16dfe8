#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# attach and detach: the recorder that stays, without a process. Every RST is counted while it is replaced,
# a kill leaves nothing that the next call does not put right, and detach leaves what was there before.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
need_root
# A mount namespace of its own, for a bpffs of its own.
[ "${1-}" = inside ] || exec unshare -m --propagation private "$BASH" "$0" inside
root=/sys/fs/bpf/rstscope
bpftool=/usr/sbin/bpftool
[ -x "$bpftool" ] || bpftool=bpftool

rs()	# COMMAND NS ARGS...: its messages are in $work/said
{
	local command=$1 ns=$2

	shift 2
	status=0
	${WITHOUT_LINKS:+"$LAB" no-links} "$RSTSCOPE" "$command" --netns "$ns" "$@" > "$work/said" 2>&1 || status=$?
	cat "$work/said" >> "$work/log"
	return $status
}

said()	# TEXT
{
	grep -q -- "$1" "$work/said" || { note "$(cat "$work/said")"; return 1; }
}

fails()	# STATUS TEXT COMMAND...: rs, with this exit status and this message
{
	local want=$1 text=$2

	shift 2
	rs "$@" || :
	[ "$status" -eq "$want" ] && said "$text"
}

pins()
{
	find $root "$@" 2> /dev/null || :
}

no_pins()
{
	[ ! -e $root ] || { note "$(pins)"; return 1; }
}

place()	# of the only namespace that has one
{
	pins -mindepth 2 -maxdepth 2
}

# All CPUs' counts of RSTs in a pinned rst_cpus: the second counter of each (RST_CNT_RESETS).
resets_in()	# PIN
{
	"$bpftool" -j map dump pinned "$1" | jq '[.[].formatted.value.count[1]] | add'
}

map_id()	# PIN
{
	"$bpftool" -j map show pinned "$1" | jq .id
}

map_is_gone()	# ID
{
	! "$bpftool" map show id "$1" > /dev/null 2>&1
}

progs_at()	# NS: ids of filters or links, to see whether they change
{
	ip netns exec "$1" "$bpftool" -j net show dev eth0 2> /dev/null | jq -c '.[0].tc' || :
}

filters()	# NS
{
	tc -n "$1" filter show dev eth0 ingress
	tc -n "$1" filter show dev eth0 egress
}

has_qdisc()	# NS
{
	tc -n "$1" qdisc show dev eth0 | grep -q clsact
}

has_no_qdisc()
{
	! has_qdisc "$1"
}

is_bare()
{
	no_pins && [ -z "$(filters "$S")" ] && has_no_qdisc "$S"
}

# Refused connections, one RST each, until $work/stop is there; their number is in $work/refused.
refuse()	# NS
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_ns "$1" "$BASH" -c 'n=0
		while [ ! -e "$2/stop" ]; do
			{ : < "/dev/tcp/$1/9"; } 2> /dev/null || n=$((n + 1))
			echo $n > "$2/so_far"
			sleep 0.01
		done
		echo $n > "$2/refused"' sh "$S4" "$work"
}

some_more()	# N: that many more were refused
{
	local from

	from=$(cat "$work/so_far")
	wait_for 30 more_than $((from + $1))
}

more_than()
{
	local n

	n=$(cat "$work/so_far" 2> /dev/null) || n=
	[ "${n:-0}" -ge "$1" ]
}

start_refusing()
{
	rm -f "$work/stop" "$work/refused"
	echo 0 > "$work/so_far"
	refuse "$C" &
	refusing=$!
	at_exit "kill_child $refusing"
	some_more 3
}

stop_refusing()
{
	: > "$work/stop"
	wait_for 30 gone $refusing
	cat "$work/refused"
}

topo2
: > "$work/log"

# --- what cannot be ---

# Whatever is mounted there, by iproute2 for one, is not ours to use.
while umount /sys/fs/bpf 2> /dev/null; do :; done
check "without a BPF file system, the command that mounts it is offered" \
	fails 77 'mount -t bpf bpffs /sys/fs/bpf' attach "$S" -i eth0
mount -t bpf bpffs /sys/fs/bpf || skip_all "cannot mount a bpffs"
check "an interface that is not there is named" fails 1 "no interface 'eth7'" attach "$S" -i eth0 -i eth7
check "... and nothing is attached" no_pins
check "detach wants to be told from where" fails 2 'from which interface' detach "$S"
check "... and finds nothing" fails 0 'nothing of' detach "$S" --all
check "a history that is too long is refused, with what can be had" \
	fails 2 'at most 8192 records' attach "$S" --history 1G
for command in 'attach -i lo' 'detach --all' 'watch --attached'; do
	status=0
	# shellcheck disable=SC2086 # words
	setpriv --reuid 65534 --clear-groups --inh-caps=-all "$RSTSCOPE" $command > "$work/said" 2>&1 || status=$?
	check "without root, $command says what is missing (status $status)" said 'CAP_BPF is missing'
done

mkdir $root
mkdir $root/3 2> /dev/null || :
"$bpftool" map create $root/busy type array key 4 value 8 entries 1 name busy
check "something else that is pinned in the way does no harm" fails 0 'eth0: attached' attach "$S" -i eth0
rs detach "$S" --all
rm $root/busy
rmdir $root/* $root 2> /dev/null || :
"$bpftool" map create $root type array key 4 value 8 entries 1 name busy
check "a map in place of the directory is named" fails 1 'something else is pinned there' attach "$S" -i eth0
rm $root

# --- with links where the kernel has tcx, and with filters ---

replaces()	# ARGS...
{
	rs attach "$S" -i eth0 "$@" && said 'replaced in place'
}

lives()	# WHAT
{
	local ring cpus ids sum=0 i

	check "$1: attach" fails 0 'eth0: attached' attach "$S" -i eth0
	ring=$(map_id "$(place)/maps/rst_ring")
	ids=$(progs_at "$S")
	check "$1: once more, and it is attached already" fails 0 'attached already' attach "$S" -i eth0
	check "$1: ... by the same programs" [ "$(progs_at "$S")" = "$ids" ]

	start_refusing
	for i in 1 2; do
		replaces --mark "$i/0xff" || not_ok "$1: attach with another mark replaces the programs"
		some_more 3
	done
	# As if an older version had attached: its pins are in a directory of another number.
	for i in 1 2; do
		cpus=$(place)/maps/rst_cpus
		"$bpftool" map pin pinned "$cpus" /sys/fs/bpf/old$i
		mv $root/[0-9]* $root/9$i
		replaces || not_ok "$1: another version replaces the programs"
		some_more 3
	done
	n=$(stop_refusing)
	for i in /sys/fs/bpf/old? "$(place)/maps/rst_cpus"; do
		sum=$((sum + $(resets_in "$i")))
	done
	check "$1: all of $n resets were recorded once while programs were replaced four times, maps twice" \
		[ "$sum" -eq "$n" ]
	check "$1: pins of the other version are removed" [ "$(pins -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
	rm /sys/fs/bpf/old?
	check "$1: ... and its maps" wait_for 10 map_is_gone "$ring"

	ring=$(map_id "$(place)/maps/rst_ring")
	check "$1: detach" fails 0 'eth0: detached' detach "$S" --all
	check "$1: ... leaves no pins" no_pins
	check "$1: ... no maps, thus no programs" wait_for 10 map_is_gone "$ring"
	check "$1: ... no filters" [ -z "$(filters "$S")" ]
}

lives "links"
check "links: ... and there never was a qdisc, or it is removed" has_no_qdisc "$S"
WITHOUT_LINKS=1
lives "filters"
check "filters: ... and no qdisc" has_no_qdisc "$S"

# --- filters of others, and their qdisc ---

foreign='filter add dev eth0 ingress pref 7 protocol all bpf bytecode'
rs attach "$S" -i eth0
# shellcheck disable=SC2086 # words
tc -n "$S" $foreign '1,6 0 0 4294967295'
before=$(filters "$S" | grep 'pref 7')
rs attach "$S" -i eth0 --mark 1/1
rs detach "$S" -i eth0
check "a filter that somebody has added is as it was" [ "$(filters "$S")" = "$before" ]
check "... and has its qdisc" has_qdisc "$S"
tc -n "$S" qdisc del dev eth0 clsact
tc -n "$S" qdisc add dev eth0 clsact
rs attach "$S" -i eth0
rs detach "$S" -i eth0
check "a qdisc that somebody has made stays, though empty" has_qdisc "$S"
tc -n "$S" qdisc del dev eth0 clsact
rs attach "$S" -i eth0
tc -n "$S" qdisc del dev eth0 clsact
tc -n "$S" qdisc add dev eth0 clsact
rs attach "$S" -i eth0
check "what somebody has removed is attached again" said 'eth0: attached$'
rs detach "$S" -i eth0
check "... and their qdisc stays" has_qdisc "$S"
tc -n "$S" qdisc del dev eth0 clsact
WITHOUT_LINKS=

# --- tcx programs of others ---

others=()

other()	# HOOK before|after: a program of somebody else; false where the kernel takes none
{
	rm -f "$work/other"
	ip netns exec "$S" "$LAB" tcx eth0 "$1" "$2" "$work/other" 2> "$work/other.err" &
	others+=($!)
	at_exit "kill_child $!"
	wait_for 20 ended_or_exists $! "$work/other" && [ -e "$work/other" ]
}

end_others()
{
	local pid

	for pid in "${others[@]}"; do
		kill -KILL "$pid" 2> /dev/null || :
		wait_exit 5 "$pid"
	done
	others=()
}

tcx_at()	# ingress|egress: names of programs, in order
{
	rs status "$S" -i eth0 --json || :
	jq -r --arg hook "$1" '[.recorders[].programs[] | select(.hook == $hook) |
		[.before[].name] + ["ours"] + [.after[].name]] | .[0] // [] | join(" ")' "$work/said"
}

others_live()
{
	local pid

	for pid in "${others[@]}"; do
		! gone "$pid" || return 1
	done
}

if other ingress before && other egress after; then
	check "beside tcx programs of others, attach" fails 0 'eth0: attached' attach "$S" -i eth0
	for where in 'ingress before' 'ingress after' 'egress before'; do
		# shellcheck disable=SC2086 # words
		other $where || not_ok "others attach to tcx $where"
	done
	between='other_tcx ours other_tcx other_tcx'
	check "programs of others stand before and after ours" [ "$(tcx_at ingress)" = "$between" ]
	replaces --mark 1/1 || not_ok "attach with another mark replaces the programs"
	check "... also when ours were replaced" [ "$(tcx_at ingress)" = "$between" ]
	mv $root/[0-9]* $root/91
	replaces || not_ok "another version replaces the programs"
	check "... and when another version did so" [ "$(tcx_at ingress)" = "$between" ]
	check "... at egress, too" [ "$(tcx_at egress)" = 'other_tcx ours other_tcx' ]
	rs detach "$S" --all
	check "... and they live when ours are detached" others_live
	check "... of which nothing is left" no_pins

	WITHOUT_LINKS=1
	check "filters behind tcx programs of others are refused" \
		fails 1 "tcx program [0-9]* 'other_tcx' of others runs before all filters" attach "$S" -i eth0
	check "... with what can be done" said 'insist with --force'
	check "... and neither a filter, a qdisc nor a pin was made" is_bare
	check "... also with --xdp" \
		fails 1 "tcx program [0-9]* 'other_tcx' of others runs before all filters" attach "$S" -i eth0 --xdp
	check "... which leaves no XDP program behind" \
		[ "$(ip -n "$S" -d link show dev eth0 | grep -c xdp)" -eq 0 ]
	check "... nor anything else" is_bare
	check "... unless it is insisted on" fails 0 'eth0: attached' attach "$S" -i eth0 --force
	check "... which is warned of" said 'of others run.* before ours at tc ingress'
	check "... and not again when it is there" fails 0 'attached already' attach "$S" -i eth0
	rs detach "$S" --all
	end_others
	# What is no stranger: tcx programs of a watch.
	WITHOUT_LINKS=
	launch_watch beside "$S" -i eth0 --view none
	watch_started beside "$watch_pid" || not_ok "watch starts: $(tail -n 3 "$talk")"
	WITHOUT_LINKS=1
	check "filters behind the tcx programs of a watch are not refused" \
		fails 0 'eth0: attached' attach "$S" -i eth0
	rs detach "$S" --all
	end_watch "$watch_pid"
	WITHOUT_LINKS=
else
	skip "tcx programs of others" "$(cat "$work/other.err")"
	end_others
fi

# --- read by a watch ---

read_attached()
{
	"$RSTSCOPE" watch --netns "$S" --attached -c "$1" --duration 30 --json > "$work/events" 2> "$work/read" || :
}

ring_bytes()	# of each CPU
{
	"$bpftool" -j map show pinned "$(place)/maps/rst_ring" | jq .bytes_value
}

rs attach "$S" -i eth0
whole=$(ring_bytes)
rs detach "$S" --all
rs attach "$S" -i eth0 --history 64
check "with a shorter history the recorder takes less memory ($whole, $(ring_bytes) bytes)" \
	[ "$(ring_bytes)" -lt $((whole / 6)) ]
check "... and keeps its size until it is detached" \
	fails 1 'history of 64 records.*detach --all' attach "$S" -i eth0 --history 128
in_ns "$C" "$BASH" -c ": < /dev/tcp/$S4/9" 2> /dev/null || :
rs status "$S" --json || :
check "... which status reports" [ "$(jq -c '[.recorders[].slots]' "$work/said")" = '[64]' ]
read_attached 1
check "a watch reports a reset from before it began" \
	[ "$(jq -r '"\(.rst.sport) \(.before_start)"' "$work/events")" = "9 true" ]
rs attach "$S" -i eth0 --mark 1/1
read_attached 1
check "... also after the programs were replaced" [ "$(wc -l < "$work/events")" -eq 1 ]
rs detach "$S" --all
check "... and nothing keeps them attached" no_pins

# --- half an attach, other namespaces, interfaces that come and go ---

rs attach "$S" -i eth0
if [ -e "$(place)/links" ] && rm "$(place)"/links/*-egress 2> /dev/null; then
	rs attach "$S" -i eth0
	check "of half an attach, the other half is attached" said 'ingress was attached already, egress attached'
else
	skip "half an attach" "no tcx in this kernel"
fi
rs attach "$C" -i eth0
check "two namespaces have their own maps" [ "$(pins -name rst_ring | wc -l)" -eq 2 ]
rs detach "$S" --all
check "detach in one leaves those of the other" [ "$(pins -name rst_ring | wc -l)" -eq 1 ]
check "... attached" fails 0 'attached already' attach "$C" -i eth0
rs detach "$C" --all
check "... until it is detached there" no_pins

ip -n "$S" link add v0 type veth peer name v1
ip -n "$S" link set v0 up
rs attach "$S" -i v0
rs attach "$S" -i eth0
ip -n "$S" link set v0 down
ip -n "$S" link set v0 name w0
check "an interface that was renamed is still attached" fails 0 'attached already' attach "$S" -i w0
ip -n "$S" link del w0
check "one that is gone is forgotten" fails 0 'attached already' attach "$S" -i eth0
check "... with its pins" [ "$(pins -path '*/links/*' | wc -l)" -le 2 ]
ring=$(map_id "$(place)/maps/rst_ring")
rm -r $root/*/*/maps
check "maps whose pins somebody removed are in use, and detach --all says what it left" \
	rs detach "$S" --all
WITHOUT_LINKS=
rs detach "$S" --all --by-hand
check "... and takes that off too when asked" fails 0 'nothing of' detach "$S" --all --by-hand
# Where filters need one, nothing is left that says whose it was.
tc -n "$S" qdisc del dev eth0 clsact 2> /dev/null || :

# On most kernels the links go along.
make_ns "${S}m"
ip -n "$S" link add v0 type veth peer name v1
rs attach "$S" -i v0
ip -n "$S" link set v0 netns "${S}m"
rs status "${S}m"
live=$(grep -c ' by tcx' "$work/said") || :
rs detach "$S" -i lo
check "pins of an interface that was moved stay while its links live ($live)" \
	[ "$(pins -path '*/links/*' | wc -l)" -eq "$live" ]
rs detach "$S" --all
check "... until everything is detached" no_pins
rs attach "${S}m" -i v0 || :
ip netns del "${S}m"
gone_elsewhere()
{
	rs attach "$S" -i eth0 && rs detach "$S" --all && no_pins
}
if [ "$(pins -path '*/links/*' | wc -l)" -gt 0 ]; then
	check "pins of a namespace that ended are removed" wait_for 10 gone_elsewhere
else
	skip "pins of a namespace that ended" "no tcx in this kernel"
	rm -rf $root
fi

# --- pins of libxdp, which was killed between its steps ---

stray=/sys/fs/bpf/xdp/dispatch-65534-65535
mkdir -p $stray
ip -n "$S" link add v2 type veth peer name v3
rs attach "$S" -i v2
for link in "$(place)"/links/*-ingress; do
	[ ! -e "$link" ] || "$bpftool" link pin pinned "$link" $stray/prog1-link
done
if [ ! -e $stray/prog1-link ]; then
	skip "pins of libxdp" "no tcx in this kernel, so no link to pin"
	rs detach "$S" --all
else
	rs detach "$S" --all
	check "what libxdp had pinned is removed, even if it was killed after the link" [ ! -e $stray ]
	rs attach "$S" -i v2
	mkdir -p $stray
	"$bpftool" prog pin pinned "$(place)/progs/rst_tc_ingress" $stray/prog0-prog
	other egress before || not_ok "a tcx program of somebody else: $(cat "$work/other.err")"
	ip -n "$S" link del v2
	WITHOUT_LINKS=1 rs attach "$S" -i eth0 || :
	check "an attach that is refused, and finds the recorder unused, removes it" no_pins
	check "... with what libxdp has pinned of it" [ ! -e $stray ]
	end_others
fi
ip -n "$S" link del v2 2> /dev/null || :
rm -rf $stray

# --- XDP ---

rs attach "$S" -i eth0 --xdp
if [[ $(ip -n "$S" -d link show dev eth0) != *xdp* ]]; then
	skip "XDP" "no XDP here: $(grep -m 1 XDP "$work/said")"
	rs detach "$S" --all
else
	check "XDP is attached already" fails 0 'attached already' attach "$S" -i eth0 --xdp
	start_refusing
	mv $root/[0-9]* $root/91
	"$bpftool" map pin pinned $root/91/*/maps/rst_cpus /sys/fs/bpf/old
	check "XDP and egress of another version are replaced" fails 0 'replaced in place' attach "$S" -i eth0
	some_more 3
	n=$(stop_refusing)
	check "... and no reset is missed" \
		[ $(($(resets_in /sys/fs/bpf/old) + $(resets_in "$(place)/maps/rst_cpus"))) -eq "$n" ]
	rm /sys/fs/bpf/old
	rs detach "$S" --all
	check "detach leaves no XDP program" [ "$(ip -n "$S" -d link show dev eth0 | grep -c 'xdp')" -eq 0 ]
	check "... and no pins" no_pins
fi

# --- by hand ---

obj=$root_dir/build/bpf/rst_tc.bpf.o
tc -n "$S" qdisc add dev eth0 clsact
if tc -n "$S" filter add dev eth0 ingress bpf da obj "$obj" sec tc/ingress 2> "$work/tc.err"; then
	check "what was attached with tc is listed" fails 0 'attached by hand and is left' detach "$S" --all
	check "... and left" [ -n "$(filters "$S")" ]
	check "... unless asked for" fails 0 'eth0: detached' detach "$S" --all --by-hand
	check "... and then gone" [ -z "$(filters "$S")" ]
	check "... but for the qdisc, which is not ours" has_qdisc "$S"
else
	skip "programs attached with tc" "tc loads no objects here: $(head -n 1 "$work/tc.err")"
fi
tc -n "$S" qdisc del dev eth0 clsact

# --- killed in the middle ---

if ! command -v strace > /dev/null; then
	skip "attach and detach are killed" "strace is missing"
	finish
fi

killed()	# WHEN COMMAND ARGS...
{
	local when=$1 command=$2

	shift 2
	# Bash would announce each that is killed.
	{
		strace -f -qq -o "$work/strace" -e trace=bpf,mkdir,rename,unlink,unlinkat,rmdir,sendto,sendmsg \
			${when:+-e inject=bpf,mkdir,rename,unlink,unlinkat,rmdir,sendto,sendmsg:signal=KILL:when=$when} \
			${WITHOUT_LINKS:+"$LAB" no-links} "$RSTSCOPE" "$command" --netns "$S" "$@" > /dev/null 2>&1 || :
	} 2> /dev/null
}

kills()	# WHAT: attach and detach, cut short at two moments each
{
	local calls k bad=0

	killed '' attach -i eth0
	calls=$(wc -l < "$work/strace")
	rs detach "$S" --all
	for ((k = calls - 14; k <= calls; k += 9)); do
		killed "$k" attach -i eth0
		rs attach "$S" -i eth0 || bad=$((bad + 1))
		fails 0 'eth0: was attached already' attach "$S" -i eth0 || bad=$((bad + 1))
		rs detach "$S" --all
		is_bare || bad=$((bad + 1))
	done
	check "$1: an attach that was killed is completed by the next one ($bad of 6 checks failed)" [ "$bad" -eq 0 ]
	rs attach "$S" -i eth0
	killed '' detach --all
	calls=$(wc -l < "$work/strace")
	bad=0
	for ((k = calls - 14; k <= calls; k += 9)); do
		rs attach "$S" -i eth0
		killed "$k" detach --all
		rs detach "$S" --all || bad=$((bad + 1))
		is_bare || bad=$((bad + 1))
	done
	check "$1: a detach that was killed is completed by the next one ($bad of 4 checks failed)" [ "$bad" -eq 0 ]
}

kills "links"
WITHOUT_LINKS=1
kills "filters"
finish
