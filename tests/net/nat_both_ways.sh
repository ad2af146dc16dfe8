#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Both ends of a connection are translated on the server itself: REDIRECT on the
# way in, SNAT in INPUT. The socket shares no port with the wire; each reset still
# finds the kernel's account of it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
	to=$(addr_of C):50000-50999
	[ $fam = 4 ] || to="[$(addr_of C)]:50000-50999"
	ipt "$S" -t nat -A INPUT -p tcp --dport 80 -j SNAT --to-source "$to"
done
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run linger-zero -p 1112 -l 80
	expect_reset RA '.cause == "linger-zero" and .origin == "local" and
		.rst.sport == 1112' "linger 0, IPv$fam"

	lab_run unread-data -p 1112 -l 80
	expect_reset RA '.cause == "unread-data"' "unread data, IPv$fam"

	lab_run listener-closed -p 1112 -l 80
	expect_reset RA '.cause == "listener-closed"' "listener closed, IPv$fam"

	lab_run data-after-close -p 1112 -l 80
	expect_reset R '.cause == "data-after-close"' "data after close, IPv$fam"

	lab_run listener-stray -p 1112 -l 80
	lab_run play -p 1112 -l 80 open exchange server:linger2=120 server:close \
		client:expect=EOF client:ack client:send=10 client:state=CLOSE
	expect_reset R '.cause | IN("data-after-close", "unknown")' \
		"data for a full socket in FIN_WAIT2, IPv$fam"

	# TCP has dropped conntrack's entry before it looks at a listener, and
	# a single number is not enough to say whose account it is.
	expect_reset R '.cause | IN("listener-stray", "unknown")' \
		"forgotten connection, IPv$fam"

	lab_run dnat-invalid -p 1112 -l 80
	expect_reset R '.cause == "dnat-invalid"' "INVALID, IPv$fam"

	lab_run closed-port -p 1112 -l 80
	expect_reset RA '.cause == "closed-port"' "closed port, IPv$fam"
done
settle
finish
