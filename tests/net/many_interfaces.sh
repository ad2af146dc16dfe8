#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Attaching to many interfaces takes seconds: what happens meanwhile is reported, and Ctrl-C is obeyed.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
need_root
name_namespaces
make_ns "$S"
N=300

make_interfaces()	# N, an even number, in namespace $S
{
	local i

	for ((i = 1; i < $1; i += 2)); do
		echo "link add many$i type veth peer name many$((i + 1))"
		echo "link set many$i up"
		echo "link set many$((i + 1)) up"
	done | ip -n "$S" -batch -
}

remove_interfaces()	# N
{
	local i

	for ((i = 1; i < $1; i += 2)); do
		echo "link del many$i"
	done | ip -n "$S" -batch -
}

watched()
{
	grep -c '^wire view: ' "$talk"
}

# A log of one page, which stops the watch in mid-attach while nobody reads it. F_SETPIPE_SZ is 1031.
open_log()	# NAME: a pipe in place of the log of launch_watch
{
	log=$work/$1.stderr
	rm -f "$log"
	mkfifo "$log"
	exec 9<> "$log"
	perl -e 'open(my $log, "+<&=", 9) or die; fcntl($log, 1031, 4096) or die "$!\n"'
}

stands_still()
{
	gone "$watch_pid" || grep -q pipe_write "/proc/$watch_pid/wchan" 2> /dev/null
}

# Each line of the log stands for an interface: who reads slowly keeps the watch from having
# them all before anything else can happen.
slowly()
{
	local line

	while IFS= read -r line; do
		printf '%s\n' "$line"
		sleep 0.02
	done
}

read_log()	# From now on, and to its end; $talk has it then
{
	talk=$work/read.log
	slowly < "$log" > "$talk" 9>&- &
	log_reader=$!
	at_exit "kill_child $log_reader"
	exec 9>&-
}

ends()	# DESC
{
	wait_exit 60 "$watch_pid"
	wait "$log_reader" || :
	has_ended "$1"
}

has_ended()
{
	check "$1 ends with status 0 (status $status)" [ "$status" -eq 0 ]
}

make_interfaces $N
open_log many
launch_watch many "$S" -i any -c 1
check "a watch stands still while it attaches" wait_for 60 stands_still
# On lo, which is the first to be attached to.
ip netns exec "$S" bash -c ': < /dev/tcp/127.0.0.1/81' 2> /dev/null || :
read_log
ends "-c 1 while it attaches"
check "a reset is reported before all $((N + 1)) interfaces are watched ($(watched))" \
	[ "$(watched)" -le $N ]
check "... with its cause" [ "$(jq -r .cause "$events")" = closed-port ]

open_log many
launch_watch many "$S" -i any
wait_for 60 stands_still || :
kill -INT "$watch_pid"
read_log
ends "SIGINT while it attaches"
check "SIGINT is obeyed before all $((N + 1)) interfaces are watched ($(watched))" \
	[ "$(watched)" -le $N ]
check "... and nothing is said to be ready" [ ! -e "$work/many.ready" ]
rm "$log"

# Once all is written, a second signal does not wait until everything is detached.
hears_stop()	# PID: SIGINT is not blocked, as far as it still runs
{
	local blocked

	blocked=$(sed -n 's/^SigBlk:\t//p' "/proc/$1/status" 2> /dev/null) || :
	[ -z "$blocked" ] || [ $((16#$blocked & 2)) -eq 0 ]
}

launch_watch many "$S" -i any
watch_started many "$watch_pid" || not_ok "watch starts: $(tail -n 3 "$talk")"
kill -INT "$watch_pid"
check "SIGINT is heard again while $((N + 1)) interfaces are detached from" \
	wait_for 60 hears_stop "$watch_pid"
kill -INT "$watch_pid" 2> /dev/null
wait_exit 60 "$watch_pid"
if [ "$status" -eq 0 ]; then
	skip "a second SIGINT" "all was detached before it came"
else
	check "a second SIGINT ends it (status $status)" [ "$status" -eq 130 ]
fi
check "... after the summary" grep -q 'segments recorded' "$talk"

# Followed: those that come later, too.
remove_interfaces $N
open_log many
launch_watch many "$S" -i any
watch_started many "$watch_pid" || not_ok "watch starts"
make_interfaces $N
wait_for 60 stands_still || :
kill -INT "$watch_pid"
read_log
ends "SIGINT while it follows"
check "SIGINT is obeyed before all new interfaces are watched ($(watched))" \
	[ "$(watched)" -le $N ]

# Few descriptors: filters on clsact need none.
remove_interfaces $N
make_interfaces 40
limited_watch()	# S|H LIMIT: the soft limit of descriptors, or both
{
	talk=$work/limited.stderr
	rm -f "$work/limited.ready"
	(
		ulimit -Sn "$2"
		[ "$1" = S ] || ulimit -Hn "$2"
		exec "$RSTSCOPE" watch --netns "$S" --ready-file "$work/limited.ready" > /dev/null 2> "$talk"
	) &
	watch_pid=$!
	at_exit "kill_child $watch_pid"
	watch_started limited "$watch_pid" || not_ok "watch starts: $(tail -n 3 "$talk")"
	kill -INT "$watch_pid"
	wait_exit 60 "$watch_pid"
	has_ended "a watch with $2 descriptors"
	check "with $2 descriptors all interfaces are watched" [ "$(watched)" -eq 41 ]
}

by_clsact()	# The warning counts those that the log has, and names the first.
{
	local n first

	n=$(grep -c '^wire view: .*clsact' "$talk")
	first=$(sed -n '/^wire view: .*clsact/{s/^wire view: \([^ ]*\) .*/\1/p;q}' "$talk")
	[ "$n" -gt 1 ] && grep -q "^warning: 128 descriptors .*: $n interfaces, from '$first' on" "$talk"
}

limited_watch S 100
check "... by tcx: the limit is raised" [ "$(grep -c '^wire view: .*clsact' "$talk")" -eq 0 ]
limited_watch H 128
check "... some by clsact where it cannot be" by_clsact
check "... which leaves nothing behind" \
	[ -z "$(tc -n "$S" qdisc show | grep clsact)" ]
finish
