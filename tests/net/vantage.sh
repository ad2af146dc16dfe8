#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Captures at both ends and on the gateway between: the same reset is one, clocks are aligned, and a
# reset that only one end has was made on the way.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
command -v tcpdump > /dev/null || skip_all "no tcpdump"
topo3
pick_iptables
dir=$work/captures
rm -rf "$dir"
mkdir -p "$dir"
pids=()

start()	# NS IF FILE
{
	: > "$dir/$3.err"
	ip netns exec "$1" tcpdump -n -U -B 4096 -Z root -i "$2" -w "$dir/$3.pcap" tcp 2> "$dir/$3.err" &
	pids+=($!)
	at_exit "kill_child $!"
	wait_for 10 capture_runs $! "$dir/$3.err"
}

start "$C" eth0 client
start "$S" eth0 server
start "$G" any gateway
tuples=()
for fam in 4 6; do
	lab_run linger-zero -p 80
	tuples+=("$tuple")
	# The gateway answers for the server, once it has seen enough.
	reject="run=$(ipt_words "$G" -A FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset)"
	pass="run=$(ipt_words "$G" -F FORWARD)"
	lab_run play -p 80 open exchange "$reject" client:send=10 client:expect=ECONNRESET "$pass"
	tuples+=("$tuple")
	# So that all captures go on.
	lab_run play -p 80 open exchange client:close server:expect=EOF server:close
done
sleep 1.2 # tcpdump takes a second to hand out what it has
for pid in "${pids[@]}"; do
	kill -TERM "$pid"
	wait_exit 10 "$pid"
done

explain()	# FILE...
{
	local args=() f

	for f; do
		args+=(-r "$dir/$f.pcap")
	done
	"$RSTSCOPE" explain --json "${args[@]}" > "$dir/out" 2> "$dir/talk"
	events=$dir/out
}

told()	# TUPLE FILTER DESC
{
	# shellcheck disable=SC2046 # as many words as there are
	check "$3" [ "$(events_of "$1" | jq -c "select($2)" | wc -l).$(events_of "$1" | wc -l)" = 1.1 ]
	[ "$(events_of "$1" | jq -c "select($2)" | wc -l)" -eq 1 ] || show_events "$1"
}

explain client
told "${tuples[0]}" '.cause == "unknown" and (.candidates | index("linger-zero"))' "the client's capture leaves it open, IPv4"
explain client server
check "what the clocks are is said" grep -q 'the clock of server.pcap is .* (.* shared segments' "$dir/talk"
for i in 0 2; do
	told "${tuples[i]}" '.cause == "unknown" and (.sightings | length) == 2 and .type == "active" and
		(.candidates | index("linger-zero"))' "both ends: one reset (${tuples[i]})"
done
for i in 1 3; do
	told "${tuples[i]}" '.cause == "forged" and .confidence == "likely" and
		([.evidence[] | select(test("between the two capture points"))] | length) == 1' \
		"what only the client has was made on the way (${tuples[i]})"
done
explain gateway
for i in 0 2; do
	told "${tuples[i]}" '.cause == "forwarded" and .confidence == "certain" and .origin == "forwarded"' \
		"the gateway passed it on (${tuples[i]})"
done
for i in 1 3; do
	told "${tuples[i]}" '.cause == "netfilter-reject" and .confidence == "likely" and .origin == "local"' \
		"the gateway made it (${tuples[i]})"
done

# A clock that is wrong by 1.25 s changes nothing but the times.
if command -v editcap > /dev/null; then
	editcap -t 1.25 "$dir/server.pcap" "$dir/late.pcap"
	explain client late
	check "a wrong clock is noticed" grep -q 'the clock of late.pcap is 12[45][0-9]\.[0-9]* ms ahead' "$dir/talk"
	told "${tuples[0]}" '(.sightings | length) == 2 and .history[0].delta_us < 1e6' "and put right"
fi
finish
