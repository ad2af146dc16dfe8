# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lib_capture.sh - what `explain` makes of a plain capture, beside what the kernel told `watch` of the
# same resets: a capture may leave a cause open, or say what is possible, but must not name a wrong one as
# more, nor rule out the right one.

# lib.sh sets and uses the variables.
# shellcheck disable=SC2154

capture_pid=

start_capture()	# NS IF
{
	local err=$work/$watch_n.tcpdump

	capture_pid=
	command -v tcpdump > /dev/null || return 0
	: > "$err"
	# The headers do: the buffer has room for so many more packets.
	ip netns exec "$1" tcpdump -n -U --immediate-mode -B 16384 -s 256 -Z root -i "$2" -w "$work/$watch_n.pcap" tcp \
		2> "$err" &
	capture_pid=$!
	at_exit "kill_child $capture_pid"
	wait_for 10 capture_runs "$capture_pid" "$err"
}

capture_runs()	# PID FILE
{
	grep -q '^tcpdump: listening\|^listening' "$2" || gone "$1"
}

# Lines of answers that contradict what the kernel said. Of a RST that came in the capture tells the
# sender's reason, and what is behind it as a candidate. What the watch only saw come in, or pass, has
# its reasons elsewhere, where one of another namespace passed, the capture does not know that; and what the
# packet buffer of a RST tells is in no capture. A socket that is just being closed drops data without a
# RST; the FIN behind it draws one.
contradictions()	# LIVE EXPLAINED
{
	jq -rn --slurpfile live "$1" --slurpfile wire "$2" '
		def key: [.src, .sport, .dst, .dport, .seq, .ack] | map(tostring) | join(" ");
		# Resets may be alike: then their order tells which is which.
		def numbered: reduce .[] as $e ({ n: {}, all: [] };
			($e.rst | key) as $k | .n[$k] += 1 |
			.all += [{ key: "\($k) \(.n[$k])", value: $e }]) | .all;
		($live | map(select(.rst)) | sort_by(.ts) | numbered |
			map(select(.value.cause | IN("remote", "forwarded", "unknown", "raw-socket", "bpf-program", "guest") | not)) |
			from_entries) as $truth |
		($wire | map(select(.rst)) | sort_by(.ts) | numbered)[] |
		.value as $w | $truth[.key] | select(.) |
		select($w.cause != "forwarded" or .netns == null) |
		select($w.cause != "data-after-close" or .cause != "timewait") |
		select($w.cause != .cause and
		       (($w.cause != "unknown" and $w.confidence != "possible" and .origin != "remote") or (.cause | IN($w.candidates[]) | not))) |
		"\(.cause) is \($w.cause) (\($w.confidence)) in the capture: \($w.rst | key)"'
}

stop_capture()
{
	[ -n "$capture_pid" ] || return 0
	kill -TERM "$capture_pid" 2> /dev/null || :
	wait_exit 10 "$capture_pid"
	capture_pid=
}

# Without the events there is no truth to compare with.
compare_capture()
{
	local explained=$work/$watch_n.explained wrong

	if [ -n "$no_events" ] || [ -n "$TIERS" ] || [ ! -s "$events" ] || [ ! -s "$work/$watch_n.pcap" ]; then
		return 0
	fi
	if ! "$RSTSCOPE" explain -r "$work/$watch_n.pcap" --json > "$explained" 2> "$explained.err"; then
		not_ok "explain reads the capture: $(tail -n 3 "$explained.err")"
		return 0
	fi
	# What is missing may be what triggered the reset.
	if ! grep -q '^0 packets dropped by kernel' "$work/$watch_n.tcpdump"; then
		skip "explain contradicts the kernel in nothing (watch $watch_n)" \
			"tcpdump: $(grep 'dropped by kernel' "$work/$watch_n.tcpdump")"
		return 0
	fi
	wrong=$(contradictions "$events" "$explained")
	check "explain contradicts the kernel in nothing (watch $watch_n)" [ -z "$wrong" ]
	[ -z "$wrong" ] || note "$wrong"
}
