#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Data arrives for a connection that the application closed: the kernel has a
# FIN_WAIT2 mini-socket, a full socket in FIN_WAIT2, or one in FIN_WAIT1.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

data_after_close='.cause == "data-after-close" and .type == "passive" and
	.origin == "local" and .rst.seq == .answers.ack'
# Nobody has the socket any more: its owner is who closed it.
closed_by_lab="$data_after_close"' and .owner.comm == "lab" and .owner.pid > 0'
! grep -qs '\[confidentiality\]' /sys/kernel/security/lockdown || closed_by_lab=$data_after_close

topo2
pick_iptables
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run data-after-close -p 80
	expect_reset R "$closed_by_lab" "FIN_WAIT2 mini-socket, IPv$fam"

	# Longer than TCP_TIMEWAIT_LEN: the full socket stays.
	lab_run play -p 80 open exchange server:linger2=120 server:close \
		client:expect=EOF client:ack client:send=10 client:state=CLOSE
	expect_reset R "$closed_by_lab" "full FIN_WAIT2 socket, IPv$fam"

	# The client does not hear the FIN, so it stays unacknowledged.
	lab_run play -p 80 open exchange \
		"run=$(ipt_words "$C" -A INPUT -p tcp --sport 80 -j DROP)" \
		server:close client:send=10
	ipt "$C" -F INPUT
	expect_reset R "$closed_by_lab" "orphan in FIN_WAIT1, IPv$fam"

	# Not closed, but shut down both ways, in FIN_WAIT2.
	lab_run play -p 80 open exchange server:shutdown=rdwr client:expect=EOF \
		server:state=FIN_WAIT2 client:send=10 client:state=CLOSE
	expect_reset R "$data_after_close" "socket shut down both ways, IPv$fam"

	# Shut down one way: data is still welcome.
	lab_run play -p 80 open exchange server:shutdown client:expect=EOF \
		server:state=FIN_WAIT2 client:send=10 server:recv=10 client:acked \
		pair=1 open exchange server:shutdown=rd client:send=10 client:acked
	later expect_wire 0 R "$tuple" "own side shut down, IPv$fam"
	later expect_events 0 "$tuple" true "own side shut down, IPv$fam: no"
	later expect_wire 0 R "$(last_tuple)" "peer's side shut down, IPv$fam"
	later expect_events 0 "$(last_tuple)" true "peer's side shut down, IPv$fam: no"
done
settle
finish
