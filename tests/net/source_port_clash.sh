#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A client's port that an old redirected connection still holds: conntrack gives the next connection
# from it another source port on its way in, so the peer's end in the kernel's account is not the
# one on the wire.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
for fam in 4 6; do
	redirect "$S" 1112 80
done
start_watch "$S" -i eth0
for fam in 4 6; do
	for i in {1..5}; do
		sport=$((40000 + i))
		lab_run dnat-invalid -p 1112 -l 80 --sport $sport
		expect_reset R '.cause == "dnat-invalid" and .type == "passive"' \
			"the connection that holds port $sport, IPv$fam"
		lab_run listener-stray -p 80 --sport $sport
		expect_reset R ".cause == \"listener-stray\" and .type == \"passive\" and
			.origin == \"local\" and .rst.dport == $sport and
			.kernel.lookup == \"listener\" and .kernel.segment.sport != $sport" \
			"a stray segment of the next connection from port $sport, IPv$fam"
	done
done
settle
finish
