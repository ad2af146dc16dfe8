#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first data of a connection is looked up on one CPU while another puts the
# connection's socket in place of its request socket. Before 1532ed0d0753 there
# is a moment in which the table has neither; on every kernel the look-up can
# find the request socket just before its last reference goes.

# shellcheck source-path=SCRIPTDIR source=lib_race.sh
. "${0%/*}/lib_race.sh"

REQUEST=12		# TCP_NEW_SYN_RECV

race_topo
start_spin inet_ehash_insert unhashed $SPIN_US
[ "$window" != none ] || skip_all "$cannot"
start_watch "$S" -i eth0
for fam in 4 6; do
	provoke $CONNECTIONS race-handshake
done
stop_spin
for fam in 4 6; do
	conns=$work/$watch_n.$fam.conns
	judge_race handshake "no socket in the table, IPv$fam"
done
settle

# Early demux would look twice, and find the new socket the second time. Both
# look-ups are held, the ACK's and the data's; the later one loses.
ns_sysctl "$S" net.ipv4.ip_early_demux=0
start_watch "$S" -i eth0
for fam in 4 6; do
	[ $fam = 4 ] && lookup=__inet_lookup_established || lookup=__inet6_lookup_established
	start_spin "$lookup" matched $SPIN_US -s $REQUEST
	[ "$window" != none ] || { skip "reference gone, IPv$fam" "$cannot"; continue; }
	provoke $CONNECTIONS race-handshake
	stop_spin
	judge_race handshake "reference of the request gone, IPv$fam"
done
settle
finish
