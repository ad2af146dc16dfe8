#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gateway sees resets of others pass: without NAT, with SNAT, with DNAT.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

forwarded='.cause == "forwarded" and .origin == "forwarded"'

topo3
start_watch "$G" -i eth1
for fam in 4 6; do
	lab_run linger-zero -p 80
	expect_reset RA "$forwarded" "reset of the server, IPv$fam"
	lab_run closed-port -p 81
	expect_reset RA "$forwarded" "closed port of the server, IPv$fam"
	lab_run play -p 80 open exchange client:linger=0 client:close \
		server:expect=ECONNRESET
	expect_reset RA "$forwarded" "reset of the client, IPv$fam"
done
settle

# Two interfaces see the same reset: still one event.
start_watch "$G" -i eth1 -i eth2
for fam in 4 6; do
	lab_run linger-zero -p 80
	expect_reset RA "$forwarded" "both interfaces watched, IPv$fam"
done
settle

start_watch "$G" -i eth1
for fam in 4 6; do
	ipt "$G" -t nat -A POSTROUTING -o eth2 -j MASQUERADE
	lab_run linger-zero -p 80
	expect_reset RA "$forwarded" "SNAT, IPv$fam"

	to=$(addr_of S):80
	[ $fam = 4 ] || to="[$(addr_of S)]:80"
	ipt "$G" -t nat -A PREROUTING -i eth1 -p tcp --dport 8080 \
		-j DNAT --to-destination "$to"
	lab_run linger-zero -a "$(addr_of V)" -p 8080 -l 80
	app_got client ECONNRESET "DNAT and SNAT, IPv$fam"
	expect_reset RA "$forwarded" "DNAT and SNAT, IPv$fam"
done
settle
finish
