#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A day in the life of a gateway: healthy requests through haproxy to nginx, kept alive and not, in
# plain text and by TLS, with health checks, while both reload; and a few resets that hurt, each in
# its own way. Only those are reported as harmful, each with its cause.
#
# haproxy runs on the gateway, which watches; nginx on the server.
#
# DAY: how many healthy requests (300).

# check() and wait_for() call functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_servers.sh
. "${0%/*}/lib_servers.sh"

requests=${DAY:-300}
n=$((requests / 6))

# Recordings of so many would take longer than the test; it is not about them.
record_args()
{
	echo "--evidence $work/$1.evidence"
}

# So many, one after the other; curl numbers them.
healthy()	# DESC URL ARGS...
{
	local desc=$1 url=$2 got

	shift 2
	got=$(in_ns "$C" curl -sk --max-time 300 -o /dev/null -w '%{http_code}\n' "$@" "$url?[1-$n]" | grep -c '^200$') || :
	check "$n requests succeed, $desc" [ "$got" -eq "$n" ]
	requests_made=$((requests_made + n))
}

requests_made=0

day()
{
	healthy "kept alive" "http://$V4/page"
	healthy "one connection each" "http://$V4/page" -H 'Connection: close'
	healthy "TLS, kept alive" "https://$V4/page"
	# While these run, both take up their configuration anew.
	kill -USR2 "$haproxy_pid"
	healthy "TLS, one connection each" "https://$V4/page" -H 'Connection: close'
	kill -HUP "$nginx_pid"
	healthy "HTTP/1.0" "http://$V4/" --http1.0
	healthy "small, kept alive" "http://$V4/"
}

# A reset that hurts, between the gateway's end and the server; its tuple is what identifies it.
harm()	# CAUSE DESC STEP...
{
	local cause=$1 desc=$2

	shift 2
	lab_run play -p 90 "$@"
	planted+=("$tuple")
	later expect_events 1 "$tuple" ".cause == \"$cause\" and .impact == \"harmful\"" "$desc"
}

planted=()

# The client's ends are on the gateway, where haproxy's are.
harms()
{
	harm remote "the server closes with a request unread" \
		open exchange client:send=100 server:unread=100 server:close client:expect=ECONNRESET
	harm remote "the server aborts a request" \
		open exchange client:send=100 server:recv=100 client:acked server:linger=0 server:close \
		client:expect=ECONNRESET
	harm remote "a request crosses the server's close" \
		open exchange server:close client:expect=EOF client:ack client:send=100 client:state=CLOSE
	harm remote "the server has forgotten the connection" \
		open exchange listener:close server:silent-close client:send=100 client:expect=ECONNRESET
	harm unread-data "the gateway closes with half a response unread" \
		open client:send=100 server:recv=100 server:send=300000 client:unread=1000 client:close
	harm disconnect "the gateway disconnects while it waits" \
		open exchange client:send=100 server:recv=100 client:acked client:disconnect
	harm linger-zero "the gateway aborts while it waits" \
		open exchange client:send=100 server:recv=100 client:acked client:linger=0 client:close \
		server:expect=ECONNRESET
	harm remote "the server is killed with a request unread" \
		open exchange client:send=100 server:unread=100 server:die=9 client:expect=ECONNRESET
}

# Between the client and haproxy, in the middle of a response; and haproxy, which has more of it waiting
# unread, ends its own connection to nginx then: the same harm, passed on.
cut_response()
{
	local port passed

	in_ns "$C" curl -s --limit-rate 100k -o /dev/null "http://$V4/big" &
	at_exit "kill_child $!"
	if ! wait_for 60 big_is_under_way; then
		skip "a response is cut by ss -K" "haproxy does not wait for its client: $(in_ns "$G" ss -Htn | xargs)"
		return
	fi
	port=$(in_ns "$C" ss -Htn state established dport = :80 | awk '{ sub(".*:", "", $3); print $3; exit }')
	passed=$(waiting_unread)
	in_ns "$C" ss -K -tn state established dport = :80 > "$work/killed" 2>&1 || :
	wait "$!" || :
	if [ -z "$port" ] || ! grep -q ":80 " "$work/killed"; then
		skip "a response is cut by ss -K" "this kernel destroys no sockets (CONFIG_INET_DIAG_DESTROY)"
		return
	fi
	planted+=("$C4 $port $V4 80" "$G4 $passed $S4 8080")
	later expect_events 1 "$C4 $port $V4 80" '.cause == "remote" and .impact == "harmful" and .effect == "taken"' \
		"a response is cut by ss -K at the client"
	later check "haproxy leaves nginx in mid-response: event" is_passed_on "$G4 $passed $S4 8080"
}

# Its owner is not the lab, as that of other events is; its advice is about haproxy.
is_passed_on()	# TUPLE
{
	[ -n "$no_events" ] || [ "$(events_of "$1" |
		jq -r '[.cause, .impact, .owner.comm, (.advice[0].do | test("HAProxy"))] | join(" ")')" = \
		"unread-data harmful haproxy true" ]
}

# The port of the connection to nginx on which more of the response waits for haproxy than health checks get.
waiting_unread()
{
	in_ns "$G" ss -Htn state established dport = :8080 | awk '$1 > 50000 { sub(".*:", "", $3); print $3; exit }'
}

# The client's window is shut, and haproxy has written more than it takes.
big_is_under_way()
{
	in_ns "$C" ss -Htni state established dport = :80 | grep -q 'bytes_received:[0-9]\{6\}' &&
		in_ns "$G" ss -Htn state established sport = :80 | awk '$2 > 50000 { found = 1 } END { exit !found }' &&
		[ -n "$(waiting_unread)" ]
}

# As long as the recorder could keep every packet. More of them may overwrite those of a reset before a
# slow machine has read them.
is_all_kept()
{
	[ "$(sed -n 's/^\([0-9]*\) segments recorded.*/\1/p' "$talk")" -le 8192 ]
}

planted_are_alone()
{
	local n unknown='.impact == "unknown"'

	n=$(jq -c 'select(.impact == "harmful")' "$events" | wc -l)
	check "as many harmful resets as were planted" [ "$n" -eq "${#planted[@]}" ]
	[ "$n" -eq "${#planted[@]}" ] || note "$(jq -c 'select(.impact == "harmful") |
		{ cause, impact_reason, idle_ms, rst: (.rst | [.src, .sport, .dst, .dport, .flags]) }' "$events" | head -n 20)"
	is_all_kept || unknown+=' and (.history | length) > 0'
	expect_none "$unknown" "no impact is unknown"
}

need_servers
topo3
make_certificate
start_nginx "$S"
start_haproxy "$G" "$S4"
wait_for 20 answers "$G" "http://$S4:8080/" || skip_all "nginx does not answer: $(tail -n 1 "$work/nginx.log")"
wait_for 20 answers "$C" "http://$V4/" || skip_all "haproxy does not answer: $(tail -n 1 "$work/haproxy.out")"
start_watch "$G" -i any
day
# The planted ones connect from the gateway.
outer=$C
C=$G C4=$G4
harms
C=$outer C4=10.0.1.1
cut_response
settle
if [ -n "$no_events" ]; then
	skip "what was harmful" "$no_events"
else
	planted_are_alone
	note "$requests_made requests; resets by impact: $(jq -r .impact "$events" | sort | uniq -c | xargs)"
fi
finish
