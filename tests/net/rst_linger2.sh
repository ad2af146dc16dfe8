#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCP_LINGER2 is negative: no FIN_WAIT2 after close().

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 open exchange server:linger2=-1 server:shutdown \
		client:expect=EOF server:state=FIN_WAIT2 server:close \
		client:state=CLOSE
	expect_reset RA '.cause == "linger2" and .type == "active" and
		.origin == "local"' "TCP_LINGER2 -1, IPv$fam"
done
settle
finish
