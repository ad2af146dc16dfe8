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
done
settle
finish
