#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# suite.sh [bpf] [PATTERN...] - what runs inside a virtual machine: the BPF tests, and the live tests whose
# names contain a PATTERN; without arguments all of both.
#
# Emulation is slow, so the storm of healthy connections and the mixed resets are fewer than on real
# processors, and what fails runs once more (see tests/net/run.sh).

set -eu -o pipefail

export OUT=${OUT:-/out/net} STORM=${STORM:-1200} RETRY=1
export COUNT=${COUNT:-48} WORLDS=${WORLDS:-strict gateway} HEALTHY=${HEALTHY:-20}
status=0

# A function of a module can be probed once the module is there.
modprobe -qa nf_conntrack nf_reject_ipv4 nf_reject_ipv6 || :
if [ $# -eq 0 ] || [ "$1" = bpf ]; then
	for t in load abi packets resets live; do
		"build/tests/test_$t" || status=1
	done
fi
[ "${1-}" != bpf ] || shift
tests/net/run.sh "$@" || status=1
exit $status
