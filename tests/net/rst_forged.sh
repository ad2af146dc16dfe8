#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody on the path forges a reset of the server with the exact sequence
# number but another TTL; no reset function runs anywhere. And what looks like
# it: a firewall with a kernel's own reset, half-open scans, and peers that set
# the TTL of their segments, which what their kernel answers does not have.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# With the client's TTL: window, IP id and number are not the client's.
real_tool()
{
	[ -z "$TIERS" ] || return 0
	if ! command -v hping3 > /dev/null; then
		skip "hping3 with the client's TTL" "hping3 is not installed"
		return
	fi
	fam=4
	# shellcheck disable=SC2016 # $LAB_... belongs to the lab's shell
	lab_run play -p 80 --sport 45200 isn=1000 open exchange exchange \
		run="ip netns exec $G hping3 -q -n -c 1 -I eth2 -R -a \$LAB_CADDR -s \$LAB_CPORT -k -p 80 -M 2000 -t 63 $(addr_of S) || :" \
		exchange
	expect_reset R '.cause == "forged" and .rst.ttl == 63' "hping3 with the client's TTL"
}

# The scanner gives its SYN any TTL, and its kernel resets what it knows nothing of.
half_open_scan()
{
	for fam in 4 6; do
		lab_run play -p 80 --sport 45100 listen stray=S,ttl=41
		expect_reset R '.cause == "remote" and (.evidence | all(test("TTL") | not))' \
			"half-open scan, IPv$fam"
	done
}

# The REJECT rule has the server's numbers and a kernel's fields, and is one hop nearer.
firewall()
{
	local rule="FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset"

	pick_iptables
	for fam in 4 6; do
		# shellcheck disable=SC2086 # words of the rule
		lab_run play -p 80 open exchange run="$(ipt_words "$G" -I $rule)" client:send=10 \
			client:expect=ECONNRESET run="$(ipt_words "$G" -D $rule)"
		expect_reset R '.cause == "remote" and .rst.ttl == 64 and
			(.candidates | index("forged")) and
			(.ruled_out | all(.cause != "forged")) and
			(.evidence | any(test("TTL 64.* 63")) and all(test("silent for") | not))' \
			"a firewall one hop away, IPv$fam"
	done
	forgotten "$rule"
}

# After a silence, a device on the path may have forgotten the connection, and the peer as well: there, the TTL tells.
forgotten()	# RULE
{
	fam=4
	# shellcheck disable=SC2086 # words of the rule
	lab_run play -p 80 open exchange run="sleep 5.1" run="$(ipt_words "$G" -I $1)" client:send=10 		client:expect=ECONNRESET run="$(ipt_words "$G" -D $1)"
	expect_reset R '.cause == "remote" and (.evidence | any(test("silent for .* a firewall"))) and
		(.advice | any(.do | test("TCP_KEEPIDLE below")))' "a firewall after a silence"
	lab_run play -p 80 open exchange server:silent-close listener:close run="sleep 5.1" client:send=10 		client:expect=ECONNRESET
	expect_reset R '.cause == "remote" and (.evidence | all(test("silent for") | not))' 		"a peer that has forgotten the connection"
}

topo3
for victim in server client; do
	[ $victim = server ] && ns=$S || ns=$C
	[ $victim = server ] && peer=client || peer=server
	start_watch "$ns" -i eth0
	for fam in 4 6; do
		lab_run play -p 80 open exchange \
			"$peer:segment=R,ttl=200,ns=$G" $victim:expect=ECONNRESET
		app_got $victim ECONNRESET "forged, $victim, IPv$fam"
		expect_reset R '.cause == "forged" and .origin == "remote" and
			.rst.ttl >= 199' "forged reset for the $victim, IPv$fam"

		# Not exact: the kernel answers with a challenge ACK.
		lab_run play -p 80 open exchange \
			"$peer:segment=R,seq=+1000,ttl=200,ns=$G" exchange
		expect_reset R '.cause == "forged" and .origin == "remote"' \
			"forged reset with a wrong number, $victim, IPv$fam"
	done
	if [ $victim = server ]; then
		real_tool
		half_open_scan
	else
		firewall
	fi
	settle
done

# Peers as BGP speakers are, and their kernels' answers.
topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	for ttl in 1 255 100; do
		lab_run play -p 80 ttl=$ttl open exchange client:silent-close \
			server:send=10 server:expect=ECONNRESET
		expect_reset R '.cause == "remote" and .rst.ttl == 64 and .history[0].ttl == '$ttl \
			"answer to a peer with TTL $ttl, IPv$fam"
	done
	# Both are named, and what speaks for each.
	lab_run play -p 80 ttl=1 open exchange client:silent-close \
		server:send=10 server:expect=ECONNRESET
	expect_reset R '(.candidates | index("forged")) and (.evidence | any(test("IP_TTL")) and
		any(test("with TTL 64.* 1$")))' "TTL 1, IPv$fam: what speaks for either"

	lab_run play -p 80 ttl=1 open exchange client:linger=0 client:close \
		server:expect=ECONNRESET
	expect_reset RA '.cause == "remote" and .rst.ttl == 1 and
		(.candidates | index("forged") | not)' \
		"reset by the socket of a peer with TTL 1, IPv$fam"
done
settle
finish
