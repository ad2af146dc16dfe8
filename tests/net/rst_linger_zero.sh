#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The server closes with SO_LINGER on and time 0.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run linger-zero -p 80
	app_got client ECONNRESET "linger 0, IPv$fam"
	expect_reset RA '.cause == "linger-zero" and .type == "active" and
		.origin == "local" and .rst.sport == 80' "linger 0, IPv$fam"

	# The client may do the same: then the reset comes from outside.
	lab_run play -p 80 open exchange client:linger=0 client:close \
		server:expect=ECONNRESET
	expect_reset RA '.cause == "remote" and .origin == "remote" and
		.rst.dport == 80' "linger 0 on the client, IPv$fam"
done
settle
finish
