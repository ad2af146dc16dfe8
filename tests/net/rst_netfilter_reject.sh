#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A REJECT rule answers: iptables on a SYN to an open port, nft on data of an
# established connection, on the server itself and on the gateway.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# The rule comes when the connection is established, so only data meets it.
nft_reject()	# NS HOOK PORT
{
	local t="ip lab"

	[ $fam = 4 ] || t="ip6 lab"
	echo "ip netns exec $1 nft 'add table $t;" \
		"add chain $t c { type filter hook $2 priority 0; };" \
		"add rule $t c tcp dport $3 reject with tcp reset'"
}

both_rules()	# NS HOOK WHERE
{
	local hook=${2,,}

	for fam in 4 6; do
		ipt "$1" -A "$2" -p tcp --dport 81 -j REJECT --reject-with tcp-reset
		lab_run play -p 81 listen connect=ECONNREFUSED
		expect_reset RA '.cause == "netfilter-reject" and
			.type == "netfilter" and .origin == "local" and
			.rst.ack == .answers.seq + 1' \
			"iptables REJECT of a SYN in $2 on the $3, IPv$fam"

		lab_run play -p 82 open exchange \
			"run=$(nft_reject "$1" "$hook" 82)" \
			client:send=10 client:expect=ECONNRESET
		app_got client ECONNRESET "nft reject of data on the $3, IPv$fam"
		expect_reset R '.cause == "netfilter-reject" and
			.type == "netfilter" and .origin == "local" and
			.rst.seq == .answers.ack' \
			"nft reject of data in $2 on the $3, IPv$fam"
	done
}

topo3
start_watch "$S" -i eth0
both_rules "$S" INPUT server
settle
in_ns "$S" nft flush ruleset
for fam in 4 6; do
	ipt "$S" -F INPUT
done

start_watch "$G" -i eth1
both_rules "$G" FORWARD gateway
settle
finish
