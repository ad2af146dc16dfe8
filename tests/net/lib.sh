# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the scripts of tests/net share. A script does
#
#	. "${0%/*}/lib.sh"
#	topo2				# or topo3
#	start_watch "$S" -i eth0
#	for fam in 4 6; do
#		lab_run linger-zero -p 80
#		remember "linger-zero v$fam"
#	done
#	stop_watch
#	expect_...
#	finish
#
# and prints one line for each check: "ok - X", "not ok - X" or
# "ok - X # SKIP why". All traffic stays in namespaces made here.

set -eu -o pipefail

net_dir=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
root_dir=$(cd "$net_dir/../.." && pwd)
RSTSCOPE=${RSTSCOPE:-$root_dir/build/rstscope}
LAB=${LAB:-$root_dir/build/tests/lab}
OUT=${OUT:-$root_dir/build/test-out/net}
# In the matrix: kernel views to try side by side, each in a watch of its own (lib_tiers.sh).
TIERS=${TIERS-}
script=${0##*/}
script=${script%.sh}
work=$OUT/$script
# A rule would bring these; loaded before, no scenario depends on how fast the sensor follows.
modprobe -qa nf_conntrack nf_reject_ipv4 nf_reject_ipv6 2> /dev/null || :
export LAB_PORTS=$work/ports	# the next port of a client
failures=0
fam=4			# the family that addr_of, ipt and lab_run use

# --- results ---

ok()
{
	echo "ok - $*"
}

not_ok()
{
	echo "not ok - $*"
	failures=$((failures + 1))
}

skip()	# DESC WHY
{
	echo "ok - $1 # SKIP $2"
	[ -z "$TIERS" ] || cannot_happen "$2"
}

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# Limits of the whole kernel are changed only in a machine made for that.
need_vm()
{
	[ "${RSTSCOPE_VM-}" = 1 ] ||
		skip_all "changes a limit of the whole machine: virtual machines only (tests/vm/run.sh)"
}

# Say why nothing of this script can run here, and leave.
skip_all()
{
	skip "$script" "$*"
	exit 0
}

check()	# DESC COMMAND...
{
	local desc=$1

	shift
	if "$@"; then ok "$desc"; else not_ok "$desc"; fi
}

finish()
{
	check_timers
	[ "$failures" -eq 0 ]
	exit
}

# --- cleanup, last made first removed ---

cleanups=()

at_exit()
{
	cleanups+=("$*")
}

run_cleanups()
{
	local status=$? i

	set +e
	trap '' INT TERM
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
		eval "${cleanups[i]}" > /dev/null 2>&1
	done
	exit "$status"
}
trap run_cleanups EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- waiting ---

# Look at a condition 50 times a second, but not for ever.
wait_for()	# SECONDS COMMAND...
{
	local end=$((SECONDS + $1 + 1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

gone()	# PID
{
	! kill -0 "$1" 2> /dev/null
}

# A process id may belong to somebody else once its child was waited for.
kill_child()	# PID
{
	jobs -p | grep -qx "$1" && kill -KILL "$1"
}

# Sets $status; kills what does not end by itself.
wait_exit()	# SECONDS PID
{
	status=0
	# Bash would announce each job that a signal ended.
	{
		wait_for "$1" gone "$2" || kill -KILL "$2" || :
		wait "$2" || status=$?
	} 2> /dev/null
}

# --- namespaces ---
#
# two:    $C eth0 10.0.2.11 ------------------------------ eth0 10.0.2.1 $S
# three:  $C eth0 10.0.1.1 --- 10.0.1.254 eth1 $G eth2 10.0.2.254 --- eth0 10.0.2.1 $S
# Fixed neighbours, no DAD and no link-local addresses: nothing but the
# scenario's own packets is on the wire.

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	[ -x "$LAB" ] || skip_all "$LAB is not built"
}

make_ns()	# NAME
{
	ip netns add "$1"
	at_exit "ip netns del $1"
	ip -n "$1" link set lo up
	# Keep what another test may have set globally out of this one.
	ns_sysctl "$1" net.ipv4.tcp_timestamps=1
}

in_ns()
{
	ip netns exec "$@"
}

ns_sysctl()	# NS KEY=VALUE
{
	local path

	path=/proc/sys/$(echo "${2%%=*}" | tr . /)
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$1" sh -c '[ -e "$1" ] && echo "$2" > "$1"' sh \
		"$path" "${2#*=}"
}

# A cable between two namespaces, with an address of each family at each end.
cable()	# NS1 IF1 V4 V6 MAC1  NS2 IF2 V4 V6 MAC2
{
	ip link add name "$2" netns "$1" address "$5" type veth \
		peer name "$7" netns "$6" address "${10}"
	cable_end "$1" "$2" "$3" "$4" "$8" "$9" "${10}"
	cable_end "$6" "$7" "$8" "$9" "$3" "$4" "$5"
}

cable_end()	# NS IF V4 V6 PEER4 PEER6 PEERMAC
{
	ip -n "$1" link set dev "$2" addrgenmode none
	ns_sysctl "$1" "net.ipv6.conf.$2.accept_dad=0"
	ip -n "$1" addr add "$3/24" dev "$2"
	ip -n "$1" addr add "$4/64" dev "$2" nodad
	ip -n "$1" link set dev "$2" up
	ip -n "$1" neigh replace "$5" lladdr "$7" dev "$2" nud permanent
	ip -n "$1" neigh replace "$6" lladdr "$7" dev "$2" nud permanent
}

networks=0

name_namespaces()
{
	local base

	networks=$((networks + 1))
	base=rst$$x$networks
	C=${base}c G=${base}g S=${base}s
}

# Addresses are variables so that the same script serves both topologies.
topo2()
{
	need_root
	name_namespaces
	C4=10.0.2.11 C6=fd00:2::11 S4=10.0.2.1 S6=fd00:2::1
	make_ns "$C"
	make_ns "$S"
	cable "$C" eth0 $C4 $C6 02:00:00:00:02:11 \
	      "$S" eth0 $S4 $S6 02:00:00:00:02:01
}

topo3()
{
	need_root
	name_namespaces
	C4=10.0.1.1 C6=fd00:1::1 S4=10.0.2.1 S6=fd00:2::1
	# shellcheck disable=SC2034 # for the scripts
	G4=10.0.2.254 G6=fd00:2::254 V4=10.0.1.254 V6=fd00:1::254
	make_ns "$C"
	make_ns "$G"
	make_ns "$S"
	cable "$C" eth0 $C4 $C6 02:00:00:00:01:01 \
	      "$G" eth1 $V4 $V6 02:00:00:00:01:fe
	cable "$G" eth2 $G4 $G6 02:00:00:00:02:fe \
	      "$S" eth0 $S4 $S6 02:00:00:00:02:01
	ns_sysctl "$G" net.ipv4.ip_forward=1
	ns_sysctl "$G" net.ipv6.conf.all.forwarding=1
	ip -n "$C" route add default via $V4
	ip -n "$C" -6 route add default via $V6
	ip -n "$S" route add default via $G4
	ip -n "$S" -6 route add default via $G6
}

addr_of()	# C|S|G|V, of the family in $fam
{
	local name=$1$fam

	echo "${!name}"
}

# --- packet filter rules ---

rules_work()	# NS PROGRAM
{
	local r="PREROUTING -p tcp --dport 9 -j REDIRECT --to-ports 10"

	command -v "$2" > /dev/null || return 1
	# shellcheck disable=SC2086 # words on purpose
	in_ns "$1" "$2" -w -t nat -A $r 2> /dev/null &&
		in_ns "$1" "$2" -w -t nat -D $r 2> /dev/null
}

# The variant differs between distributions and kernels: take what works.
# Tried in a namespace of its own, because trying turns conntrack on.
pick_iptables()
{
	local ns=${S}p v

	[ -z "${ipt_variant+picked}" ] || return 0
	ip netns add "$ns"
	for v in "" -nft -legacy none; do
		[ "$v" = none ] || ! rules_work "$ns" "iptables$v" || break
	done
	ip netns del "$ns"
	[ "$v" != none ] || skip_all "no working iptables"
	ipt_variant=$v
}

# The program for the family in $fam, as in: in_ns "$S" "$(ipt_prog)" -w ...
ipt()	# NS ARGS...
{
	local ns=$1 prog=iptables

	shift
	pick_iptables
	[ "$fam" = 4 ] || prog=ip6tables
	in_ns "$ns" "$prog${ipt_variant:-}" -w "$@"
}

# The same as words for a "run=" step of the lab.
ipt_words()	# NS ARGS...
{
	local ns=$1 prog=iptables

	shift
	[ "$fam" = 4 ] || prog=ip6tables
	echo "ip netns exec $ns $prog$ipt_variant -w $*"
}

redirect()	# NS FROM TO
{
	ipt "$1" -t nat -A PREROUTING -p tcp --dport "$2" -j REDIRECT --to-ports "$3"
}

# Rules that match nothing but make conntrack look at every packet.
conntrack_on()	# NS
{
	ipt "$1" -A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT
}

# --- the program under test, and the wire beside it ---

mkdir -p "$work"
printf %d $((32768 + RANDOM % 28000)) > "$LAB_PORTS"
watch_n=0
watch_pid=
sniff_pids=()
events=/dev/null
wire=/dev/null
# Why there are no events to look at; empty when there are.
no_events=

have_rstscope()
{
	[ -x "$RSTSCOPE" ]
}

ended_or_exists()	# PID FILE
{
	[ -e "$2" ] || gone "$1"
}

# Whatever is watched is recorded too, to see that it replays.
record_args()	# NAME ARGS...
{
	if [ -z "$TIERS" ] && [[ " $* " != *" -w "* ]]; then
		echo "-w $work/$1.pcapng"
	fi
}

replay_is_same()
{
	"$RSTSCOPE" explain -r "${events%.ndjson}.pcapng" --json 2>&1 | cmp - "$events"
}

check_replay()
{
	local recording=${events%.ndjson}.pcapng

	[ -z "$no_events" ] && [ -s "$recording" ] && [ -s "$events" ] || return 0
	check "the recording of watch $watch_n replays to the same JSON" replay_is_same
}

# All files of a watch begin with $work/N.
start_sniff()	# NS IF
{
	local ready=$work/$watch_n.sniff.$2.ready

	rm -f "$ready"
	"$LAB" sniff -S "$1" -i "$2" --ready-file "$ready" >> "$wire" &
	sniff_pids+=($!)
	at_exit "kill_child $!"
	wait_for 5 ended_or_exists $! "$ready"
	[ -e "$ready" ] || { echo "# the sniffer did not start"; exit 1; }
}

# Sets the globals watch_pid, events and talk. All files of it begin with $work/NAME.
launch_watch()	# NAME NS ARGS...
{
	local name=$1 ns=$2

	shift 2
	rm -f "$work/$name.ready"
	events=$work/$name.ndjson
	talk=$work/$name.stderr
	# shellcheck disable=SC2046,SC2086 # lists of words
	"$RSTSCOPE" watch --netns "$ns" --json --ready-file "$work/$name.ready" $(record_args "$name" "$@") \
		${WATCH_ARGS-} "$@" > "$events" 2> "$talk" &
	watch_pid=$!
	at_exit "kill_child $watch_pid"
}

# Returns 1, and sets $status, if it did not start.
watch_started()	# NAME PID
{
	wait_for 120 ended_or_exists "$2" "$work/$1.ready" || :
	[ ! -e "$work/$1.ready" ] || return 0
	wait_exit 0 "$2"
	return 1
}

# Watch the interfaces named by -i; the sniffer sees the first of them only,
# so that a forwarded reset counts once on the wire as well.
start_watch()	# NS ARGS...
{
	local ns=$1 first=eth0 i

	for ((i = 2; i <= $#; i++)); do
		[ "${!i}" = -i ] || continue
		i=$((i + 1)) first=${!i}
		break
	done
	watch_n=$((watch_n + 1))
	wire=$work/$watch_n.wire
	: > "$wire"
	start_sniff "$ns" "$first"
	[ -n "$TIERS" ] || start_capture "$ns" "$first"
	no_events=
	if ! have_rstscope; then
		no_events="rstscope is not built"
		return
	fi
	if [ -n "$TIERS" ]; then
		start_tiers "$@"
		return
	fi
	launch_watch "$watch_n" "$@"
	if ! watch_started "$watch_n" "$watch_pid"; then
		no_events="watch does not work here"
		[ "$status" -eq 77 ] ||
			not_ok "watch starts (exit status $status): $(tail -n 3 "$talk" | tr '\n' ' ')"
	fi
}

event_count()
{
	wc -l < "$events"
}

as_many_events_as_resets()
{
	[ "$(event_count)" -ge "$(wc -l < "$wire")" ] || gone "$watch_pid"
}

stop_sniff()
{
	local pid

	for pid in "${sniff_pids[@]}"; do
		kill -TERM "$pid"
		wait_exit 5 "$pid"
		[ "$status" -eq 0 ] || not_ok "the sniffer saw everything"
	done
	sniff_pids=()
}

end_watch()	# PID
{
	kill -INT "$1" 2> /dev/null || :
	wait_exit 10 "$1"
	[ "$status" -eq 0 ] ||
		not_ok "watch ends with status 0 after SIGINT (status $status): $(tail -n 3 "$talk" | tr '\n' ' ')"
}

# Give the events time to arrive, then end the watch as a user would.
stop_watch()
{
	stop_sniff
	stop_capture
	[ -z "$no_events" ] || return 0
	if [ -n "$TIERS" ]; then
		stop_tiers
		return
	fi
	wait_for "${EVENT_WAIT:-3}" as_many_events_as_resets || :
	end_watch "$watch_pid"
	check_replay
	compare_capture
}

# Run one scenario against the server. Sets $tuple (client's view) and
# $result, and keeps what the tool said in $said.
lab_run()	# COMMAND ARGS...
{
	local cmd=$1

	shift
	said=$work/lab.$watch_n
	tuple='' result=0
	"$LAB" "$cmd" -C "$C" -S "$S" -a "$(addr_of S)" "$@" > "$said" \
		2> "$said.err" || result=$?
	cat "$said" "$said.err" >> "$work/lab.log"
	[ "$result" -eq 0 ] || not_ok "lab $cmd $*: $(tr '\n' ' ' < "$said.err")"
	tuple=$(sed -n 's/^tuple //p' "$said" | head -n 1)
}

# The tuple of the last connection, where the lab made several.
last_tuple()
{
	sed -n 's/^tuple //p' "$said" | tail -n 1
}

# The value of a word in what the lab said: fact segment seq
fact()	# LINE WORD
{
	awk -v line="$1" -v word="$2" '$1 == line {
		for (i = 2; i < NF; i++)
			if ($i == word) { print $(i + 1); exit } }' "$said"
}

app_got()	# WHO WHAT DESC
{
	check "$3: the $1's application gets $2" grep -qx "$1 $2" "$said"
}

# --- expectations ---

wire_count()	# TUPLE [FLAGS]
{
	awk -v t="$1" -v flags="${2-}" '
		BEGIN { split(t, a, " ") }
		$1 == "rst" && (flags == "" || flags == $7) &&
		(($3 == a[1] && $4 == a[2] && $5 == a[3] && $6 == a[4]) ||
		 ($3 == a[3] && $4 == a[4] && $5 == a[1] && $6 == a[2])) { n++ }
		END { print n + 0 }' "$wire"
}

# For a "run=" step: wait until one more reset from this port is on the wire.
wire_has()	# PORT
{
	local n

	n=$(grep -c "^rst out [^ ]* $1 " "$wire") || :
	echo "for i in \$(seq 500); do [ \$(grep -c '^rst out [^ ]* $1 ' $wire) -le $n ] || exit 0;" \
		"sleep 0.02; done; exit 1"
}

# A program of the test, whose output is $work/NAME.out, has printed a line that begins with WORDS.
has_printed()	# NAME WORDS
{
	grep -qsE "^$2( |\$)" "$work/$1.out"
}

# Ends the script where that does not come.
hear()	# NAME WORDS
{
	wait_for 30 has_printed "$1" "$2" || {
		not_ok "$1 $2: $(tail -n 1 "$work/$1.out")"
		exit 1
	}
}

# For a "run=" step: wait until the connection's reset is reported, so that whoever has the socket still
# has it when the watch looks. Never fails; a watch that was too slow for that is asked for less.
event_comes()
{
	if [ -n "$no_events$TIERS" ]; then
		echo true
		return
	fi
	rm -f "$work/too_late"
	echo "end=\$((\$(date +%s) + 8));" \
		"until grep -qs '\"[sd]port\": *'\"\$LAB_CPORT\"'[,}]' $events; do" \
		"if [ \$(date +%s) -ge \$end ]; then : > $work/too_late; break; fi; sleep 0.05; done"
}

# What the report says of who had the socket, if event_comes() saw that in time.
if_in_time()	# FILTER
{
	if [ -e "$work/too_late" ]; then
		note "the watch reported it too late to see who had the socket" >&2
		echo true
	else
		echo "$1"
	fi
}

# So many resets of this shape, and none of another, between these two.
expect_wire()	# N FLAGS TUPLE DESC
{
	local all same

	all=$(wire_count "$3")
	same=$(wire_count "$3" "$2")
	if [ "$all" -eq "$1" ] && [ "$same" -eq "$1" ]; then
		ok "$4: $1 RST [$2] on the wire"
		return
	fi
	not_ok "$4: $1 RST [$2] on the wire"
	note "tuple $3; the wire had:"
	note "$(cat "$wire")"
}

expect_no_wire()	# DESC
{
	check "$1: no RST on the wire" [ ! -s "$wire" ]
	[ ! -s "$wire" ] || note "$(head -n 5 "$wire")"
}

# The events of one connection, whichever end sent the reset. An event without
# a reset is about the segment that got none.
events_of()	# TUPLE
{
	# shellcheck disable=SC2086 # the tuple is four words
	set -- $1
	jq -c --arg a "$1" --argjson ap "$2" --arg b "$3" --argjson bp "$4" '
		select(.rst // .answers | (.src == $a and .sport == $ap and
			       .dst == $b and .dport == $bp) or
			      (.src == $b and .sport == $bp and
			       .dst == $a and .dport == $ap))' "$events"
}

wire_seqs()	# TUPLE
{
	awk -v t="$1" '
		BEGIN { split(t, a, " ") }
		$1 == "rst" && ($4 == a[2] && $6 == a[4] ||
				$4 == a[4] && $6 == a[2]) {
			printf "%s%s", sep, $9; sep = "," }' "$wire"
}

# What holds for every event: it is well-formed, its reset, if it has one, was on the wire,
# and the owner, where one is named, is the program that had the socket.
# shellcheck disable=SC2016 # $seqs belongs to jq
always='.v == 1 and (.rst == null or (.rst.seq | IN($seqs[]))) and (.evidence | type == "array") and
	(.origin | IN("local", "forwarded", "remote", "unknown")) and
	(.type | IN("active", "passive", "netfilter", "unknown")) and
	(.confidence | IN("certain", "likely", "possible", "none")) and
	((.owner.comm // "lab") == "lab")'

# What came instead: the events of that connection, or the first few of all.
show_events()	# [TUPLE]
{
	local got=

	if [ ! -s "$events" ]; then
		note "no event at all; stderr: $(tail -n 3 "$talk")"
		return
	fi
	[ -z "${1-}" ] || got=$(events_of "$1") || :
	[ -n "$got" ] || got=$(head -n 4 "$events")
	note "what came:"
	note "$(jq -c '{cause, confidence, type, origin, hook, "if": .["if"], rst,
		answers, candidates, kernel, owner, evidence}' <<< "$got" 2>&1)"
}

# Exactly N events of this connection, and FILTER holds for each of them.
expect_events()	# N TUPLE FILTER DESC
{
	each_watch events_are "$@"
}

events_are()	# N TUPLE FILTER DESC
{
	local n good

	if [ -n "$no_events" ]; then
		skip "$4: event" "$no_events"
		return
	fi
	n=$(events_of "$2" | wc -l) || n=-1
	good=$(events_of "$2" | jq -c --argjson seqs "[$(wire_seqs "$2")]" \
		"select($always) | select($3)" | wc -l) || good=-1
	if [ "$n" -eq "$1" ] && [ "$good" -eq "$1" ]; then
		ok "$4: event"
		return
	fi
	not_ok "$4: event"
	note "tuple $2: $n events (expected $1), $good with $3"
	show_events "$2"
}

expect_event()	# TUPLE FILTER DESC
{
	expect_events 1 "$@"
}

expect_none()	# FILTER DESC
{
	each_watch no_event_is "$@"
}

no_event_is()	# FILTER DESC
{
	local n

	if [ -n "$no_events" ]; then
		skip "$2" "$no_events"
		return
	fi
	n=$(jq -c "select($1)" "$events" | wc -l) || n=error
	check "$2" [ "$n" = 0 ]
	[ "$n" = 0 ] || show_events
}

# Scenarios run inside one watch; what to expect is kept until it has ended.
expected=()

later()	# COMMAND ARGS...
{
	expected+=("$(printf '%q ' "$@")")
}

settle()
{
	local e

	stop_watch
	for e in ${expected[@]+"${expected[@]}"}; do
		eval "$e"
	done
	expected=()
}

# The usual pair: one reset of this shape, and one event with this content. The cause that FILTER
# names first is the true one; in the matrix, where not every tier can know the rest, that is judged.
expect_reset()	# FLAGS FILTER DESC
{
	later expect_wire 1 "$1" "$tuple" "$3"
	if [ -z "$TIERS" ]; then
		later expect_event "$tuple" "$2" "$3"
	elif [[ $2 =~ \.cause\ ==\ \"([a-z0-9-]+)\" ]]; then
		later each_watch judge "${BASH_REMATCH[1]}" "$fam" "$tuple" "$3"
	fi
}

# The same for a reset that a timer sends, for which some kernel runs no tracepoint (lib_timers.sh). The script
# calls trace_timers before start_watch.
expect_timer_reset()	# FLAGS FILTER DESC
{
	if [ -n "$TIERS" ]; then
		expect_reset "$@"
		return
	fi
	later expect_wire 1 "$1" "$tuple" "$3"
	later expect_timer_event "$tuple" "$2" "$3"
}

# shellcheck source-path=SCRIPTDIR source=lib_timers.sh
. "$net_dir/lib_timers.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tiers.sh
. "$net_dir/lib_tiers.sh"
# shellcheck source-path=SCRIPTDIR source=lib_capture.sh
. "$net_dir/lib_capture.sh"
