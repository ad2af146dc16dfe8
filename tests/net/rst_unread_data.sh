#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The server closes while received data waits unread.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run unread-data -p 80
	app_got client ECONNRESET "unread data, IPv$fam"
	expect_reset RA '.cause == "unread-data" and .type == "active" and
		.origin == "local"' "unread data, IPv$fam"

	# Linger 0 is set as well, but the kernel looks at unread data first.
	lab_run play -p 80 open client:send=10 server:unread=10 \
		server:linger=0 server:close client:expect=ECONNRESET
	expect_reset RA '.cause == "unread-data"' \
		"unread data and linger 0, IPv$fam"
done
settle
finish
