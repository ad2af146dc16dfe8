# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of races in the socket hash table share. The races are the
# kernel's own. A probe (build/tests/spin) holds one of the two racers at one
# instruction for a while, so that they happen in minutes rather than weeks.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

SPIN=${SPIN:-$root_dir/build/tests/spin}
RESETS=3		# so many are enough
# shellcheck disable=SC2034 # for the scripts
CONNECTIONS=150		# after so many it is given up
# shellcheck disable=SC2034
SPIN_US=5000		# emulated processors are slow; the probe itself ends sooner on others
spin_pid=
window=none hits=0

# What the server sends comes 10 ms late, from a timer: see lab_race.c. The
# client acknowledges a FIN at once, not together with its own.
race_topo()
{
	[ "$(nproc)" -ge 2 ] || skip_all "needs two CPUs"
	topo2
	tc -n "$S" qdisc add dev eth0 root netem delay 10ms 2> /dev/null ||
		skip_all "no netem"
	ip -n "$C" route add "$S4" dev eth0 quickack 1
	ip -n "$C" -6 route add "$S6" dev eth0 quickack 1
}

# The first of these functions that this kernel has.
function_of()	# NAME...
{
	local f

	for f; do
		if grep -qw "$f" /proc/kallsyms; then break; fi
	done
	echo "$f"
}

# Sets $window to open, closed or none (with the reason in $cannot).
# shellcheck disable=SC2034 # for the scripts
start_spin()	# FUNCTION WHERE USEC [OPTION...]
{
	local f=$1 where=$2 usec=$3

	shift 3
	window=none cannot="$SPIN is not built"
	[ -x "$SPIN" ] || return 0
	rm -f "$work/spin.ready"
	"$SPIN" -n "$S" -r "$work/spin.ready" "$@" "$f" "$where" "$usec" \
		> "$work/spin" 2> "$work/spin.err" &
	spin_pid=$!
	at_exit "kill_child $spin_pid"
	wait_for 120 ended_or_exists "$spin_pid" "$work/spin.ready" || :
	cannot=$(tail -n 1 "$work/spin.err")
	[ -e "$work/spin.ready" ] || return 0
	window=$(awk '$1 == "place" { print $4 }' "$work/spin")
	note "$(head -n 1 "$work/spin")"
}

# Sets $hits.
stop_spin()
{
	hits=0
	kill -TERM "$spin_pid" 2> /dev/null || :
	wait_exit 10 "$spin_pid"
	[ "$window" != none ] || return 0
	hits=$(awk '$1 == "hits" { print $2 }' "$work/spin")
	note "$(tail -n 1 "$work/spin")"
}

# Resets of the server, of the current family.
server_resets()
{
	awk -v s="$(addr_of S)" '$1 == "rst" && $3 == s && $4 == 80' "$wire"
}

n_resets()
{
	server_resets | wc -l
}

# Connections, ten by ten, until enough were reset. Keeps their lines in
# $work/N.FAMILY.conns.
provoke()	# N COMMAND ARGS...
{
	local n most=$1

	shift
	conns=$work/$watch_n.$fam.conns
	: > "$conns"
	for ((n = 0; n < most; n += 10)); do
		lab_run "$@" -p 80 -n 10 -t 60
		grep '^conn ' "$said" >> "$conns" || :
		[ "$(n_resets)" -lt "$RESETS" ] || break
	done
	note "IPv$fam: $(n_resets) of $(wc -l < "$conns") connections were reset"
}

# Every reset of the server has this shape, and the number of its connection.
right_shape()	# handshake|timewait
{
	server_resets | awk -v kind="$1" -v conns="$conns" '
		BEGIN {
			while ((getline line < conns) > 0) {
				split(line, f, " ")
				# The client may take a port again.
				if (got[f[3]] != "ECONNRESET")
					got[f[3]] = f[7]
				fin_ack[f[3]] = fin_ack[f[3]] " " f[9] " "
			}
		}
		$7 != "R" || !($6 in got) { bad = 1 }
		# Only the exact number resets at once (RFC 5961).
		kind == "handshake" && got[$6] != "ECONNRESET" { bad = 1 }
		# What the client sent before it had the FIN acknowledges one less.
		kind == "timewait" && !index(fin_ack[$6], " " $9 " ") &&
			!index(fin_ack[$6], sprintf(" %.0f ", $9 + 1)) { bad = 1 }
		END { exit bad }'
}

# One event for each reset of the server, and FILTER holds for all of them.
expect_race_events()	# FAMILY N FILTER DESC
{
	local all good seqs fam=$1

	if [ -n "$no_events" ]; then
		skip "$4: events" "$no_events"
		return
	fi
	seqs=$(awk '$1 == "rst" { printf "%s%s", sep, $9; sep = "," }' "$wire")
	all=$(jq -c --arg s "$(addr_of S)" 'select(.rst.src == $s and .rst.sport == 80)' \
		"$events" | tee "$work/race.ndjson" | wc -l)
	good=$(jq -c --argjson seqs "[$seqs]" "select($always) | select($3)" \
		"$work/race.ndjson" | wc -l) || good=-1
	if [ "$all" -eq "$2" ] && [ "$good" -eq "$2" ]; then
		ok "$4: $2 events"
		return
	fi
	not_ok "$4: $2 events"
	note "$all events, $good with $3"
	note "$(jq -c --argjson seqs "[$seqs]" "select(($always) and ($3) | not) |
		{cause, confidence, rst, answers, kernel, evidence}" "$work/race.ndjson" | head -n 3)"
}

# What a race must look like, if there is one, and must not where there cannot.
judge_race()	# handshake|timewait DESC
{
	local n

	n=$(n_resets)
	if [ "$window" = closed ]; then
		check "$2: no reset, as this kernel's code has no such window" [ "$n" -eq 0 ]
		[ -z "$TIERS" ] || cannot_happen "this kernel's code has no such window"
	elif [ "$n" -gt 0 ]; then
		check "$2: $n resets of the right shape and number" right_shape "$1"
		right_shape "$1" || note "$(server_resets)"
	elif [ "$hits" -eq 0 ]; then
		skip "$2" "the probe was never hit"
	else
		# The other processor must be there at the right moment, which a busy host may not grant.
		skip "$2" "the probe was hit $hits times, but the lookup never fell into the window"
	fi
	if [ -n "$TIERS" ]; then
		judge_each_reset "$@"
		return
	fi
	later expect_race_events "$fam" "$n" ".cause == \"ehash-race-$1\" and
		.type == \"passive\" and .origin == \"local\" and
		.rst.seq == .answers.ack and .rst.flags == \"RST\" and
		(.kernel.race | .kind == \"$1\" and .cpu != .lookup_cpu and
		 .overlap_us > 0 and (.start | type) == \"string\" and
		 (.end | type) == \"string\")" "$2"
}

# Twice, so that they are not unique.
ports_taken_again()
{
	awk '{ print $2, $3, $4, $5 }' "$conns" | sort | uniq -d | awk '{ print; print }'
}

# In the matrix: by each kernel view. A connection whose segments were sent again may have several
# resets, and so may a port that was taken again.
judge_each_reset()	# handshake|timewait DESC
{
	local tuple

	while read -r tuple; do
		later each_watch judge "ehash-race-$1" "$fam" "$tuple" "$2"
	done < <({ server_resets | awk '{ print $5, $6, $3, $4 }'; ports_taken_again; } | sort | uniq -u)
}
