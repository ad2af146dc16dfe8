# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lib_tiers.sh - the matrix' part of lib.sh: one watch for each kernel view in $TIERS, side by side on the
# same resets, and a verdict on what each of them said. Verdicts are appended to $OUT/verdicts:
#
#	verdict TIER CAUSE FAMILY CLASS got=... confidence=... candidates=...
#	cannot CAUSE WHY		the scenario cannot happen on this kernel
#	absent TIER			this kernel does not grant that view
#
# CLASS is right; wrong; missing (not one event); unknown, where the tier cannot know and the true
# cause is among the candidates; or weak: unknown, but it should have known or offered the true cause.

# lib.sh sets and uses the variables.
# shellcheck disable=SC2154,SC2034

# Which functions must be probed to know a cause, by the names that the plan of `watch` prints.
# Whatever is not listed shows on the wire, or in conntrack's table.
needed_for()	# CAUSE FAMILY
{
	local reject=nf_send_reset

	[ "$2" = 4 ] || reject=nf_send_reset6
	case $1 in
	remote | forged | forwarded | nat-skipped-forward | nat-remapped) ;;
	netfilter-reject) echo "$reject" ;;
	# Unread data is what else it could be.
	unread-data | out-of-memory | too-many-orphans | linger2) echo tcp_send_active_reset __tcp_close ;;
	early-demux-clash) echo tcp_send_challenge_ack tcp_timewait_state_process ;;
	linger-zero | fin-wait2-timeout | disconnect | listener-closed | socket-killed | \
		keepalive-timeout | user-timeout | mptcp)
		echo tcp_send_active_reset
		;;
	ehash-race-handshake) echo "tcp_v$2_send_reset" inet_ehash_insert ;;
	ehash-race-timewait) echo "tcp_v$2_send_reset" 'inet_twsk_hashdance(_schedule)?' ;;
	*) echo "tcp_v$2_send_reset" ;;
	esac
}

# Answers that are true but say less. They pass for "unknown" as long as they are not certain; that a
# RST came in is.
is_broader()	# TRUTH ANSWER
{
	case $1:$2 in
	*:unknown) ;;
	nat-remapped:forwarded) ;;
	conntrack-expired:no-socket | conntrack-expired:listener-stray) ;;
	ehash-race-*:no-socket | ehash-race-*:listener-stray) ;;
	too-many-orphans:out-of-memory) ;;
	early-demux-clash:remote | forged:remote) ;;
	*) return 1 ;;
	esac
}

# --- one watch a tier ---

tiers=()	# those that this kernel grants
tier_pids=()

use_tier()	# TIER
{
	events=$work/$watch_n.$1.ndjson
	talk=$work/$watch_n.$1.stderr
}

# Run a check on the watch, or on each of them; the last argument describes it.
each_watch()	# FUNCTION ARGS... DESC
{
	local t

	if [ -z "$TIERS" ]; then
		"$@"
		return
	fi
	for t in "${tiers[@]}"; do
		use_tier "$t"
		"${@:1:$#-1}" "${*: -1}, $t view"
	done
}

start_tiers()	# NS ARGS...
{
	local t pids=() i=0

	tiers=() tier_pids=()
	for t in $TIERS; do
		launch_watch "$watch_n.$t" "$@" --view "$t"
		pids+=("$watch_pid")
	done
	for t in $TIERS; do
		keep_tier "$t" "${pids[i]}"
		i=$((i + 1))
	done
	[ ${#tiers[@]} -gt 0 ] || no_events="watch does not work here"
}

# A view that the kernel does not grant is left out, not judged.
keep_tier()	# TIER PID
{
	use_tier "$1"
	if ! watch_started "$watch_n.$1" "$2"; then
		not_ok "watch starts, $1 view (exit status $status): $(tail -n 3 "$talk" | tr '\n' ' ')"
	elif ! grep -q "^kernel view: $1\$" "$talk"; then
		kill -INT "$2"
		wait_exit 10 "$2"
		record "absent $1"
	else
		tiers+=("$1")
		tier_pids+=("$2")
	fi
}

stop_tiers()
{
	local i

	for i in "${!tiers[@]}"; do
		use_tier "${tiers[i]}"
		watch_pid=${tier_pids[i]}
		wait_for "${EVENT_WAIT:-10}" as_many_events_as_resets || :
		end_watch "$watch_pid"
		shorten
	done
}

# --- verdicts ---

record()	# LINE
{
	echo "$*" >> "$OUT/verdicts"
}

# The cause that a script is about stands in its name; a look-alike's is told by another.
cannot_happen()	# WHY
{
	local cause=${script#*_}

	[[ $script != not_* ]] || return 0
	record "cannot ${cause//_/-} $*"
}

# Does the watch see, on this kernel, all that tells this cause?
can_know()	# CAUSE FAMILY
{
	local f

	for f in $(needed_for "$1" "$2"); do
		grep -qE "^  $f +(fentry|kprobe|tracepoint)\$" "$talk" || return 1
	done
}

# jq takes long to start in emulation: once for all verdicts on a watch.
shorten()
{
	jq -r '[.rst.src, .rst.sport, .rst.dst, .rst.dport, .cause, .confidence,
		(.candidates | join(",")), .rst.seq, .lost.events + (if .lost.hurried then 1 else 0 end),
		.impact] | map(tostring) | join("\t")' \
		"$events" > "$events.short"
}

# One line "CAUSE CONFIDENCE LOST IMPACT CANDIDATES" for each event of the connection.
answers_on()	# TUPLE
{
	awk -F '\t' -v t="$1" '
		BEGIN { split(t, a, " ") }
		$1 == a[1] && $2 == a[2] && $3 == a[3] && $4 == a[4] ||
		$1 == a[3] && $2 == a[4] && $3 == a[1] && $4 == a[2] { print $5, $6, $9, $10, $7 }' \
		"$events.short"
}

# Sets $class. Who lost an event meanwhile, or had no time, need not know.
classify()	# TRUTH FAMILY N CAUSE CONFIDENCE LOST CANDIDATES
{
	if [ "$3" -ne 1 ]; then
		class=missing
		[ "$3" -eq 0 ] || class=wrong
	elif [ "$4" = "$1" ]; then
		class=right
	elif ! is_broader "$1" "$4" || { [ "$5" = certain ] && [ "$4" != remote ]; }; then
		class=wrong
	elif [[ ,$7, != *,$1,* ]] || { [ "$6" -eq 0 ] && can_know "$1" "$2"; }; then
		class=weak
	else
		class=unknown
	fi
}

# Sets n, cause, confidence, candidates and class, and records them and the impact in the matrix.
weigh()	# TRUTH FAMILY TUPLE
{
	local all lost impact tier=${events%.ndjson}

	all=$(answers_on "$3")
	n=$(grep -c . <<< "$all") || :
	read -r cause confidence lost impact candidates <<< "$all" || :
	classify "$1" "$2" "$n" "$cause" "$confidence" "${lost:-0}" "$candidates"
	[ -z "$TIERS" ] ||
		record "verdict ${tier##*.} $1 $2 $class got=$cause confidence=$confidence impact=$impact candidates=$candidates"
}

# Without a reset there is only what the probes tell: who lacks one of them hears nothing.
stall_is_told()	# TRUTH FAMILY TUPLE FILTER DESC
{
	local tier=${events%.ndjson}

	if [ -z "$TIERS" ] || can_know "$1" "$2"; then
		events_are 1 "$3" "$4" "$5"
	else
		record "verdict ${tier##*.} $1 $2 unknown got=nothing confidence=none candidates="
		events_are 0 "$3" true "$5: nothing is told"
	fi
}

judge()	# TRUTH FAMILY TUPLE DESC
{
	local n cause confidence candidates class

	weigh "$@"
	case $class in
	right | unknown) ok "$4: $1 is $class" ;;
	*)
		not_ok "$4: $1 is $class ($n events: $cause, $confidence; candidates: $candidates)"
		show_events "$3"
		;;
	esac
}
