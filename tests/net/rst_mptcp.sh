#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# MPTCP resets a sub-flow: its own fast close, and a join with an unknown token.
# The same endings of plain TCP have their own causes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

[ -e /proc/sys/net/mptcp/enabled ] || skip_all "needs a kernel with MPTCP"
topo2
ns_sysctl "$C" net.mptcp.enabled=1
ns_sysctl "$S" net.mptcp.enabled=1
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play --mptcp -p 80 open client:send=10 server:unread=10 \
		server:close client:expect=ECONNRESET
	expect_reset RA '.cause == "mptcp" and .origin == "local"' \
		"fast close with unread data, IPv$fam"

	lab_run play --mptcp -p 81 open client:send=10 server:recv=10 \
		server:linger=0 server:close client:expect=ECONNRESET
	expect_reset RA '.cause == "mptcp" and .origin == "local"' \
		"fast close with linger 0, IPv$fam"

	# MP_JOIN: kind 30, length 12, token 01020304, nonce 05060708.
	lab_run play --mptcp -p 82 --sport 45000 listen \
		"stray=S,opt=1e0c10010102030405060708"
	expect_reset RA '.cause == "mptcp" and .origin == "local"' \
		"join with an unknown token, IPv$fam"

	lab_run linger-zero -p 83
	expect_reset RA '.cause == "linger-zero"' "plain TCP, linger 0, IPv$fam"
	lab_run unread-data -p 83
	expect_reset RA '.cause == "unread-data"' "plain TCP, unread data, IPv$fam"
	lab_run closed-port --mptcp -p 84
	expect_reset RA '.cause == "closed-port"' "MPTCP to a closed port, IPv$fam"
done
settle
finish
