#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Process 1 of the guest, after init: run the command, hand out its status and
# its files, power off.  Messages of this script go to the console.
set -u

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8
# A test may change what belongs to the whole machine only where this is set.
export RSTSCOPE_VM=1

fail() {
	echo "vm: guest: $*"
	busybox poweroff -f
	sleep infinity
}

# port NAME: set REPLY to the device of the virtio port that run.sh gave this
# name.  (There is no udev here that would make /dev/virtio-ports.)
port() {
	local p name
	for p in /sys/class/virtio-ports/*; do
		read -r name <"$p/name"
		REPLY=/dev/${p##*/}
		[ "$name" != "rstscope.$1" ] || return 0
	done
	fail "no port $1"
}

# kill_rest PID: kill whatever COMMAND left behind, but PID, so that the output
# ends.  Only built-in commands: a new process takes 40 ms in emulation.
kill_rest() {
	local p
	for p in /proc/[0-9]*; do
		# Kernel threads have no executable.
		[ -e "$p/exe" ] || continue
		p=${p#/proc/}
		[ "$p" = 1 ] || [ "$p" = "$1" ] || kill -KILL "$p" 2>/dev/null
	done
}

run_command() {
	local cat status uptime
	mkfifo /run/vm/out
	port out
	# Through a pipe: the port itself can be opened only once, and COMMAND may
	# want to open /dev/stderr.
	cat /run/vm/out >"$REPLY" &
	cat=$!
	read -r uptime _ </proc/uptime
	echo "start $uptime" >"$status_port"
	(cd /src && exec env "${environment[@]}" setsid "${argv[@]}") </dev/null >/run/vm/out 2>&1
	status=$?
	kill_rest $cat
	wait $cat
	if [ -e /run/vm/want-out ]; then
		port results
		tar -C /out -cf "$REPLY" .
	fi
	echo "status $status" >"$status_port"
}

run_shell() {
	export PS1='vm:\w\$ '
	(cd /src && exec env "${environment[@]}" setsid -c "${argv[@]}") </dev/ttyS0 >/dev/ttyS0 2>&1
	echo "status $?" >"$status_port"
}

port status
status_port=$REPLY
mapfile -d '' argv </run/vm/argv
mapfile -d '' environment </run/vm/env
if [ -e /run/vm/shell ]; then run_shell; else run_command; fi
exec busybox poweroff -f
