#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The peer's FIN is looked up on one CPU while another puts the TIME_WAIT
# remnant in place of the socket. Before b8ec80b13021 the remnant is in the
# table before it has a reference count; on every kernel the look-up can find
# the old socket just before its last reference goes.

# shellcheck source-path=SCRIPTDIR source=lib_race.sh
. "${0%/*}/lib_race.sh"

FIN_WAIT1=4

race_topo
start_spin "$(function_of inet_twsk_hashdance_schedule inet_twsk_hashdance)" arming $SPIN_US
[ "$window" != none ] || skip_all "$cannot"
start_watch "$S" -i eth0
for fam in 4 6; do
	provoke $CONNECTIONS race-close --delay-us 200
done
stop_spin
for fam in 4 6; do
	conns=$work/$watch_n.$fam.conns
	judge_race timewait "remnant without reference count, IPv$fam"
done
settle

# Early demux would look twice, and find the remnant the second time. Both
# look-ups are held, the ACK's and the FIN's; the later one loses.
ns_sysctl "$S" net.ipv4.ip_early_demux=0
start_watch "$S" -i eth0
for fam in 4 6; do
	[ $fam = 4 ] && lookup=__inet_lookup_established || lookup=__inet6_lookup_established
	start_spin "$lookup" matched $SPIN_US -s $FIN_WAIT1
	[ "$window" != none ] || { skip "reference gone, IPv$fam" "$cannot"; continue; }
	provoke $CONNECTIONS race-close
	stop_spin
	judge_race timewait "reference of the old socket gone, IPv$fam"
done
settle
finish
