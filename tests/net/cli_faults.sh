#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes wrong around the program: arguments, permissions, outputs, interfaces
# that vanish, ends by signal, and other people's tc filters.

# check() calls functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2

# Status and words of a command that must end by itself.
ends_with()	# STATUS REGEX DESC COMMAND...
{
	local want=$1 regex=$2 desc=$3 log=$work/ends

	shift 3
	status=0
	timeout 10 "$@" > "$log.out" 2> "$log.err" || status=$?
	if [ "$status" -eq "$want" ] && grep -qiE "$regex" "$log.err"; then
		ok "$desc"
		return
	fi
	not_ok "$desc"
	note "status $status (expected $want), no /$regex/ in:"
	note "$(tail -n 5 "$log.err")"
}

filters()
{
	local dir

	tc -n "$S" qdisc show dev eth0 clsact
	for dir in ingress egress; do
		tc -n "$S" filter show dev eth0 $dir
	done
}

no_filters()
{
	[ -z "$(tc -n "$S" filter show dev eth0 ingress)" ] &&
		[ -z "$(tc -n "$S" filter show dev eth0 egress)" ]
}

# TCX links do not show as filters; the kernel frees programs a little later.
no_programs()
{
	command -v bpftool > /dev/null || return 0
	! in_ns "$S" bpftool net show dev eth0 2> /dev/null |
		grep -qE "eth0.*(rst|clsact/|tcx/)"
}

clean()	# DESC
{
	check "$1: no tc filter is left" no_filters
	check "$1: no program is left on the interface" wait_for 3 no_programs
}

watch_to()	# FILE ARGS...: like spawn_watch, with another standard output
{
	local out=$1 ready=$work/faults.ready

	shift
	rm -f "$ready"
	talk=$work/faults.stderr
	# shellcheck disable=SC2086 # a list of words
	"$RSTSCOPE" watch --netns "$S" --json --ready-file "$ready" \
		${WATCH_ARGS-} "$@" > "$out" 2> "$talk" &
	watch_pid=$!
	at_exit "kill_child $watch_pid"
	wait_for 120 ended_or_exists $watch_pid "$ready" && [ -e "$ready" ]
}

# --- arguments and permissions ---

ends_with 2 . "no command" "$RSTSCOPE"
ends_with 2 nonsense "unknown command" "$RSTSCOPE" nonsense
ends_with 2 nonsense "unknown option" "$RSTSCOPE" watch --nonsense
ends_with 2 . "bad filter expression" \
	"$RSTSCOPE" watch --netns "$S" -i eth0 --json "tcp portt 80"
ends_with 1 nosuch0 "unknown interface" \
	"$RSTSCOPE" watch --netns "$S" -i nosuch0 --json
ends_with 1 nosuchns "unknown namespace" \
	"$RSTSCOPE" watch --netns nosuchns -i eth0 --json
ends_with 1 "root|permi|cap" "no root" \
	ip netns exec "$S" "$LAB" as-uid 65534 "$RSTSCOPE" watch -i eth0 --json
clean "after refusals"

start_watch "$S" -i eth0
[ -z "$no_events" ] || { settle; skip_all "$no_events"; }
lab_run closed-port -p 81
expect_reset RA '.cause == "closed-port"' "a first watch works"
settle
check "stdout is one JSON object a line" \
	[ "$(jq -c objects "$events" | wc -l)" = "$(event_count)" ]
check "the summary on stderr names the cause" grep -q closed-port "$talk"
clean "SIGINT"

start_watch "$S" -i eth0
stop_sniff
kill -TERM "$watch_pid"
wait_exit 10 "$watch_pid"
check "SIGTERM ends with status 0" [ "$status" -eq 0 ]
clean "SIGTERM"

start_watch "$S" -i eth0 -c 1
lab_run closed-port -p 81
wait_exit 10 "$watch_pid"
stop_sniff
check "-c 1 ends with status 0 after one reset" [ "$status" -eq 0 ]
check "-c 1 prints one event" [ "$(event_count)" -eq 1 ]
clean "-c 1"

# --- outputs ---

if watch_to /dev/full -i eth0; then
	lab_run closed-port -p 81
	wait_exit 10 $watch_pid
	check "/dev/full ends with status 1 (status $status)" [ "$status" -eq 1 ]
	check "/dev/full is explained" grep -qi "no space" "$talk"
else
	not_ok "watch starts with output to /dev/full"
fi
clean "/dev/full"

mkfifo "$work/pipe" 2> /dev/null || :
cat "$work/pipe" > /dev/null &
reader=$!
if watch_to "$work/pipe" -i eth0; then
	kill_child $reader
	wait $reader 2> /dev/null || :
	lab_run closed-port -p 81
	wait_exit 10 $watch_pid
	check "a closed pipe ends the watch, not by a signal (status $status)" \
		[ "$status" -le 1 ]
else
	not_ok "watch starts with output to a pipe"
fi
rm -f "$work/pipe"
clean "closed pipe"

# --- an interface vanishes ---

ip -n "$S" link add x0 type veth peer name x1
ip -n "$S" link set x0 up
ip -n "$S" link set x1 up
start_watch "$S" -i eth0 -i x0
ip -n "$S" link del x0
lab_run linger-zero -p 80
expect_reset RA '.cause == "linger-zero"' "after another interface vanished"
settle
clean "interface deleted"

# --- killed, then started again ---

start_watch "$S" -i eth0
stop_sniff
kill -KILL "$watch_pid"
wait_exit 10 "$watch_pid"
start_watch "$S" -i eth0
lab_run linger-zero -p 80
expect_reset RA '.cause == "linger-zero"' "one event in the watch after SIGKILL"
settle
clean "SIGKILL and the next watch"

# --- other people's filters ---

# Never matches, so it does not keep packets from later filters.
tc -n "$S" qdisc replace dev eth0 clsact
for dir in ingress egress; do
	for pref in 1 49152; do
		tc -n "$S" filter add dev eth0 $dir pref $pref handle 1 \
			protocol all bpf bytecode '1,6 0 0 0'
	done
done
before=$(filters)
start_watch "$S" -i eth0
lab_run linger-zero -p 80
expect_reset RA '.cause == "linger-zero"' "beside foreign filters"
settle
check "foreign qdisc and filters are untouched" [ "$before" = "$(filters)" ]

start_watch "$S" -i eth0
stop_sniff
kill -KILL "$watch_pid"
wait_exit 10 "$watch_pid"
start_watch "$S" -i eth0
settle
check "foreign filters are untouched after SIGKILL and a restart" \
	[ "$before" = "$(filters)" ]
tc -n "$S" qdisc del dev eth0 clsact

tc -n "$S" qdisc add dev eth0 clsact
start_watch "$S" -i eth0
settle
check "a foreign qdisc without filters stays" \
	[ -n "$(tc -n "$S" qdisc show dev eth0 clsact)" ]

# A container may give its interface any name: no terminal must obey it.
name=$'at\e[31mX\e]0;\a'
ip -n "$S" link add "$name" type veth peer name hostile-peer
ip -n "$S" link set "$name" up
is_harmless()	# FILE
{
	! grep -q "[[:cntrl:]]" <(tr -d '\t\n' < "$1")
}
in_ns "$S" "$RSTSCOPE" watch -D > "$work/list" 2> "$work/list.err"
check "-D lists an interface of any name" grep -qF 'at\x1b[31mX\x1b]0;\x07' "$work/list"
check "... which acts on no terminal" is_harmless "$work/list"
in_ns "$S" "$RSTSCOPE" watch -i "$name" --duration 1 > "$work/out" 2> "$work/talk"
check "its name is logged" grep -qF 'at\x1b[31mX\x1b]0;\x07' "$work/talk"
check "... and acts on no terminal there either" is_harmless "$work/talk"
finish
