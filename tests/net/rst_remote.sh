#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The peer sent the reset; this host only received it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$C" -i eth0
for fam in 4 6; do
	for cause in linger-zero unread-data closed-port listener-stray; do
		lab_run $cause -p 80
		shape=RA
		[ $cause != listener-stray ] || shape=R
		# What it answers is shown, so it is not missing.
		expect_reset $shape '.cause == "remote" and .origin == "remote" and
			(.answers.match != "exact" or (.missing | all(test("the segment that") | not)))' \
			"$cause of the server, seen by the client, IPv$fam"
	done
	# The application still has the socket when the watch looks for it.
	lab_run play -p 80 open exchange server:linger=0 server:close client:expect=ECONNRESET \
		"run=$(event_comes)"
	expect_reset RA '.cause == "remote" and .effect == "taken" and .victim.netns > 0 and
		.owner == null and .killer == null and '"$(if_in_time '.victim.comm == "lab" and
		.victim.pid > 0 and (.victim.cmdline | test("lab play"))')" "who lost the connection, IPv$fam"
done
settle
finish
