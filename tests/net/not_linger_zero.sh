#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SO_LINGER is on with time 0, but it is not why a reset comes, or none comes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 open exchange server:linger=0 server:shutdown \
		client:expect=EOF client:close server:expect=EOF server:close
	later expect_wire 0 RA "$tuple" "linger 0 but closed in order, IPv$fam"
	later expect_events 0 "$tuple" true \
		"linger 0 but closed in order, IPv$fam: no"

	lab_run play -p 80 open exchange server:linger=0 server:disconnect \
		client:expect=ECONNRESET
	expect_reset RA '.cause == "disconnect" or .cause == "unknown"' \
		"connect(AF_UNSPEC) with linger 0, IPv$fam"

	# The child inherits the option from the listener.
	lab_run play -p 80 listen listener:linger=0 connect backlog=1 \
		listener:close client:expect=ECONNRESET
	expect_reset RA '.cause == "listener-closed" or .cause == "unknown"' \
		"listener closed, child with linger 0, IPv$fam"

	lab_run play -p 80 open exchange server:linger=0 \
		"run=ip netns exec $S ss -K -n state established sport = :80 > /dev/null" \
		"client:expect=ECONNRESET|SILENCE"
	if grep -q "^client SILENCE" "$said"; then
		skip "ss -K with linger 0, IPv$fam" "CONFIG_INET_DIAG_DESTROY is off"
	else
		expect_reset RA '.cause == "socket-killed" or .cause == "unknown"' \
			"ss -K with linger 0, IPv$fam"
	fi
done
settle
finish
