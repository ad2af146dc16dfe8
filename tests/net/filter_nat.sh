#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Customers name the address before DNAT, operators the one behind it: a filter finds a reset by
# either, wherever the gateway is watched, and so do explain, report and a store. What belongs to
# neither stays out.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# One reset of the server behind the VIP, and one that no filter below names.
resets()
{
	for fam in 4 6; do
		lab_run linger-zero -a "$(addr_of V)" -p 443 -l 81
		lab_run linger-zero -p 82
	done
	settle
}

# shellcheck disable=SC2317 # by check and wait_for
# Each of the resets that came has a VIP's and a server's end, or is so before NAT.
both_ends()	# N
{
	[ "$(jq -c 'select([.rst, .images[]] | map(.sport) | contains([443]) and contains([81]))' \
		"$events" | wc -l)" -eq "$1" ] && [ "$(event_count)" -eq "$1" ]
}

# shellcheck disable=SC2317
has_events()	# N
{
	[ "$(event_count)" -ge "$1" ]
}

rows()	# CONDITION
{
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("select count(*) from resets where " + sys.argv[2]).fetchone()[0])' \
		"$work/nat.db" "$1"
}

topo3
for fam in 4 6; do
	to=$(addr_of S):81
	[ $fam = 4 ] || to="[$(addr_of S)]:81"
	ipt "$G" -t nat -A PREROUTING -i eth1 -p tcp --dport 443 -j DNAT --to-destination "$to"
done
for on in "-i eth1" "-i eth2" "-i eth2 -i eth1"; do
	for port in 443 81; do
		# shellcheck disable=SC2086 # a list of words
		start_watch "$G" $on port $port
		resets
		check "port $port, with $on: both resets, with both ends" both_ends 2
	done
done

[ -n "$no_events" ] && finish
rm -f "$work/nat.db"
launch_watch all "$G" -i eth1 -i eth2 --store "$work/nat.db" -w "$work/all.pcapng"
watch_started all "$watch_pid" || not_ok "watch starts"
for fam in 4 6; do
	lab_run linger-zero -a "$(addr_of V)" -p 443 -l 81
	lab_run linger-zero -p 82
done
wait_for 5 has_events 4 || :
end_watch "$watch_pid"
for port in 443 81 82; do
	check "explain: port $port" \
		[ "$("$RSTSCOPE" explain -r "$work/all.pcapng" --json port $port | wc -l)" -eq 2 ]
	check "report: port $port" [ "$("$RSTSCOPE" report -r "$work/all.pcapng" \
		--format=json port $port | jq '.cases | length')" -eq 2 ]
done
check "the text shows the VIP" grep -q "$V4:443" <("$RSTSCOPE" explain -r "$work/all.pcapng")
check "a store finds them by the VIP" [ "$(rows "src || ':' || sport = '$V4:443' or nat like '%$V4:443 %'")" -eq 1 ]
check "a store finds them by the server" [ "$(rows "src || ':' || sport = '$S4:81' or nat like '%$S4:81 %'")" -eq 1 ]
finish
