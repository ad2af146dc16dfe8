#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# watch --user-stack: who called close(), to the line; and what cannot be named is not.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

closer=${LAB%/*}/closer
line=$(awk '/the line of the reset/ { print NR; exit }' "$net_dir/closer.c")

# Starts a program whose arguments end with the server's address, port and the file that it waits for.
start_app()	# NAME PROGRAM ARGS...
{
	local app=$work/app.$1

	shift
	ip netns exec "$C" "$@" "$(addr_of S)" 80 "$app.go" > "$app" 2> "$app.err" &
	at_exit "kill_child $!"
}

all_came()
{
	[ -n "$no_events" ] || [ "$(event_count)" -ge "$resets" ]
}

# The application stays until the end, since its files are to be read.
expect_stack()	# NAME FILTER DESC
{
	local app=$work/app.$1

	resets=$((resets + 1))
	wait_for 60 grep -qs '^tuple' "$app" || note "$(cat "$app.err")"
	tuple=$(sed -n 's/^tuple //p' "$app")
	: > "$app.go"
	wait_for 20 grep -qs '^closed' "$app" || note "$(cat "$app.err")"
	wait_for 20 all_came || :
	later expect_event "$tuple" ".cause == \"linger-zero\" and $2" "$3"
}

named="(.user_stack | map(select(test(\"^drop_session[+]0x[0-9a-f]+/0x[0-9a-f]+ [[]closer[a-z_]*[]] .*closer[.]c:$line\$\"))) | length) == 1 and
	(.user_stack | join(\" \") | test(\"close.*drop_session.*handle_timeout.*main.*_start\")) and .user_stack_end == null"
# Addresses with the file's build-id, and no function of the program's by name.
unnamed='(.user_stack | map(select(test("^0x[0-9a-f]+ [[]closer[a-z_]*( [(]deleted[)])?, build-id [0-9a-f]+[]]$"))) | length) >= 3 and
	(.user_stack | join(" ") | test("drop_session|handle_timeout|closer[.]c") | not)'

if [ "$(uname -m)" != x86_64 ] || [ ! -x "$closer" ]; then
	skip "user stacks" "for x86-64 only"
	finish
fi
if [ -n "${RETRY-}" ]; then
	skip "user stacks" "emulated processors take too long to unwind"
	finish
fi
if grep -qs '\[confidentiality\]' /sys/kernel/security/lockdown; then
	skip "user stacks" "kernel memory cannot be read (lockdown)"
	finish
fi
topo2
ip netns exec "$S" "$closer" listen 80 > "$work/server" &
at_exit "kill_child $!"
wait_for 20 grep -qs listening "$work/server"
# The owner is not the lab here.
always=${always%and*}
start_watch "$C" -i eth0 --user-stack
resets=0

fam=4
start_app plain "$closer" connect
start_app stripped "$closer"_stripped connect
cp "$closer" "$work/closer_replaced"
start_app replaced "$work/closer_replaced" connect
python=
for p in /usr/bin/python3 "$(command -v python3)"; do
	[ -n "$python" ] || ! "$p" -IS -c 'import socket' 2> /dev/null || python=$p
done
if [ -n "$python" ]; then
	cat > "$work/closer.py" <<- 'END'
		import os, signal, socket, struct, sys, time
		s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
		s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		print('tuple', *s.getsockname()[:2], *s.getpeername()[:2], flush=True)
		while not os.path.exists(sys.argv[3]):
		    time.sleep(0.01)
		s.close()
		print('closed', flush=True)
		signal.pause()
	END
	start_app python "$python" -IS "$work/closer.py"
fi
fam=6
start_app fp "$closer"_fp connect

expect_stack plain "$named" "without frame pointers"
expect_stack fp "$named" "with frame pointers, IPv6"
expect_stack stripped "$unnamed" "stripped"
# Another program has the name of the one that runs.
mv "$work/closer_replaced" "$work/closer_old"
cp "$LAB" "$work/closer_replaced"
expect_stack replaced "$named" "its file was replaced"
if [ -n "$python" ]; then
	expect_stack python '(.user_stack | join(" ") | test("close[+]0x") and test("_?Py[A-Za-z_]+[+]0x[0-9a-f]+/0x"))' "Python"
else
	skip "Python" "no python3"
fi
settle
finish
