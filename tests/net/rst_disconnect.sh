#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# connect(AF_UNSPEC) on an established connection.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run disconnect -p 80
	expect_reset RA '.cause == "disconnect" and .type == "active" and
		.origin == "local"' "disconnect, IPv$fam"
done
settle
finish
