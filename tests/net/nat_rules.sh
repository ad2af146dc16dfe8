#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A stray segment without a conntrack entry, where conntrack makes none for it
# (tcp_loose=0): that no NAT was due is known only where there are no NAT rules.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
sport=46000

stray()	# DESC EXPRESSION
{
	for fam in 4 6; do
		sport=$((sport + 1))
		lab_run play -p 1112 --sport $sport stray=A
		expect_reset R "$2" "$1, IPv$fam"
	done
}

certain='.cause == "no-socket" and .confidence == "certain"'
# shellcheck disable=SC2034 # read by eval
open='.cause == "no-socket" and .confidence == "possible" and
	(.evidence | all(test("no NAT|NAT had been applied") | not))'

fam=4
start_watch "$S" -i eth0
stray "no conntrack" "$certain"
conntrack_on "$S"
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=0
stray "conntrack, and no NAT rules" "$certain and (.evidence | any(test(\"no NAT rules\")))"
settle

start_watch "$S" -i eth0
fam=4
redirect "$S" 1112 80
stray "an iptables rule that may have been due" "$open"
fam=4 ipt "$S" -t nat -F PREROUTING
stray "a rule that was there a moment ago" "$open"
settle

start_watch "$S" -i eth0
stray "NAT rules of iptables, removed before the watch began" "$certain"
settle

if in_ns "$S" nft -f - <<- EOT
	table inet mine {
		chain in { type filter hook input priority 0; accept; }
		chain pre { type nat hook prerouting priority -100; }
	}
EOT
then
	start_watch "$S" -i eth0
	stray "a NAT chain of nftables without rules" "$certain"
	settle
	in_ns "$S" nft add rule inet mine pre tcp dport 9999 redirect to :80
	start_watch "$S" -i eth0
	stray "a NAT chain of nftables with a rule" "$open"
	settle
else
	skip "NAT chains of nftables" "this kernel has none"
fi
finish
