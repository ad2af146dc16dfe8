#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A program on the server sends a RST by a raw or a packet socket: the lab, hping3, and tcpkill, which
# ends a living connection. Beside it, resets of TCP and of netfilter while such sockets are open.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_raw.sh
. "$net_dir/lib_raw.sh"

topo2
pick_iptables
hold_sockets
for fam in 4 6; do
	ipt "$S" -A INPUT -p tcp --dport 90 -j REJECT --reject-with tcp-reset
done
by_raw='.cause == "raw-socket" and .confidence == "certain" and .origin == "local"'
start_watch "$S" -i eth0
for fam in 4 6; do
	lab_run play -p 80 open exchange server:segment=R client:expect=ECONNRESET
	app_got client ECONNRESET "a raw socket, IPv$fam"
	expect_reset R "$by_raw and (.evidence | any(test(\"raw socket\")) and any(test(\"perl \\\\(pid\")))" \
		"a raw socket, IPv$fam"
	packet_rst 5555
	expect_reset R "$by_raw and (.evidence | any(test(\"packet socket\")) and any(test(\"perl \\\\(pid\")))" \
		"a packet socket, IPv$fam"

	lab_run closed-port -p 81
	expect_reset RA '.cause == "closed-port"' "a closed port, IPv$fam"
	lab_run linger-zero -p 82
	expect_reset RA '.cause == "linger-zero"' "SO_LINGER, IPv$fam"
	lab_run no-socket -p 83
	expect_reset R '.cause | IN("no-socket", "unknown")' "no socket, IPv$fam"
	lab_run closed-port -p 90
	expect_reset RA '.cause == "netfilter-reject"' "REJECT, IPv$fam"
done
settle
expect_none '.cause == "raw-socket" and (.rst.sport | IN(80, 88) | not)' "no other reset is a raw socket's"

# Programs that people use.
if command -v hping3 > /dev/null && command -v tcpkill > /dev/null; then
	fam=4
	start_watch "$S" -i eth0
	tuple="$(addr_of C) 5557 $(addr_of S) 87"
	in_ns "$S" hping3 -R -c 1 -s 87 -p 5557 "$C4" > "$work/hping3" 2>&1 || :
	expect_reset R "$by_raw and (.evidence | any(test(\"hping3\")))" "hping3"
	in_ns "$S" tcpkill -i eth0 port 86 > "$work/tcpkill" 2>&1 &
	at_exit "kill_child $!"
	wait_for 10 grep -q listening "$work/tcpkill" || :
	lab_run play -p 86 open client:send=10 client:expect=ECONNRESET
	app_got client ECONNRESET "tcpkill"
	stop_watch
	check "tcpkill" [ "$(jq -c "select(.rst.sport == 86 and ($by_raw) and
		(.evidence | any(test(\"tcpkill\"))))" "$events" | wc -l)" -ge 1 ]
	settle
else
	skip "hping3 and tcpkill" "they are not installed"
fi
finish
