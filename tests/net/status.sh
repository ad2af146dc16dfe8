#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What `rstscope status` finds of what tc, ip link and a watch have attached, with programs of others before and
# after, half of it missing, and pins that are left, gone, or something else.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
need_root
objects=${RSTSCOPE%/*}/bpf
[ -e "$objects/rst_tc.bpf.o" ] || skip_all "the BPF objects are not at hand"
# A network namespace, and a mount namespace for a BPF file system that nobody else sees.
if [ -z "${STATUS_INSIDE-}" ]; then
	unshare -nm true 2> /dev/null || skip_all "unshare -nm does not work here"
	STATUS_INSIDE=1 exec unshare -nm "$BASH" "$0"
fi

pins=/sys/fs/bpf/tc/globals

try_status()	# ARGS...: sets $status; JSON in $work/json, text in $work/text
{
	status=0
	"$RSTSCOPE" status --json "$@" > "$work/json" 2> "$work/err" || status=$?
	"$RSTSCOPE" status "$@" > "$work/text" 2>> "$work/err" || status=$?
}

holds()	# FILTER [ARGS...]: of the JSON of a status with these arguments
{
	try_status "${@:2}"
	[ "$status" -eq 0 ] && jq -e "$1" "$work/json" > /dev/null 2>> "$work/err"
}

# The kernel frees a program some time after it is detached.
is()	# FILTER DESC [ARGS...]: holds within seconds
{
	local filter=$1 desc=$2

	shift 2
	if wait_for 5 holds "$filter" "$@"; then
		ok "$desc"
		return
	fi
	not_ok "$desc"
	note "$filter"
	note "$(jq -c . "$work/json" 2>&1; cat "$work/err")"
}

# Of a program of ours: its place and who is beside it.
# shellcheck disable=SC2016 # belongs to jq
ours='def ours($on; $hook; $way): .recorders[].programs[] | select(.if == $on and .hook == $hook and .way == $way);
def warned($id): any(.warnings[]; .id == $id);'

says()	# DESC WORDS...
{
	check "$1" grep -qF -- "${*:2}" "$work/text"
}

attach_tc()	# IF ingress|egress [ARGS...]
{
	tc filter add dev "$1" "$2" "${@:3}" bpf da obj "$objects/rst_tc.bpf.o" sec "tc/$2" 2> "$work/tc.err"
}

# --- nothing ---

ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
while umount /sys/fs/bpf 2> /dev/null; do :; done
is '.recorders == []' "nothing is attached"
says "... which is said in a sentence" "No program of rstscope is attached"
if grep -q ' bpf ' /proc/self/mounts; then
	skip "a missing BPF file system" "there is another one"
else
	is "$ours warned(\"no-bpffs\")" "a missing BPF file system is reported"
	says "... with the command that mounts it" "mount -t bpf"
fi
mount -t bpf bpffs /sys/fs/bpf
at_exit "umount /sys/fs/bpf"

# --- by tc and ip link, beside others ---

tc qdisc add dev lo clsact
tc filter add dev lo ingress pref 7 protocol all bpf bytecode '1,6 0 0 0'
attach_tc lo ingress pref 100 || skip_all "tc cannot attach here: $(tail -n 1 "$work/tc.err")"
tc filter add dev lo ingress pref 60000 protocol all bpf bytecode '1,6 0 0 0'

is "$ours (.recorders | length) == 1 and ([ours(\"lo\"; \"ingress\"; \"tc-filter\")] | length) == 1" \
	"a program that tc attached is found"
is "$ours ours(\"lo\"; \"ingress\"; \"tc-filter\") | .by.kind == \"tc\" and .name == \"rst_tc_ingress\" and
	.filter.pref == 100 and .filter.direct_action and .uid == 0 and (.tag | length) == 16 and
	(.loaded | startswith(\"20\"))" "... with its filter, and by whom it was loaded"
is "$ours ours(\"lo\"; \"ingress\"; \"tc-filter\") | .place == 2 and .of == 3 and .before[0].pref == 7 and
	.after[0].pref == 60000" "... and its place between two filters of others"
is "$ours warned(\"not-first\")" "... of which the first is reported"
is ".recorders[0].maps[] | select(.name == \"rst_ring\") | .pin == \"$pins/rst_ring\"" "... and the pin of its ring"
is "$ours warned(\"ingress-only\")" "... and that egress is missing"
is '.abi == .recorders[0].abi and (.recorders[0].watch | not) and .recorders[0].readers == []' \
	"... and its version, and that nobody reads it"
says "people are told, too" "lo ingress: rst_tc_ingress by tc filter, pref 100"

attach_tc lo egress || not_ok "tc egress: $(cat "$work/tc.err")"
is "$ours (.recorders | length) == 1 and ([ours(\"lo\"; \"egress\"; \"tc-filter\")] | length) == 1 and
	(warned(\"ingress-only\") | not)" "with egress it is whole, and one recorder"
is '.recorders == []' "another interface has none of it" -i v0

if ip link set dev v0 xdp obj "$objects/rst_xdp.bpf.o" sec xdp 2> "$work/xdp.err"; then
	is "$ours (.recorders | length) == 1 and (ours(\"v0\"; \"ingress\"; \"xdp\") | .by.kind == \"netlink\" and
		.place == 1 and (.mode == \"native\" or .mode == \"generic\"))" "XDP by ip link is of the same recorder"
	tc qdisc add dev v0 clsact
	attach_tc v0 ingress || not_ok "tc on v0: $(cat "$work/tc.err")"
	is "$ours warned(\"twice\") and warned(\"ingress-only\")" "XDP and tc ingress record twice, which is reported"
	ip link set dev v0 xdp off
	tc qdisc del dev v0 clsact
else
	skip "XDP by ip link" "$(tail -n 1 "$work/xdp.err")"
fi

# --- what it has recorded ---

recorded()
{
	try_status
	jq -e '.recorders[0] | .packets.recorded >= 4 and .counts.resets >= 2 and
		.counts.unread == .counts.resets' "$work/json" > /dev/null
}

"$LAB" play -a 127.0.0.1 -p 81 connect=ECONNREFUSED > /dev/null || not_ok "a reset on lo"
check "packets and resets are counted, and that nobody has read them" wait_for 5 recorded
is '.recorders[0].packets | .held == .recorded and .oldest_age_ns >= .newest_age_ns and
	(.cpus | length) > 0 and ([.cpus[].recorded] | add) == .recorded' "... and held, for each CPU"
is '.recorders[0].slots > 0' "... of how many there is room for"
counting=$(cat /proc/sys/kernel/bpf_stats_enabled)
is '.measured and all(.recorders[].programs[]; has("runs") and has("run_ns"))' "runs are measured" --stats
check "... and no longer counted then" [ "$(cat /proc/sys/kernel/bpf_stats_enabled)" = "$counting" ]

# --- a watch, and tcx programs of others ---

launch_watch watch $$ -i v0 --view none
watch_started watch "$watch_pid" || not_ok "watch starts: $(tail -n 3 "$talk")"
is "$ours [.recorders[] | select(.watch)] | length == 1 and (.[0].programs | length) == 2 and
	any(.[0].readers[]; .pid == $watch_pid and .comm == \"rstscope\" and .age_ns > 0 and .lost_wire == 0)" "a watch is found, and that it reads its recorder"
is "$ours all(.recorders[] | select(.watch) | .programs[]; .by.kind == \"watch\" and .by.pid == $watch_pid)" \
	"... which it has attached"
if grep -q 'ingress (tcx)' "$talk"; then
	"$LAB" tcx v0 ingress before "$work/before" &
	other=$!
	at_exit "kill_child $other"
	"$LAB" tcx v0 ingress after "$work/after" &
	at_exit "kill_child $!"
	wait_for 10 test -e "$work/before" -a -e "$work/after" || not_ok "others attach to tcx"
	is "$ours ours(\"v0\"; \"ingress\"; \"tcx\") | .place == 2 and .before[0].name == \"other_tcx\" and
		.after[0].name == \"other_tcx\" and .link > 0" "it stands between tcx programs of others"
	is "$ours any(.warnings[]; .id == \"not-first\" and (.text | contains(\"other_tcx\")))" \
		"... of which the first is reported"
	kill_child $other
	wait_exit 10 $other
	is "$ours any(.warnings[]; .id == \"not-first\" and (.text | contains(\"other_tcx\"))) | not" \
		"... until it is gone"
else
	skip "tcx programs of others" "no tcx here"
fi
end_watch "$watch_pid"
is '(.recorders | length) == 1' "a watch that has ended leaves nothing"

# --- attached to stay ---

# Others have tcx programs on v0, behind which `attach` places a filter only if told to.
by_attach()	# DESC [COMMAND...]: COMMAND runs `rstscope attach`
{
	local desc=$1

	shift
	if ! "$@" "$RSTSCOPE" attach --force -i v0 > "$work/attach" 2>&1; then
		not_ok "$desc: $(tail -n 2 "$work/attach" | tr '\n' ' ')"
		return
	fi
	is "$ours [.recorders[].programs[] | select(.if == \"v0\")] | length == 2 and
		all(.[]; .by.kind == \"attach\")" "$desc"
	is "$ours (warned(\"dead-watch\") or warned(\"no-pin\") or warned(\"wrong-pin\")) | not" "... with nothing to report"
	"$RSTSCOPE" detach -i v0 > "$work/attach" 2>&1 || not_ok "detach: $(cat "$work/attach")"
}

by_attach "what \`rstscope attach\` has attached is found"
by_attach "... also by clsact" "$LAB" no-links

# --- watches by XDP, side by side where libxdp has a dispatcher ---

launch_watch xdp $$ -i v0 --view none --xdp
first=$watch_pid
watch_started xdp "$first" || not_ok "watch --xdp starts: $(tail -n 3 "$talk")"
if grep -q 'by XDP' "$talk"; then
	is "[.recorders[] | select(.watch) | .programs[] | select(.hook == \"ingress\")] | length == 1 and
		(.[0].way | startswith(\"xdp\")) and .[0].by.kind == \"watch\" and .[0].by.pid == $first" \
		"a watch by XDP is found"
	launch_watch xdp2 $$ -i v0 --view none --xdp
	watch_started xdp2 "$watch_pid" || not_ok "a second watch --xdp starts: $(tail -n 3 "$talk")"
	if grep -q 'by XDP' "$talk"; then
		is "$ours [ours(\"v0\"; \"ingress\"; \"xdp-dispatcher\")] | length == 2 and ([.[].place] | sort) == [1, 2] and
			.[0].dispatcher == .[1].dispatcher" "two of them are in one dispatcher, in order"
	else
		skip "two watches by XDP" "no dispatcher here"
	fi
	end_watch "$watch_pid"
else
	skip "a watch by XDP" "no XDP here"
fi
end_watch "$first"

rm -f "$work/dead.ready"
"$LAB" no-links "$RSTSCOPE" watch -i v0 --view none --ready-file "$work/dead.ready" > /dev/null 2>&1 &
dead=$!
at_exit "kill_child $dead"
wait_for 60 ended_or_exists $dead "$work/dead.ready" || :
kill_child $dead
wait_exit 10 $dead
is "$ours warned(\"dead-watch\") and (ours(\"v0\"; \"egress\"; \"tc-filter\") | .by.kind == \"dead-watch\")" \
	"what a killed watch has left is reported as such"
tc qdisc del dev v0 clsact

# --- pins ---


rm "$pins"/rst_*
is "$ours warned(\"no-pin\") and .recorders[0].maps[0].pin == null" "a recorder without pins is reported"
says "... also to people" "nowhere in sight"
tc qdisc del dev lo clsact
is '.recorders == []' "what tc has removed is gone"

tc qdisc add dev lo clsact
attach_tc lo egress || not_ok "tc egress again: $(cat "$work/tc.err")"
is "$ours warned(\"egress-only\")" "an egress alone is reported"
tc qdisc del dev lo clsact
is "$ours .recorders == [] and warned(\"no-programs\")" "so are pins that no program uses"
rm "$pins"/rst_*
bpftool map create "$pins/rst_ring" type hash key 4 value 4 entries 1 name rst_ring
is "$ours warned(\"wrong-pin\")" "and a pin that is something else"
rm "$pins"/rst_*
is '[.warnings[] | select(.id != "elsewhere")] == []' "then there is nothing to report"

# --- refusals ---

try_status -i nonesuch
check "an interface that does not exist is a failure" [ "$status" -eq 1 ]
try_status --nonesuch
check "an option that does not exist is a usage error" [ "$status" -eq 2 ]
status=0
"$LAB" as-uid 65534 "$RSTSCOPE" status > "$work/text" 2> "$work/err" || status=$?
check "an ordinary user is refused (status $status)" [ "$status" -eq 1 ]
check "... with the reason" grep -q 'CAP_SYS_ADMIN is missing: run as root' "$work/err"
check "... and no output" [ ! -s "$work/text" ]
finish
