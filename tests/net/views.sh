#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel may refuse a way to ask it altogether, but no program of a way that it grants: the verifier
# must take them as they are configured for this kernel.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# shellcheck disable=SC2317 # called by check
takes_all()	# PLAN
{
	! grep -qE '(refused to load|rejected by the verifier), -(EACCES|EINVAL|E2BIG|EFAULT)' "$1"
}

topo2
have_rstscope || skip_all "rstscope is not built"
! grep -q '\[confidentiality\]' /sys/kernel/security/lockdown 2> /dev/null ||
	skip_all "lockdown=confidentiality refuses more"
for view in fentry kprobe tracepoint; do
	plan=$work/$view.plan
	"$RSTSCOPE" watch --netns "$S" -i eth0 --view $view --duration 0.1 2> "$plan" || :
	check "the verifier takes every program of --view $view" \
		takes_all "$plan"
	grep -E -B1 '(refused to load|rejected by the verifier)' "$plan" | sed 's/^/# /' || :
done
finish
