# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Resets that a timer sends; lib.sh includes this.
#
# In one paravirtualised 6.18, now and then no tracepoint runs for those of one CPU: perf does not see
# them either. The event is then "unknown" and has no kernel function, which is right and leaves nothing
# to check. But that is also what a broken join looks like, or a probe that reports nothing. So it is
# excused only by evidence that owes nothing to rstscope: the kernel's own trace, which runs beside the
# watch and hangs on the same tracepoint, did not record that reset. Nor may the watch have lost events,
# or say that it knew of kernel resets for which it found no RST. And since it is rare, a script in
# which it happens to more than a quarter of these resets (and not just once) fails.

# lib.sh sets and uses the variables.
# shellcheck disable=SC2154

timer_trace=
timers_checked=0
timers_excused=0

in_tracefs()	# COMMAND
{
	mkdir -p "$work/tracefs"
	unshare -m sh -ec "mount -t tracefs none '$work/tracefs'; cd '$work/tracefs/instances'; $1"
}

# Before the watch. Where this kernel has no such trace, nothing is excused.
trace_timers()
{
	local name=rstscope-$$

	in_tracefs "mkdir $name; echo 1 > $name/events/tcp/tcp_send_reset/enable" 2> /dev/null || return 0
	timer_trace=$name
	at_exit "in_tracefs 'rmdir $name'"
}

# As the trace writes them.
endpoint()	# ADDRESS PORT
{
	if [[ $1 == *:* ]]; then echo "[$1]:$2"; else echo "$1:$2"; fi
}

is_traced()	# TUPLE
{
	local a b

	# shellcheck disable=SC2086 # the tuple is four words
	set -- $1
	a=$(endpoint "$1" "$2") b=$(endpoint "$3" "$4")
	in_tracefs "cat $timer_trace/trace" > "$work/trace"
	grep -qF -e "src=$a dest=$b " -e "src=$b dest=$a " "$work/trace"
}

# Why the missing account of the kernel's is not excused; nothing when it is.
not_excused()	# TUPLE
{
	if [ -z "$timer_trace" ]; then
		echo "there is no trace that shows whether the tracepoint ran"
	elif is_traced "$1"; then
		echo "the kernel ran the tracepoint for this reset"
	elif ! grep -q ' 0 events lost' "$talk"; then
		echo "the watch lost events, or has no summary"
	elif grep 'not seen on any watched interface' "$talk"; then
		:
	fi
}

expect_timer_event()	# TUPLE FILTER DESC
{
	local untold why

	timers_checked=$((timers_checked + 1))
	untold=$(events_of "$1" | jq -c 'select(.cause == "unknown" and .kernel.view == "tracepoint" and
		.kernel.function == null)' | wc -l)
	if [ "$untold" -ne 1 ]; then
		expect_event "$@"
		return
	fi
	why=$(not_excused "$1")
	if [ -n "$why" ]; then
		not_ok "$3: event"
		note "no kernel function, but: $why"
		show_events "$1"
		return
	fi
	timers_excused=$((timers_excused + 1))
	skip "$3: event" "the kernel ran no tracepoint for this timer's reset, by its own trace"
}

check_timers()
{
	if [ "$timers_excused" -gt 1 ] && [ $((4 * timers_excused)) -gt "$timers_checked" ]; then
		not_ok "for most resets of timers the kernel runs the tracepoint (not for $timers_excused of $timers_checked)"
	fi
}
