#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Programs that are attached by tc and ip link, as the manual shows it, and several watches that read them:
# all see the same, an ordinary watch beside them too, none disturbs another, and what is attached stays.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
objects=$(cd "${RSTSCOPE%/*}" && pwd)/bpf
[ -e "$objects/rst_tc.bpf.o" ] || skip_all "$objects/rst_tc.bpf.o is not built"
tc -V | grep -q libbpf || skip_all "this tc has no libbpf"
topo3

# Both directions share their maps, by pins in a bpffs that is gone then. With OBJECT, ingress only.
attach()	# NS IF [OBJECT]
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m --propagation private sh -eu -c 'mount -t bpf bpffs /sys/fs/bpf
		in_ns="nsenter --net=/run/netns/$1"
		$in_ns tc qdisc replace dev "$2" clsact
		$in_ns tc filter add dev "$2" ingress bpf da obj "$3/${4:-rst_tc}.bpf.o" sec tc/ingress
		[ -n "$4" ] || $in_ns tc filter add dev "$2" egress bpf da obj "$3/rst_tc.bpf.o" sec tc/egress' \
		sh "$1" "$2" "$objects" "${3-}" >> "$work/tc.log" 2>&1
}

is_attached()	# NS IF
{
	tc -n "$1" filter show dev "$2" ingress | grep -q rst_tc_ingress &&
		tc -n "$1" filter show dev "$2" egress | grep -q rst_tc_egress
}

# Sets $pid_NAME; its events are in $work/NAME.ndjson.
read_attached()	# NAME NS ARGS...
{
	local name=$1

	launch_watch "$@"
	printf -v "pid_$name" %s "$watch_pid"
	watch_started "$name" "$watch_pid" || {
		not_ok "watch $name starts (status $status): $(tail -n 3 "$talk" | tr '\n' ' ')"
		finish
	}
}

said()	# NAME WORDS
{
	grep -q -- "$2" "$work/$1.stderr"
}

live()	# NAME: what was not there before its start, one line a reset, without what differs by its nature
{
	jq -cS 'select(.before_start | not) | [.rst, .cause, .confidence, .type, .origin, .owner.comm, .kernel.view,
		.kernel.function, .kernel.reason, .candidates, (.sightings | length), .answers.match]' \
		"$work/$1.ndjson" | sort
}

# On an emulated processor so many at once are more than a watch has time to look up.
hurried()	# NAME...: the same RSTs, each as a line of live() begins
{
	jq -cS 'select(.lost.hurried) | .rst' "${@/#/$work/}" | sed 's/^/[/'
}

has_live()	# NAME N
{
	[ "$(live "$1" | wc -l)" -ge "$2" ]
}

same_live()	# NAME NAME
{
	local name

	hurried "$1.ndjson" "$2.ndjson" > "$work/hurried"
	for name; do
		live "$name" | grep -vFf "$work/hurried" > "$work/$name.live" || :
	done
	diff "$work/$1.live" "$work/$2.live" > "$work/diff" || { note "$(head -n 6 "$work/diff")"; return 1; }
}

resets()	# Of many kinds: eight
{
	for fam in 4 6; do
		lab_run linger-zero -p 80
		lab_run unread-data -p 80
		lab_run no-socket -p 80
		lab_run closed-port -p 81
	done
}

kill_reader()	# NAME
{
	local pid=pid_$1

	# Bash would announce it.
	{ kill -KILL "${!pid}"; wait "${!pid}" || :; } 2> /dev/null
}

ends_well()	# NAME
{
	local pid=pid_$1

	kill -INT "${!pid}"
	wait_exit 60 "${!pid}"
	check "watch $1 ends with status 0 (status $status)" [ "$status" -eq 0 ]
}

# --- nothing, and the wrong thing ---

fails_with()	# WORDS ARGS...
{
	local words=$1

	shift
	status=0
	"$RSTSCOPE" watch --netns "$S" --attached "$@" > /dev/null 2> "$work/fails" || status=$?
	[ "$status" -ne 1 ] || ! grep -q -- "$words" "$work/fails" || return 0
	note "$(cat "$work/fails")"
	return 1
}

check "where nothing is attached, the commands are shown" \
	fails_with 'tc filter add dev eth0 ingress bpf da obj .*rst_tc.bpf.o sec tc/ingress'
if attach "$S" eth0 rst_other_abi; then
	check "a program of another version is refused, with the cure" fails_with 'version 2 .*tc filter del dev eth0'
	tc -n "$S" qdisc del dev eth0 clsact
else
	not_ok "tc attaches a program of another version: $(tail -n 3 "$work/tc.log")"
fi

# --- one recorder, three readers ---

attach "$S" eth0 || { not_ok "tc attaches both programs: $(tail -n 3 "$work/tc.log")"; finish; }
check "an interface that has none is not read" fails_with "attached to 'lo'" -i lo
attach "$S" lo rst_other_abi || not_ok "tc attaches a program of another version to lo: $(tail -n 3 "$work/tc.log")"
check "beside one of this version, a program of another version is refused, too" \
	fails_with "'lo': .*version 2 .*tc filter del dev lo"
tc -n "$S" qdisc del dev lo clsact
fam=4
lab_run linger-zero -p 80
before=$tuple

read_attached one "$S" --attached
check "the watch reports what is attached" said one 'attached: eth0 ingress by rst_tc_ingress (tc filter'
check "... in both directions" said one 'attached: eth0 egress by rst_tc_egress (tc filter'
check "... and that RSTs were seen before" said one '^[1-9][0-9]* RSTs were seen while nobody was reading'
has_before()
{
	[ "$(events_of "$before" | jq -c 'select(.before_start and .origin == "local" and .kernel.view == "none" and
		.kernel.function == null and .owner == null and (.candidates | index("linger-zero") and (index("closed-port") | not)) and
		(.history | length > 4))' | wc -l)" -eq 1 ]
}
check "what was reset before the start is reported, without kernel view" wait_for 60 has_before

read_attached two "$S" --attached -i eth0
check "nothing of it is new to a second watch" eval '! said two "RSTs were seen while"'
read_attached plain "$S" -i eth0
resets
for name in plain one two; do
	check "watch $name has all resets" wait_for 60 has_live $name 8
done
check "two watches of one recorder see the same" same_live one two
check "an ordinary watch beside them sees the same" same_live plain one
check "... and names a cause" eval 'live plain | grep -q "},\"linger-zero\""'
ends_well plain

kill_reader two
check "what is attached stays when a watch is killed" is_attached "$S" eth0
resets
check "... and another one goes on" wait_for 60 has_live one 16

# --- what comes later ---

attach "$S" lo || not_ok "tc attaches to lo: $(tail -n 3 "$work/tc.log")"
check "what is attached later is noticed" wait_for 60 said one 'attached: lo egress'
in_ns "$S" bash -c ': < /dev/tcp/127.0.0.1/9' 2> /dev/null || :
has_lo()
{
	jq -e 'select(.if == "lo" and .cause != null)' "$work/one.ndjson" > /dev/null
}
check "... and its resets are reported" wait_for 60 has_lo
tc -n "$S" qdisc del dev lo clsact
check "what is detached is noticed" wait_for 60 said one "'lo': the program at egress was detached"
ends_well one
events=$work/one.ndjson
check "the recording replays to the same JSON, also what was before" replay_is_same
check "what is attached stays when a watch ends" is_attached "$S" eth0

# --- several recorders: each direction by a command of its own, with pins of its own ---

for dev in eth1 eth2; do
	in_ns "$G" tc qdisc add dev $dev clsact
	in_ns "$G" tc filter add dev $dev ingress bpf da obj "$objects/rst_tc.bpf.o" sec tc/ingress
	in_ns "$G" tc filter add dev $dev egress bpf da obj "$objects/rst_tc.bpf.o" sec tc/egress
done >> "$work/tc.log" 2>&1
read_attached gateway "$G" --attached
for fam in 4 6; do
	lab_run linger-zero -p 80
done
check "a gateway's resets are reported" wait_for 60 has_live gateway 2
ends_well gateway
passed_twice()
{
	# On an emulated processor a look for programs may take so long that the history is left out.
	[ "$(jq -c 'select(.cause == "forwarded" and (.sightings | length == 2) and
		(.lost.hurried or (.history | length > 4)))' \
		"$work/gateway.ndjson" | wc -l)" -eq 2 ] && [ "$(wc -l < "$work/gateway.ndjson")" -eq 2 ]
}
check "... each once, seen at two interfaces by two recorders" passed_twice
check "... in four" [ "$(grep -o 'recorder [0-9]*' "$work/gateway.stderr" | sort -u | wc -l)" -eq 4 ]
finish
