#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gateway's DNAT rule is switched to another backend and the old entry dropped: the connection's next
# segment goes to a host that never saw its SYN. Beside it: a backend that forgot the connection
# itself, with and without a new entry, and a new connection with the same ports.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

command -v conntrack > /dev/null || skip_all "needs conntrack"

# The server's other port stands for another backend; its socket lookup is as empty.
backend()	# PORT
{
	local to

	to=$(addr_of S):$1
	[ $fam = 4 ] || to="[$(addr_of S)]:$1"
	echo "--to-destination $to"
}

rule()	# A|R PORT
{
	local number=

	[ "$1" = A ] || number=1
	# shellcheck disable=SC2046,SC2086 # words
	ipt_words "$G" -t nat -$1 PREROUTING $number -i eth1 -p tcp --dport 8080 -j DNAT $(backend "$2")
}

forget="ip netns exec %s conntrack -D -f ipv%s -p tcp --orig-port-dst 8080 > /dev/null 2>&1 || :"

# The gateway's report names the backend.
in_matrix()
{
	[ -n "$TIERS" ] || return 0
	later each_watch judge nat-remapped "$fam" "$(cut -d ' ' -f 1,2 <<< "$tuple") $(addr_of S) 81" \
		"remapped, IPv$fam"
}

topo3
pick_iptables
# shellcheck disable=SC2059
for fam in 4 6; do
	eval "$(rule A 80)"
done
ns_sysctl "$G" net.netfilter.nf_conntrack_tcp_loose=1
start_watch "$G" -i eth1 -i eth2
for fam in 4 6; do
	# shellcheck disable=SC2059
	drop="run=$(printf "$forget" "$G" $fam)"
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange "run=$(rule R 81)" "$drop" \
		client:send=10 client:expect=ECONNRESET "run=$(rule R 80)" "$drop"
	app_got client ECONNRESET "remapped, IPv$fam"
	later gateway_says 81 nat-remapped certain "remapped, IPv$fam"
	in_matrix

	# The same backend, which has lost the connection; the entry is there, or made anew.
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange server:silent-close client:send=10 \
		client:expect=ECONNRESET "$drop"
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange server:silent-close "$drop" \
		client:send=10 client:expect=ECONNRESET "$drop"
	later gateway_says 80 forwarded certain "the backend forgot it, twice, IPv$fam" 2
done

# shellcheck disable=SC2317 # by later
gateway_says()	# PORT CAUSE CONFIDENCE DESC [N]
{
	local src

	src=$(addr_of S)
	[ -z "$no_events" ] || { skip "$4" "$no_events"; return; }
	fam=4
	[[ $4 != *IPv6* ]] || fam=6
	src=$(addr_of S)
	check "$4: the gateway says $2" [ "$(jq -c "select(.rst.sport == $1 and .rst.src == \"$src\" and
		.cause == \"$2\" and .confidence == \"$3\")" "$events" | wc -l)" -eq "${5:-1}" ]
	[ "$(jq -c "select(.rst.sport == $1 and .cause == \"$2\")" "$events" | wc -l)" -ge 1 ] || show_events
}
settle
check "the evidence names both backends" [ "$(jq -r 'select(.cause == "nat-remapped") | .evidence[]' "$events" |
	grep -cE ':80 until .* now it maps it to .*:81')" -eq 2 ]

# A client that begins a new connection from the same port, after the switch, gets a closed port.
start_watch "$G" -i eth1 -i eth2
for fam in 4 6; do
	# shellcheck disable=SC2059
	drop="run=$(printf "$forget" "$G" $fam)"
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange "run=$(rule R 81)" "$drop"
	lab_run closed-port -a "$(addr_of V)" -p 8080
	lab_run play -a "$(addr_of V)" -p 8080 stray=S "run=$(rule R 80)" "$drop"
done
settle
expect_none '.cause == "nat-remapped"' "a new connection after the switch"
finish
