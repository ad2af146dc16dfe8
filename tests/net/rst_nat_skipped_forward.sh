#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gateway with DNAT only forwards an INVALID answer of the server with the
# server's own address. The client knows no such connection and resets it; the
# server's healthy connection dies.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo3
for fam in 4 6; do
	to=$(addr_of S):80
	[ $fam = 4 ] || to="[$(addr_of S)]:80"
	ipt "$G" -t nat -A PREROUTING -i eth1 -p tcp --dport 8080 \
		-j DNAT --to-destination "$to"
done
start_watch "$G" -i eth2 -i eth1
for fam in 4 6; do
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange \
		server:segment=PA,seq=+3000000,len=10 server:expect=ECONNRESET
	app_got server ECONNRESET "answer not translated, IPv$fam"
	# On the wire the reset goes to the server's own address and port.
	tuple=$(sed -n 's/^server-tuple //p' "$said")
	expect_reset R '.cause == "nat-skipped-forward" and
		.origin == "forwarded"' "answer not translated, IPv$fam"
done
settle
finish
