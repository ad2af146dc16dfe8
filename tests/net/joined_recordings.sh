#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The recordings of the server and of the gateway, and a capture of the client's side of NAT: each
# reset is one case, in the order of time, told by whoever knows its cause, with what all have seen.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
command -v tcpdump > /dev/null || skip_all "no tcpdump"
topo3
for fam in 4 6; do
	to=$(addr_of S):80
	[ $fam = 4 ] || to="[$(addr_of S)]:80"
	ipt "$G" -t nat -A PREROUTING -i eth1 -p tcp --dport 443 -j DNAT --to-destination "$to"
done
dir=$work/files
rm -rf "$dir"
mkdir -p "$dir"
: > "$dir/err"
ip netns exec "$C" tcpdump -n -U -B 4096 -Z root -i eth0 -w "$dir/client.pcap" tcp 2> "$dir/err" &
sniffer=$!
at_exit "kill_child $sniffer"
wait_for 10 capture_runs $sniffer "$dir/err"
launch_watch server "$S" -i eth0 -w "$dir/server.pcapng"
server=$watch_pid server_events=$events
launch_watch gateway "$G" -i eth1 -i eth2 -w "$dir/gateway.pcapng"
gateway=$watch_pid gateway_events=$events
{ watch_started server $server && watch_started gateway $gateway; } || skip_all "watch does not work here"

for fam in 4 6; do
	lab_run linger-zero -a "$(addr_of V)" -p 443 -l 80
	lab_run unread-data -a "$(addr_of V)" -p 443 -l 80
	lab_run closed-port -p 81
done

# shellcheck disable=SC2317 # by wait_for
all_came()
{
	[ "$(wc -l < "$server_events")" -ge 6 ] && [ "$(wc -l < "$gateway_events")" -ge 6 ]
}

# shellcheck disable=SC2317
captured()
{
	[ "$("$RSTSCOPE" explain -r "$dir/client.pcap" --json 2> /dev/null | wc -l)" -ge 6 ]
}

wait_for 5 all_came || :
wait_for 5 captured || :
end_watch $server
end_watch $gateway
kill -TERM $sniffer
wait_exit 10 $sniffer

explain()	# FILE...
{
	local args=() f

	for f; do
		args+=(-r "$dir/$f")
	done
	"$RSTSCOPE" explain --json "${args[@]}" > "$dir/out" 2> "$dir/talk"
	events=$dir/out
}

causes_are()	# CAUSE...
{
	check "$what: each reset once, with its cause, in the order of time" \
		[ "$(jq -r .cause "$events" | tr '\n' ' ')" = "$* $* " ]
	check "... the times are in order" \
		[ "$(jq -s 'map(.ts) | . == sort' "$events")" = true ]
}

seen_by()	# N WORD
{
	check "$what: $1 have sightings of $2" \
		[ "$(jq -c "select([.sightings[].if] | any(test(\"$2\")))" "$events" | wc -l)" -eq "$1" ]
}

for what in "server.pcapng gateway.pcapng client.pcap" "client.pcap gateway.pcapng server.pcapng"; do
	# shellcheck disable=SC2086 # a list of words
	explain $what
	causes_are linger-zero unread-data closed-port
	check "$what: certain, and local there" \
		[ "$(jq -c 'select(.confidence == "certain" and .origin == "local")' "$events" | wc -l)" -eq 6 ]
	seen_by 6 "^gateway.pcapng:eth1"
	seen_by 6 "^client.pcap"
	check "$what: the clocks are known by shared segments" \
		[ "$(grep -c 'shared segments' "$dir/talk")" -eq 2 ]
done
what="gateway.pcapng server.pcapng"
explain gateway.pcapng server.pcapng
causes_are linger-zero unread-data closed-port
# What nobody saw where it was made stays the gateway's or the client's to tell.
what="gateway.pcapng client.pcap"
explain gateway.pcapng client.pcap
causes_are forwarded forwarded forwarded
check "report joins them as explain does" [ "$("$RSTSCOPE" report --format=json -r "$dir/server.pcapng" \
	-r "$dir/gateway.pcapng" -r "$dir/client.pcap" 2> /dev/null | jq '.cases | length')" -eq 6 ]
finish
