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

watches()	# N: at least
{
	gone "$watch_pid" || [ "$(watched)" -ge "$1" ]
}

has_ended()
{
	check "$1 ends with status 0 (status $status)" [ "$status" -eq 0 ]
}

make_interfaces $N
launch_watch many "$S" -i any -c 1
# Resets on lo, which is the first to be attached to, until we kill it.
ip netns exec "$S" bash -c 'while :; do : < /dev/tcp/127.0.0.1/81; sleep 0.02; done' 2> /dev/null &
knocker=$!
at_exit "kill_child $knocker"
wait_exit 60 "$watch_pid"
kill_child $knocker 2> /dev/null
has_ended "-c 1 while it attaches"
check "a reset is reported before all $((N + 1)) interfaces are watched ($(watched))" \
	[ "$(watched)" -le $N ]
check "... with its cause" [ "$(jq -r .cause "$events")" = closed-port ]

launch_watch many "$S" -i any
wait_for 60 watches 1 || :
kill -INT "$watch_pid"
wait_exit 60 "$watch_pid"
has_ended "SIGINT while it attaches"
check "SIGINT is obeyed before all $((N + 1)) interfaces are watched ($(watched))" \
	[ "$(watched)" -le $N ]
check "... and nothing is said to be ready" [ ! -e "$work/many.ready" ]

# Followed: those that come later, too.
remove_interfaces $N
launch_watch many "$S" -i any
watch_started many "$watch_pid" || not_ok "watch starts: $(tail -n 3 "$talk")"
make_interfaces $N &
maker=$!
at_exit "kill_child $maker"
wait_for 60 watches 2 || :
kill -INT "$watch_pid"
wait_exit 60 "$watch_pid"
has_ended "SIGINT while it follows"
wait "$maker"
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

limited_watch S 100
check "... by tcx: the limit is raised" [ "$(grep -c '^wire view: .*clsact' "$talk")" -eq 0 ]
limited_watch H 128
check "... some by clsact where it cannot be" grep -q '^warning: 128 descriptors' "$talk"
check "... which leaves nothing behind" \
	[ -z "$(tc -n "$S" qdisc show | grep clsact)" ]
finish
