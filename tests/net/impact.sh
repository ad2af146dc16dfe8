#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a reset did to its connection, and what became of one that arrived: each impact and each
# effect, and for each a look-alike, a reset of the same kind with another impact. Both ends watch.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# A reset with this cause, impact and numbers.
scene()	# SHAPE CAUSE IMPACT MORE DESC STEP...
{
	local shape=$1 filter=".cause == \"$2\" and .impact == \"$3\" and ($4)" desc=$5

	shift 5
	lab_run play -p 80 "$@"
	expect_reset "$shape" "$filter" "$desc, IPv$fam"
}

# A service that closes idle connections: two that end well, and four that a request meets, the last of another
# silence; and another service. How long a machine takes to close them differs: what is said has to fit the times.
idle_closes()
{
	local span

	[ "$fam" = 4 ] && [ -z "$TIERS" ] || return 0
	for _ in 1 2; do
		lab_run play -p 81 open exchange run="sleep 0.6" server:close client:expect=EOF client:close
	done
	for span in 0.6 0.6 0.6 1.6; do
		lab_run play -p 81 open exchange run="sleep $span" server:close client:expect=EOF client:ack \
			client:send=100 client:state=CLOSE
		expect_reset R '.keepalive_race.own_closes.seen >= 2' "a request after ${span} s of silence"
	done
	lab_run play -p 82 open exchange run="sleep 0.6" server:close client:expect=EOF client:ack client:send=100 client:state=CLOSE
	expect_reset R '.keepalive_race.own_closes == null and (.evidence | all(test("own timer") | not))' "another service"
	later each_watch closes_fit
}

# shellcheck disable=SC2317 # called by settle
closes_fit()
{
	if [ -n "$no_events" ]; then
		skip "the closes of the service fit their times" "$no_events"
		return
	fi
	# shellcheck disable=SC2016 # $... belong to jq
	check "the closes of the service fit their times" jq -se '
		def same($b): [., $b] | min as $min | (max - $min) * 10 <= $min - 20;
		[.[] | select(.rst.sport == 81)] | sort_by(.ts) as $all | length == 4 and all(range(4); . as $i |
			$all[$i].keepalive_race as $race | $race.own_closes as $own |
			$own.seen == $i + 2 and $own.same <= $own.seen and
			$own.same >= ([$all[:$i][].keepalive_race.closed_after_ms |
				select(same($race.closed_after_ms))] | length) and
			($own.same >= 2 and 2 * $own.same >= $own.seen) ==
				($all[$i].evidence | any(test("other connections .* its own timer"))))' "$events"
}

topo2
start_watch "$S" -i eth0
for fam in 4 6; do
	scene RA unread-data harmful ".loss.unread == 100 and .loss.unanswered" "a request unread at close()" \
		open exchange client:send=100 server:unread=100 server:close client:expect=ECONNRESET
	scene RA unread-data none ".loss.unread == 31" "TLS's close_notify unread at close()" \
		open client:send=500 server:recv=500 server:send=3000 client:recv=3000 client:acked server:acked \
		client:send=31 client:shutdown server:unread=31 server:state=CLOSE_WAIT server:close \
		client:expect=ECONNRESET
	scene RA linger-zero harmful ".loss.unanswered and .loss.unread == 0" "a request read and not answered" \
		open exchange client:send=100 server:recv=100 client:acked server:linger=0 server:close \
		client:expect=ECONNRESET
	scene RA linger-zero none ".loss.unanswered == false and .loss.sender_unacknowledged == 0" \
		"an idle connection" \
		open exchange server:linger=0 server:close client:expect=ECONNRESET
	scene R data-after-close harmful ".loss.receiver_unacknowledged == 100 and .keepalive_race.kind == \"after-fin\" and
		(.advice | length == 2) and (.advice[0].do | test(\"shorter\"))" "a request meets a closed socket" \
		open exchange server:close client:expect=EOF client:ack client:send=100 client:state=CLOSE
	scene R data-after-close harmful ".keepalive_race.kind == \"crossed\"" "a request crosses the FIN" \
		open exchange server:close client:expect=EOF client:ack client:segment=PA,ack=-1,len=100
	idle_closes
	scene R data-after-close none ".loss.receiver_unacknowledged == 24" "close_notify meets a closed socket" \
		open client:send=500 server:recv=500 server:send=3000 client:recv=3000 server:acked \
		server:close client:expect=EOF client:ack client:send=24 client:state=CLOSE
	scene RA closed-port refused true "nobody listens" connect=ECONNREFUSED
	scene RA listener-closed refused ".loss.unanswered == false" "closed before it was accepted" \
		listen connect backlog=1 listener:close client:expect=ECONNRESET
	scene RA remote probe '.effect == "taken"' "a health check: connect, then RST" \
		open client:linger=0 client:close server:expect=ECONNRESET
	scene R remote probe '.effect == "taken"' "a half-open scan" \
		listen stray=S,seq=1000
	scene RA remote none '.effect == "taken"' "a client that has its response" \
		open exchange client:linger=0 client:close server:expect=ECONNRESET
	scene RA remote harmful '.effect == "taken" and .loss.sender_unacknowledged == 0 and
		.loss.receiver_unacknowledged >= 0' "a client that leaves in mid-response" \
		open client:send=100 server:recv=100 server:send=200000 client:linger=0 client:close \
		server:expect=ECONNRESET
	scene R remote ignored '.effect == "ignored" and (.title | test("ignored"))' "a RST out of the window" \
		open exchange client:segment=R,seq=+3000000000 exchange
	scene R remote ignored '.effect == "challenged" and (.title | test("challenge"))' "a RST in the window" \
		open exchange client:segment=R,seq=+10 server:hear exchange
done
settle
finish
