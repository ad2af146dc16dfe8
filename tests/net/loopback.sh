#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# On lo every packet passes egress and ingress of the same interface: still one
# event for each reset.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
C=$S S4=127.0.0.1 S6=::1
start_watch "$S" -i lo
for fam in 4 6; do
	lab_run linger-zero -p 80
	expect_reset RA '.cause == "linger-zero" and .origin == "local" and
		.["if"] == "lo"' "linger 0 on loopback, IPv$fam"
	lab_run closed-port -p 81
	expect_reset RA '.cause == "closed-port" and .origin == "local" and
		.["if"] == "lo"' "closed port on loopback, IPv$fam"
	lab_run listener-stray -p 80
	expect_reset R '.cause == "listener-stray" and .["if"] == "lo"' \
		"forgotten connection on loopback, IPv$fam"
done
settle
finish
