#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which interfaces and packets are watched: a filter expression, every
# interface, and a bounded time.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0 tcp port 80
for fam in 4 6; do
	lab_run linger-zero -p 80
	expect_reset RA '.cause == "linger-zero"' "filter matches, IPv$fam"
	lab_run closed-port -p 81
	later expect_events 0 "$tuple" true "filter does not match, IPv$fam: no"
done
settle

start_watch "$S" -i any
client=$C
for fam in 4 6; do
	lab_run linger-zero -p 80
	expect_reset RA '.cause == "linger-zero" and .["if"] == "eth0"' \
		"every interface, eth0, IPv$fam"
	C=$S
	lab_run linger-zero -p 80
	expect_reset RA '.cause == "linger-zero" and .["if"] == "lo"' \
		"every interface, lo, IPv$fam"
	C=$client
done
settle

start_watch "$S" -i eth0 --duration 1
if [ -n "$no_events" ]; then
	skip "--duration" "$no_events"
else
	wait_exit 5 "$watch_pid"
	check "--duration 1 ends by itself with status 0" [ "$status" -eq 0 ]
	stop_sniff
fi
finish
