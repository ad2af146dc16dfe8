#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One watch with --netns all in the namespace between two others: what their sockets reset has the cause
# and the owner that a watch inside would give it, is reported once, and is known even if it crosses no
# interface that is watched.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

inode()	# NS
{
	stat -L -c %i "/run/netns/$1"
}

# The RST came by in $G, where it passed from one interface to another.
made_in()	# NS CAUSE
{
	echo ".cause == \"$2\" and .confidence == \"certain\" and .origin == \"local\" and
		.netns == {ino: $(inode "$1"), name: \"$1\"} and
		(.sightings | map(.if + \" \" + .hook)) == [\"eth2 tc-ingress\", \"eth1 tc-egress\"]"
}

# Nothing but the kernel's account of it.
unseen_in()	# NS CAUSE
{
	echo ".cause == \"$2\" and .confidence == \"certain\" and .origin == \"local\" and
		.netns == {ino: $(inode "$1"), name: \"$1\"} and
		.hook == \"kernel\" and .if == \"-\" and .sightings == [] and .owner.comm == \"lab\" and
		(.evidence | any(startswith(\"not seen on the wire\")))"
}

# The sniffer has not seen it either, so expect_events does not know it.
# shellcheck disable=SC2317 # called by settle
expect_unseen()	# TUPLE FILTER DESC
{
	if [ -n "$no_events" ]; then
		skip "$3" "$no_events"
		return
	fi
	check "$3: one event" [ "$(events_of "$1" | wc -l)" -eq 1 ]
	check "$3" [ "$(events_of "$1" | jq -c "select($2)" | wc -l)" -eq 1 ]
}

loopback()
{
	[ "$fam" = 4 ] && echo 127.0.0.1 || echo ::1
}

expect_made()	# CAUSE [AND]
{
	later expect_events 1 "$tuple" "$(made_in "$S" "$1")${2:+ and $2}" "$1 in the next namespace, IPv$fam"
}

topo3
start_watch "$G" -i any --netns all
for fam in 4 6; do
	lab_run linger-zero -p 80
	expect_made linger-zero '.owner.comm == "lab" and .impact == "none"'
	lab_run unread-data -p 80
	later expect_events 1 "$tuple" ".cause == \"unread-data\" and .owner.comm == \"lab\" and
		.netns.name == \"$S\"" "unread-data in the next namespace, IPv$fam"
	lab_run closed-port -p 81
	expect_made closed-port
	lab_run disconnect -p 80
	expect_made disconnect
	lab_run listener-closed -p 80
	expect_made listener-closed
	lab_run data-after-close -p 80
	expect_made data-after-close
	C=$S lab_run linger-zero -p 80 -a "$(loopback)"
	later expect_unseen "$tuple" "$(unseen_in "$S" linger-zero)" "on the loopback of the next namespace, IPv$fam"

	# No function of any kernel here made it: who took it is known, and that is all.
	lab_run play -p 80 open exchange client:segment=R server:expect=ECONNRESET
	later expect_events 1 "$tuple" ".origin != \"local\" and .netns.name == \"$S\" and
		.effect == \"taken\"" "taken by the next namespace, made by a raw socket, IPv$fam"
done
settle
finish
