#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Resets that belong together are one incident, with evidence: a killed process, a closed listener, one
# ss -K, one conntrack -F, a scan, a health check, a service that is down. What only looks alike stays apart.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

for p in python3 jq conntrack ss; do
	command -v "$p" > /dev/null || skip_all "$p is not installed"
done

# Takes N connections and reads nothing of them, or none if N is 0; closes its listener on SIGUSR1.
cat > "$work/server.py" <<-'END'
	import signal, socket, sys
	port, n = int(sys.argv[1]), int(sys.argv[2])
	s = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=16)
	signal.signal(signal.SIGUSR1, lambda *_: s.close())
	print("listens", flush=True)
	taken = [s.accept()[0] for _ in range(n)]
	print("taken", flush=True)
	while True:
	    signal.pause()
END

# Opens N connections and sends ten bytes by each; once more after a line on standard input.
cat > "$work/client.py" <<-'END'
	import socket, sys
	addr, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
	all = [socket.create_connection((addr, port)) for _ in range(n)]
	for s in all:
	    s.sendall(b"0123456789")
	print("sent", flush=True)
	if sys.stdin.readline():
	    for s in all:
	        s.sendall(b"0123456789")
	    print("sent again", flush=True)
	for s in all:
	    try:
	        while s.recv(100):
	            pass
	    except OSError:
	        pass
	print("over", flush=True)
END

# Tries ports in turn, or one port at intervals and resets what it opened.
cat > "$work/tries.py" <<-'END'
	import socket, struct, sys, time
	addr, ports, beat, gaps = sys.argv[1], sys.argv[2].split(","), float(sys.argv[3]), sys.argv[4:]
	start = time.monotonic()
	for i, port in enumerate(ports):
	    time.sleep(max(0, start + i * beat - time.monotonic()))
	    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET)
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	    try:
	        s.connect((addr, int(port)))
	    except OSError:
	        pass
	    s.close()
END

# Its process goes to $server[NAME].
declare -A server
serve()	# NAME PORT N
{
	: > "$work/$1.out"
	ip netns exec "$S" python3 -IS "$work/server.py" "$2" "$3" >> "$work/$1.out" 2>&1 &
	server[$1]=$!
	at_exit "kill_child $!"
}

# Its standard input is the FIFO $work/NAME.in.
connect()	# NAME ADDR PORT N
{
	: > "$work/$1.out"
	rm -f "$work/$1.in"
	mkfifo "$work/$1.in"
	ip netns exec "$C" python3 -IS "$work/client.py" "$2" "$3" "$4" <> "$work/$1.in" >> "$work/$1.out" 2>&1 &
	at_exit "kill_child $!"
}

# Events of PORT of the server.
of_port()	# PORT
{
	jq -c "select(.rst and ([.rst.sport, .rst.dport] | any(. == $1)))" "$events"
}

# The N resets of PORT are one incident, whose later members have ROLE and evidence that has WORDS.
are_one()	# N PORT ROLE WORDS
{
	of_port "$2" | jq -s -e --arg role "$3" --arg words "$4" "length == $1"' and
		.[0].incident.id == .[0].id and (map(.incident.id) | unique | length) == 1 and
		.[0].incident.role == "first" and .[0].incident.because == null and
		(.[1:] | all(.incident.role == $role and (.incident.because | test($words)))) and
		(map(.incident.size) == [range(1; length + 1)])' > /dev/null
}

are_apart()	# PORT PORT
{
	[ -z "$(comm -12 <(of_port "$1" | jq -r .incident.id | sort -u) \
		<(of_port "$2" | jq -r .incident.id | sort -u))" ]
}

check_one()	# N PORT ROLE WORDS DESC
{
	check "$5 is one incident" are_one "$1" "$2" "$3" "$4"
	are_one "$1" "$2" "$3" "$4" || note "$(of_port "$2" | jq -c '{cause, impact, rst, incident, kernel: .kernel.stack}')"
}

topo2
pick_iptables
fam=4
to=$(addr_of S)
redirect "$S" 1112 7400
ipt "$C" -t raw -A OUTPUT -p tcp -j CT --notrack
ns_sysctl "$S" net.netfilter.nf_conntrack_tcp_loose=0
start_watch "$S" -i eth0
[ -z "$no_events" ] || skip_all "$no_events"

serve kill1 7100 3
serve kill2 7101 2
serve close 7200 0
serve victim1 7300 2
serve victim2 7301 2
serve nat 7400 2
serve health 7700 0
for name in "${!server[@]}"; do
	hear "$name" listens
done
connect killed1 "$to" 7100 3
connect killed2 "$to" 7101 2
connect closed "$to" 7200 3
connect victims1 "$to" 7300 2
connect victims2 "$to" 7301 2
connect mapped "$to" 1112 2
for name in killed1 killed2 closed victims1 victims2 mapped; do
	hear "$name" sent
done
for name in kill1 kill2 victim1 victim2 nat; do
	hear "$name" taken
done

# Two processes at once; a listener with three connections that nobody accepted; two commands.
kill -KILL "${server[kill1]}" "${server[kill2]}"
kill -USR1 "${server[close]}"
in_ns "$S" ss -K -n state established sport = :7300 > /dev/null 2>&1
in_ns "$S" ss -K -n state established sport = :7301 > /dev/null 2>&1
in_ns "$S" conntrack -F > /dev/null 2>&1
echo > "$work/mapped.in"
hear mapped "sent again"

# A scan; a service that is down, for which one client asks again; and a health check.
in_ns "$C" python3 -IS "$work/tries.py" "$to" 7501,7502,7503,7504,7505,7506,7507,7508 0
in_ns "$C" python3 -IS "$work/tries.py" "$(fam=6 addr_of S)" 7600,7600,7600 0
checked()
{
	grep -q '"role":"health-check"' "$events"
}
for _ in 1 2 3 4 5; do
	in_ns "$C" python3 -IS "$work/tries.py" "$(fam=6 addr_of S)" 7700,7700,7700,7700 0.5
	! wait_for 2 checked || break
done
EVENT_WAIT=20 stop_watch
check_one 3 7100 same-exit 'killed by SIGKILL' "a process that was killed"
check_one 2 7101 same-exit 'killed by SIGKILL' "another one"
check "... and not the first one's" are_apart 7100 7101
check_one 3 7200 same-close 'was closing its listeners' "a listener that was closed"
if [ -n "$(of_port 7300)" ]; then
	check_one 2 7300 same-command '^ss\[' "ss -K"
	check_one 2 7301 same-command '^ss\[' "another one"
	check "... and not the first one's" are_apart 7300 7301
else
	skip "ss -K" "CONFIG_INET_DIAG_DESTROY is off"
fi
check_one 2 1112 same-command 'netlink port' "conntrack -F"
check "a scan is one incident after its third port" jq -s -e \
	'map(select(.rst.sport >= 7501 and .rst.sport <= 7508)) | length == 8 and
	(.[3:] | all(.incident.role == "scan")) and .[7].incident.id == .[0].id' "$events"
check_one 3 7600 same-service 'had no listener' "a service that is down"
check "a health check is recognized" checked
check "a report lists the incidents" grep -q '3  20.*7100.*id ' \
	<("$RSTSCOPE" report -r "$work/$watch_n.pcapng" 2> /dev/null)
finish
