#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The peer does not close. A closed socket that may wait more than 60 s
# (TCP_TIMEWAIT_LEN) stays a full socket for what is above 60 s, and then becomes
# a mini-socket, which ends in silence. It is reset where the limit was lowered
# meanwhile.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

fin_timeout()	# SECONDS
{
	echo "run=ip netns exec $S sh -c 'echo $1 > /proc/sys/net/ipv4/tcp_fin_timeout'"
}

topo2
trace_timers
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 "$(fin_timeout 63)" open exchange server:close \
		client:expect=EOF client:ack "$(fin_timeout 60)" client:state=CLOSE
	expect_timer_reset RA '.cause == "fin-wait2-timeout" and .type == "active" and
		.origin == "local" and .rst.sport == 80' \
		"peer keeps its side open, IPv$fam"

	# Data comes before the time is up.
	lab_run play -p 80 "$(fin_timeout 63)" open exchange server:close \
		client:expect=EOF client:ack client:send=10 client:state=CLOSE
	expect_reset R '.cause == "data-after-close"' \
		"data for the waiting socket, IPv$fam"
done
settle
finish
