#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Another program killed the socket: ss -K.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 open exchange \
		"run=ip netns exec $S ss -K -n state established sport = :80 > /dev/null" \
		"client:expect=ECONNRESET|SILENCE" "run=$(event_comes)"
	if grep -q "^client SILENCE" "$said"; then
		skip "ss -K, IPv$fam" "CONFIG_INET_DIAG_DESTROY is off"
	else
		expect_reset RA '.cause == "socket-killed" and .type == "active" and
			.origin == "local" and .killer.comm == "ss" and .killer.by == "sock_diag" and
			.victim == null and (.evidence | join("\n") | test("by ss\\[[0-9]+\\]")) and
			'"$(if_in_time '.owner.comm == "lab" and .owner.pid != .killer.pid')" "ss -K, IPv$fam"
	fi
done
settle
finish
