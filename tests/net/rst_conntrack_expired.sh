#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The mapping of a redirected connection is flushed, and conntrack may not pick
# up connections in the middle: the next segment is not translated.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

command -v conntrack > /dev/null || skip_all "needs conntrack"
topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=0
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 1112 -l 80 open exchange \
		"run=ip netns exec $S conntrack -F 2> /dev/null" \
		client:send=10 client:expect=ECONNRESET
	app_got client ECONNRESET "mapping flushed, IPv$fam"
	# Who did not see the mapping go cannot know that there was one.
	expect_reset R '(.cause == "conntrack-expired" or
		 (.cause == "no-socket" and .confidence != "certain")) and
		.type == "passive" and .origin == "local" and
		.answers.dport == 1112' \
		"mapping flushed, IPv$fam"
done
settle
finish
