#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody on the path forges a reset of the server with the exact sequence
# number but another TTL; no reset function runs anywhere.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

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

		# One hop off: it may be a device on the path as well as the peer over another route.
		lab_run play -p 80 open exchange \
			"$peer:segment=R,ttl=64,ns=$G" $victim:expect=ECONNRESET
		expect_reset R '.cause == "remote" and .rst.ttl == 64 and
			(.ruled_out | all(.cause != "forged")) and
			(.evidence | any(test("TTL 64.* 63")))' \
			"reset from one hop nearer, $victim, IPv$fam"
	done
	settle
done

# A half-open scan: the scanner gives its SYN any TTL, and its kernel resets what it knows nothing of.
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 --sport 45100 listen stray=S,ttl=41
	expect_reset R '.cause == "remote" and (.evidence | all(test("TTL") | not))' \
		"half-open scan, IPv$fam"
done
settle
finish
