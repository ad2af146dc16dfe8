#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The listener is closed while a connection waits for accept().

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run listener-closed -p 80
	app_got client ECONNRESET "listener closed, IPv$fam"
	expect_reset RA '.cause == "listener-closed" and .type == "active" and
		.origin == "local"' "listener closed, IPv$fam"
done
settle
finish
