#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two watches in two namespaces, same interface number, same addresses, same
# ports: each sees its own reset and not the other's.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
client=$C server=$S
S4=127.0.0.1 S6=::1

# Watch lo of both; what belongs to the first is put aside.
start_watch "$client" -i lo
first=("$watch_pid" "$events" "$wire" "${sniff_pids[@]}")
sniff_pids=()
start_watch "$server" -i lo

for fam in 4 6; do
	C=$client S=$client
	lab_run play -p 81 --sport 45001 connect=ECONNREFUSED
	C=$server S=$server
	lab_run play -p 80 --sport 45001 open exchange server:linger=0 \
		server:close client:expect=ECONNRESET
	expect_reset RA '.cause == "linger-zero"' "second watch, IPv$fam"
	later expect_none '.cause != "linger-zero"' \
		"the second watch sees nothing else, IPv$fam"
done
settle

[ -n "$no_events" ] || watch_pid=${first[0]}
events=${first[1]} wire=${first[2]} sniff_pids=("${first[@]:3}")
for fam in 4 6; do
	tuple="$(addr_of S) 45001 $(addr_of S) 81"
	expect_reset RA '.cause == "closed-port"' "first watch, IPv$fam"
	later expect_none '.cause != "closed-port"' \
		"the first watch sees nothing else, IPv$fam"
done
settle
finish
