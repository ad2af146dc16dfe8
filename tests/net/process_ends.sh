#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A process ends with its connections open: the kernel closes them, not the
# application. The look-alike is a close() in a process that lives on.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

topo2
start_watch "$S" -i eth0

ends()	# DESC SIGNAL FILTER [STEP...]
{
	local desc=$1 signal=$2 filter=$3

	shift 3
	lab_run play -p 80 open client:send=10 server:unread=10 "$@" \
		server:die="$signal" client:expect=ECONNRESET
	expect_reset RA "$filter and .owner.pid == $(awk '/^process/ { print $2 }' "$said")" \
		"$desc, IPv$fam"
}

pod_uid=8f0e6b4a-1111-2222-3333-444455556666
pod_id=$(printf '%064x' $$)

# Prints where cgroup2 is mounted.
cgroup2()
{
	awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo
}

has_lockdown()
{
	grep -qs '\[confidentiality\]' /sys/kernel/security/lockdown
}

# As a kubelet names them.
make_pod()
{
	local top

	top=$(cgroup2)/rstscope-$$.slice
	pod=$top/kubepods-burstable-pod${pod_uid//-/_}.slice/cri-containerd-$pod_id.scope
	mkdir -p "$pod" 2> /dev/null || return 1
	at_exit "rmdir '$pod' '${pod%/*}' '$top'"
	printf '#!/bin/sh\necho $$ > "%s/cgroup.procs" && exec "%s" "$@"\n' "$pod" "$LAB" > "$work/in_pod"
	chmod +x "$work/in_pod"
}

# The watch looks for the owner when neither the process nor its cgroup is there any more.
killed_pod()
{
	local LAB=$LAB pod

	if [ -z "$(cgroup2)" ] || ! make_pod || has_lockdown; then
		skip "a pod that was killed, IPv$fam" "no cgroup2 that can be written, or names cannot be read (lockdown)"
		return
	fi
	LAB=$work/in_pod
	[ -n "$no_events" ] || kill -STOP "$watch_pid"
	ends "a pod that was killed" 9 ".cause == \"unread-data\" and .owner.comm == \"lab\" and
		.owner.cgroup == \"${pod#"$(cgroup2)"}\" and .owner.container == \"$pod_id\" and
		.owner.pod == \"$pod_uid\""
	check "the pod's cgroup is removed, IPv$fam" wait_for 5 rmdir "$pod"
	[ -n "$no_events" ] || kill -CONT "$watch_pid"
}

said_by='(.evidence + [.title] | join("\n"))'
for fam in 4 6; do
	ends "killed" 9 ".cause == \"unread-data\" and .confidence == \"certain\" and
		($said_by | test(\"SIGKILL\")) and (.title | test(\"the application closed\") | not) and
		(.advice[0].do | test(\"SIGTERM\")) and (.advice | length) == 1"
	ends "stopped" 15 ".cause == \"unread-data\" and ($said_by | test(\"SIGTERM\"))"
	ends "crashed" 11 ".cause == \"unread-data\" and ($said_by | test(\"SIGSEGV\")) and
		(.advice[0].do | test(\"crash\"))"
	ends "by exit()" 0 ".cause == \"unread-data\" and ($said_by | test(\"exit status 3\")) and
		(.advice[0].do | test(\"exit\"))"
	ends "killed, linger 0" 9 ".cause == \"unread-data\" and ($said_by | test(\"SIGKILL\"))" \
		server:linger=0
	lab_run play -p 80 open exchange server:linger=0 server:die=9 client:expect=ECONNRESET
	expect_reset RA ".cause == \"linger-zero\" and ($said_by | test(\"SIGKILL\"))" \
		"killed, linger 0 and nothing unread, IPv$fam"

	lab_run unread-data -p 80
	expect_reset RA ".cause == \"unread-data\" and (.title | test(\"the application closed\")) and
		($said_by | test(\"exiting|SIG\") | not) and (.advice[0].do | test(\"read until EOF\"))" \
		"closed, and the process lives on, IPv$fam"
	killed_pod
done
settle
finish
