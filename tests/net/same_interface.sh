#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two watches on the same interface do not disturb each other, and the end of
# one does not end the other.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
first=("$watch_pid" "$events" "$wire" "${sniff_pids[@]}")
sniff_pids=()
start_watch "$S" -i eth0

lab_run linger-zero -p 80
expect_reset RA '.cause == "linger-zero"' "second watch, both there"
settle

[ -n "$no_events" ] || watch_pid=${first[0]}
events=${first[1]} wire=${first[2]} sniff_pids=("${first[@]:3}")
expect_reset RA '.cause == "linger-zero"' "first watch, both there"
lab_run closed-port -p 81
expect_reset RA '.cause == "closed-port"' "first watch, after the second's end"
settle
finish
