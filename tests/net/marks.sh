#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --mark: what nft rules and a policy routing rule make of the mark of RST segments. Without it
# nothing has a mark.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

command -v nft > /dev/null || skip_all "nft is missing"
mark=0x10/0xf0:0x20

# How many packets came in with and without RST, and with which bits below 0xf0.
count_marks()	# NS
{
	in_ns "$1" nft -f - <<-'END'
		table inet marks {
			counter rst_marked { }
			counter rst_other { }
			counter others_marked { }
			chain in {
				type filter hook input priority 0
				tcp flags & rst == rst meta mark & 0xf0 == 0x10 counter name rst_marked
				tcp flags & rst == rst meta mark & 0xf0 != 0x10 counter name rst_other
				tcp flags & rst == 0 meta mark & 0xf0 != 0 counter name others_marked
			}
		}
	END
}

counter()	# FAMILY NAME
{
	in_ns "$S" nft list counter "$1" marks "$2" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# What leaves by a bridge meets nft at its port: marks of active and passive resets, and of anything else.
bridge()	# NS
{
	ip -n "$1" link add br0 address 02:00:00:00:02:01 type bridge || return
	ip -n "$1" link set dev br0 addrgenmode none
	ns_sysctl "$1" net.ipv6.conf.br0.accept_dad=0
	ip -n "$1" link set eth0 master br0
	ip -n "$1" addr flush dev eth0
	ip -n "$1" addr add "$S4/24" dev br0
	ip -n "$1" addr add "$S6/64" dev br0 nodad
	ip -n "$1" link set br0 up
	ip -n "$1" neigh replace "$C4" lladdr 02:00:00:00:02:11 dev br0 nud permanent
	ip -n "$1" neigh replace "$C6" lladdr 02:00:00:00:02:11 dev br0 nud permanent
}

count_leaving()	# NS
{
	in_ns "$1" nft -f - <<-'END'
		table netdev marks {
			counter passive { }
			counter active { }
			counter others_marked { }
			chain out {
				type filter hook egress device "eth0" priority 0;
				tcp flags & rst == rst meta mark & 0xf0 == 0x10 counter name passive
				tcp flags & rst == rst meta mark & 0xf0 == 0x20 counter name active
				tcp flags & rst == 0 meta mark & 0xf0 != 0 counter name others_marked
			}
		}
	END
}

# One active and one passive reset leave the server, and one reaches it, for each family.
resets()
{
	for fam in 4 6; do
		lab_run linger-zero -p 80
		lab_run closed-port -p 81
		lab_run play -p 80 open exchange client:linger=0 client:close server:expect=ECONNRESET
	done
}

came_in()
{
	echo "$(counter inet rst_other) $(counter inet rst_marked) $(counter inet others_marked)"
}

left()
{
	echo "$(counter netdev passive) $(counter netdev active) $(counter netdev others_marked)"
}

topo2
bridge "$S" || skip_all "no bridge in this kernel"
count_marks "$S" || skip_all "no nft rules in this kernel"
leaving=1
count_leaving "$S" 2> "$work/nft.err" || leaving=

start_watch "$S" -i br0
resets
settle
check "without --mark nothing that comes in has a mark" [ "$(came_in)" = "2 0 0" ]
[ -z "$leaving" ] || check "without --mark nothing that leaves has a mark" [ "$(left)" = "0 0 0" ]

start_watch "$S" -i br0 --mark $mark
if [ -n "$no_events" ]; then
	skip "marks" "$no_events"
	finish
fi
resets
settle
check "an nft rule counts each RST that comes in by its mark, and nothing else" [ "$(came_in)" = "2 2 0" ]
if [ -n "$leaving" ]; then
	check "... and each that leaves, passive and active ones apart" [ "$(left)" = "2 2 0" ]
else
	skip "marks of what leaves" "no nft hook there: $(head -n 1 "$work/nft.err")"
fi
# --- a rule of policy routing ---

topo3
connect()
{
	in_ns "$C" bash -c ": < /dev/tcp/$S4/81" 2> "$work/connect"
}

passed_aside()
{
	in_ns "$G" nft list counter inet aside n | grep -q 'packets [1-9]'
}

aside()
{
	ip -n "$G" link add aside type veth peer name aside2 &&
		ip -n "$G" link set aside up && ip -n "$G" link set aside2 up &&
		ip -n "$G" addr add 10.0.9.1/24 dev aside &&
		ip -n "$G" neigh replace 10.0.9.2 lladdr 02:00:00:00:09:02 dev aside nud permanent &&
		ip -n "$G" route add default via 10.0.9.2 table 100 &&
		ip -n "$G" rule add fwmark 0x10/0xf0 lookup 100 &&
		in_ns "$G" nft -f - <<-'END'
			table inet aside {
				counter n { }
				chain out {
					type filter hook postrouting priority 0
					oifname "aside" tcp flags & rst == rst counter name n
				}
			}
		END
}

aside || not_ok "the rule is made"
start_watch "$G" -i eth2
status=0
connect || status=$?
check "without --mark the gateway routes a reset as ever" grep -q refused "$work/connect"
check "... and nothing goes another way" [ "$(passed_aside; echo $?)" = 1 ]
settle
start_watch "$G" -i eth2 --mark $mark --xdp
settle
check "with --xdp it is said that only what leaves is marked" grep -q 'marked at egress only' "$talk"
start_watch "$G" -i eth2 --mark $mark
connect &
client=$!
at_exit "kill_child $client"
check "with it, a rule by fwmark sends the reset another way" wait_for 10 passed_aside
check "... and the client does not get it" kill -0 $client
settle
finish
