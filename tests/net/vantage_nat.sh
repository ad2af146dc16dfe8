#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Captures at both ends of a gateway that rewrites both ends of each connection, in a sea of segments
# that only one of them has: the same reset is one, and nobody has forged it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_capture.sh
. "${0%/*}/lib_capture.sh"

make_capture=${MAKE_CAPTURE:-$root_dir/build/tests/make_capture}
have_rstscope || skip_all "rstscope is not built"
command -v tcpdump > /dev/null || skip_all "no tcpdump"
[ -x "$make_capture" ] || skip_all "make_capture is not built"
topo3
pick_iptables
dir=$work/captures
rm -rf "$dir"
mkdir -p "$dir"
pids=()

start()	# NS IF FILE
{
	: > "$dir/$3.err"
	ip netns exec "$1" tcpdump -n -U --immediate-mode -B 4096 -Z root -i "$2" -w "$dir/$3.pcap" tcp \
		2> "$dir/$3.err" &
	pids+=($!)
	at_exit "kill_child $!"
	wait_for 10 capture_runs $! "$dir/$3.err"
}

# shellcheck disable=SC2317 # by wait_for
has_all()	# FILE PACKETS
{
	[ "$(tcpdump -n -r "$dir/$1.pcap" 2> /dev/null | wc -l)" -ge "$2" ]
}

# The gateway is the server, to the client, and the client, to the server.
for fam in 4 6; do
	to=$(addr_of S) from=$(addr_of G)
	[ $fam = 4 ] || to="[$to]" from="[$from]"
	ipt "$G" -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination "$to:80"
	ipt "$G" -t nat -A POSTROUTING -p tcp --dport 80 -j SNAT --to-source "$from:50000-50999"
done
start "$C" eth0 client
start "$S" eth0 server
tuples=() types=()
for fam in 4 6; do
	# By its RST a socket of the server's ends the connection; then one that is no more answers.
	for cause in linger-zero data-after-close; do
		lab_run "$cause" -a "$(addr_of V)" -p 8080 -l 80
		tuples+=("$tuple")
	done
	types+=(active passive)
done
for file in client server; do
	wait_for 10 has_all "$file" 24
done
for pid in "${pids[@]}"; do
	kill -TERM "$pid"
	wait_exit 10 "$pid"
done

# Without the minute, of which the RST may have crossed the edge on its way.
ids_of()	# FILE
{
	"$RSTSCOPE" explain --json -r "$dir/$1.pcap" 2> /dev/null | jq -r '.id[8:]' | sort -u
}

ids_of client > "$dir/client.ids"
ids_of server > "$dir/server.ids"
check "each of ${#tuples[@]} resets has an id of its own" [ "$(wc -l < "$dir/client.ids")" -ge ${#tuples[@]} ]
check "each of them has the same id on both sides of the NAT" cmp -s "$dir/client.ids" "$dir/server.ids"

# As if other traffic had gone on before and after it, of which each end has seen its own.
drown()	# FILE SEED
{
	local now

	now=$(date +%s)
	{
		"$make_capture" 300000 60000 1000000 "$2" $((now - 100))
		tail -c +25 "$dir/$1.pcap"
		"$make_capture" 1100000 200000 1000000 "$2"1 $((now + 1)) | tail -c +25
	} > "$dir/$1.$2.pcap"
}

one_reset()	# SEED
{
	local i forged

	check "clocks are aligned, seed $1" grep -q 'the clock of server.* shared segments' "$dir/talk"
	forged=$(jq -r 'select(.cause == "forged") | .rst.seq' "$dir/out" | wc -l)
	check "nobody has forged a reset, seed $1" [ "$forged" -eq 0 ]
	# The generator's own first conversation is reset, in each of its runs.
	for i in "${!tuples[@]}"; do
		check "a reset that is ${types[i]} is one in both captures, seed $1 (${tuples[i]})" \
			[ "$(both_places "$i")" = 1 ]
	done
}

# Resets of a connection, by the client's end of it; the answer has the server's side's tuple.
both_places()	# NUMBER
{
	local host port

	read -r host port _ <<< "${tuples[$1]}"
	jq -c --arg type "${types[$1]}" --arg host "$host" --argjson port "$port" '
		select(.type == $type and (.sightings | length) == 2 and
		       ([.sightings[].dst] | unique | length) == 2 and
		       any(.sightings[]; .dst == $host and .dport == $port))' "$dir/out" | wc -l
}

for seed in none 1 2 3; do
	if [ "$seed" = none ]; then
		cp "$dir/client.pcap" "$dir/client.none.pcap"
		cp "$dir/server.pcap" "$dir/server.none.pcap"
	else
		drown client "1$seed"
		drown server "2$seed"
		mv "$dir/client.1$seed.pcap" "$dir/client.$seed.pcap"
		mv "$dir/server.2$seed.pcap" "$dir/server.$seed.pcap"
	fi
	"$RSTSCOPE" explain --json -r "$dir/client.$seed.pcap" -r "$dir/server.$seed.pcap" > "$dir/out" 2> "$dir/talk"
	one_reset "$seed"
	rm "$dir/client.$seed.pcap" "$dir/server.$seed.pcap"
done
finish
