#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A proxy on the gateway: a reset of its upstream, or of its client, and the reset that it sends on the
# other side are one incident. What the same process resets in the same moment for another reason is not.

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

for p in python3 jq; do
	command -v "$p" > /dev/null || skip_all "$p is not installed"
done

# Passes on what it gets, and resets: who loses one side loses the other. A byte "x" in a request: when
# that connection is lost, the oldest client without an upstream goes too.
cat > "$work/proxy.py" <<-'END'
	import selectors, socket, struct, sys
	port, upstream = int(sys.argv[1]), (sys.argv[2], int(sys.argv[3]))
	sel, peer, idle, cruel = selectors.DefaultSelector(), {}, [], set()
	listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
	sel.register(listener, selectors.EVENT_READ)
	def reset(s):
	    sel.unregister(s)
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	    s.close()
	print("listens", flush=True)
	while True:
	    for key, _ in sel.select():
	        s = key.fileobj
	        if s is listener:
	            c = s.accept()[0]
	            sel.register(c, selectors.EVENT_READ)
	            idle.append(c)
	            continue
	        if s.fileno() < 0:
	            continue
	        try:
	            data = s.recv(4096)
	        except ConnectionResetError:
	            data = b""
	        if not data:
	            other = peer.pop(s, None)
	            sel.unregister(s)
	            s.close()
	            if other:
	                peer.pop(other)
	                reset(other)
	            if s in cruel:
	                reset(idle.pop(0))
	            continue
	        if s not in peer and b"k" not in data:
	            u = socket.create_connection(upstream)
	            sel.register(u, selectors.EVENT_READ)
	            idle.remove(s)
	            peer[s], peer[u] = u, s
	            if b"x" in data:
	                cruel.add(u)
	        if s in peer:
	            peer[s].sendall(data)
END

# Resets who sends "r", after a while; keeps the others.
cat > "$work/upstream.py" <<-'END'
	import socket, struct, sys, time
	s = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
	kept = []
	print("listens", flush=True)
	while True:
	    c = s.accept()[0]
	    kept.append(c)
	    if b"r" in c.recv(100):
	        time.sleep(0.2)
	        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	        kept.pop().close()
END

# Sends WORD, and waits for the end; resets after a while itself if the word has an "a".
cat > "$work/client.py" <<-'END'
	import socket, struct, sys, time
	s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
	s.sendall(sys.argv[3].encode())
	print("sent", s.getsockname()[1], flush=True)
	if "a" in sys.argv[3]:
	    time.sleep(0.2)
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	    s.close()
	    sys.exit()
	try:
	    s.recv(100)
	except ConnectionResetError:
	    print("reset", flush=True)
END

# NAME NS ARGS...
start_py()
{
	local name=$1 ns=$2

	shift 2
	: > "$work/$name.out"
	ip netns exec "$ns" python3 -IS "$@" >> "$work/$name.out" 2>&1 &
	at_exit "kill_child $!"
}

client()	# NAME WORD
{
	start_py "$1" "$C" "$work/client.py" "$G4" 3128 "$2"
	hear "$1" sent
}

# The reset of the client NAME's connection, by itself or by the proxy.
of_client()	# NAME
{
	jq -c "select(.rst and ([.rst.sport, .rst.dport] | any(. == $(sed -n 's/^sent //p' "$work/$1.out"))))" "$events"
}

# The reset of NAME and one on the upstream's side are one incident; WORDS stand in its evidence.
has_other_side()	# NAME WORDS
{
	local id

	id=$(of_client "$1" | jq -r .incident.id)
	jq -s -e --arg id "$id" --arg words "$2" 'map(select(.incident.id == $id)) | length == 2 and
		(map(.rst | [.sport, .dport] | any(. == 9000)) | sort == [false, true]) and
		.[0].incident.role == "first" and .[1].incident.role == "other-side" and
		.[1].incident.size == 2 and (.[1].incident.because | test($words))' "$events" > /dev/null
}

is_alone()	# NAME
{
	local id

	id=$(of_client "$1" | jq -r .incident.id)
	[ "$(jq -r --arg id "$id" 'select(.incident.id == $id) | .id' "$events" | wc -l)" -eq 1 ]
}

check_sides()	# NAME DESC WORDS
{
	check "$2" has_other_side "$1" "$3"
	has_other_side "$1" "$3" || note "$(jq -c '{cause, ts, rst: (.rst | [.src, .sport, .dst, .dport]), incident,
		victim: .victim.comm, owner: .owner.comm, history: [.history[] | [.ts[17:], .sport, .dport, .flags, .len]]}' \
		"$events" | cut -c1-1500)"
}

told()	# NAME: both of its ends were reported
{
	[ -n "$(of_client "$1")" ]
}

topo3
start_watch "$G" -i any
[ -z "$no_events" ] || skip_all "$no_events"
start_py upstream "$S" "$work/upstream.py" 9000
hear upstream listens
start_py proxy "$G" "$work/proxy.py" 3128 "$S4" 9000
hear proxy listens

victims_are_named()
{
	jq -s -e 'map(select(.cause == "remote")) | length >= 3 and all(.victim.comm == "python3")' "$events" > /dev/null
}

# What a busy machine passes on too late is played again.
until_linked()	# NAME WORD: the last try's name goes to $last
{
	local i

	for i in 1 2 3 4 5; do
		last=$1$i
		client "$last" "$2"
		wait_for 10 told "$last" || :
		! wait_for 2 has_other_side "$last" . || return 0
	done
}

client kept k
until_linked loses r
loses=$last
until_linked leaves a
leaves=$last
client cruel rx
hear kept reset
stop_watch
check_sides "$loses" "the upstream's reset and the client's are one incident" \
	'^python3\[[0-9]+\] had taken a RST from 10\.0\.2\.1:9000 .* before'
check_sides "$leaves" "the client's reset and the upstream's are one incident" 'had taken a RST from 10\.0\.1\.1:'
check "whom the proxy resets in the same moment stays apart" is_alone kept
check "who lost its connection is named, though it closed it at once" victims_are_named
finish
