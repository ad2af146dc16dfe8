#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A redirect, out-of-window segments and INVALID are each there, but not the
# three together: the reset has another cause, or none comes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 1112 -l 80 --sport 45001 listen stray=A
	expect_reset R '.cause == "listener-stray"' \
		"stray ACK to the redirected port, loose, IPv$fam"

	lab_run play -p 80 open exchange \
		client:segment=PA,seq=+3000000,len=10 exchange
	later expect_wire 0 R "$tuple" "out of window without redirect, IPv$fam"

	# An ACK that is no longer right makes the answer harmless.
	lab_run play -p 1112 -l 80 open exchange \
		client:segment=PA,seq=+3000000,ack=+3000000,len=10 exchange
	expect_reset R '.cause == "dnat-invalid"' \
		"redirect and INVALID, harmless reset, IPv$fam"
done
settle

ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_be_liberal=1
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 1112 -l 80 open exchange \
		client:segment=PA,seq=+3000000,len=10 exchange
done
settle
expect_no_wire "liberal conntrack"
expect_none true "liberal conntrack: no event"
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_be_liberal=0

for fam in 4 6; do
	ipt "$S" -I INPUT -m conntrack --ctstate INVALID -j DROP
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 1112 -l 80 open exchange \
		client:segment=PA,seq=+3000000,len=10 exchange
	lab_run play -p 1112 -l 80 open exchange client:segment=SA exchange
done
settle
expect_no_wire "INVALID is dropped"
expect_none true "INVALID is dropped: no event"
for fam in 4 6; do
	ipt "$S" -F INPUT
done

# Not loose: every segment in the middle of nothing is INVALID.
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=0
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 82 --sport 45002 stray=PA,len=5
	expect_reset R '.cause == "no-socket"' \
		"not loose, stray to a closed port, IPv$fam"
	lab_run play -p 80 --sport 45003 listen stray=PA,len=5
	expect_reset R '.cause == "listener-stray"' \
		"not loose, stray to a listener, IPv$fam"
	lab_run play -p 1112 -l 80 --sport 45004 listen stray=PA,len=5
	expect_reset R '.cause != "dnat-invalid"' \
		"not loose, stray to the redirected port, IPv$fam"
done
settle
finish
