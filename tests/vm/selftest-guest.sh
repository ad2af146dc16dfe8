#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The part of selftest.sh that runs inside the machine.
# shellcheck disable=SC2317 # most functions are called by ok
set -u

n_bad=0

# ok DESCRIPTION COMMAND...: a TAP line that says whether COMMAND succeeded.
# (A file takes the output: of a pipe, servers in the background would keep the
# other end open.)
ok() {
	local what=$1
	shift
	if "$@" >/tmp/log 2>&1; then
		echo "ok - $what"
	else
		echo "not ok - $what"
		sed 's/^/# /' /tmp/log
		n_bad=$((n_bad + 1))
	fi
}

# Two namespaces, c (client) and s (server), joined by a veth pair.
network() {
	ip netns add c && ip netns add s &&
		ip link add vc netns c type veth peer name vs netns s &&
		ip -n c addr add 10.9.0.1/24 dev vc &&
		ip -n s addr add 10.9.0.2/24 dev vs &&
		ip -n c addr add fd09::1/64 dev vc nodad &&
		ip -n s addr add fd09::2/64 dev vs nodad &&
		ip -n c link set vc up && ip -n s link set vs up &&
		ip -n c link set lo up && ip -n s link set lo up
}

in_c() { ip netns exec c "$@"; }
in_s() { ip netns exec s "$@"; }

listen() {
	in_s socat TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 SYSTEM:'echo hello' &
	for _ in $(seq 50); do
		in_s ss -Hltn 'sport = 80' | grep -q . && return
		sleep 0.1
	done
	return 1
}

# answers ADDRESS PORT: does a connection there get the server's line?
answers() { [ "$(in_c timeout 10 socat -u "TCP:$1:$2" -)" = hello ]; }

# refused ADDRESS PORT: is a connection there answered with an RST?
refused() { in_c timeout 10 socat -u "TCP:$1:$2" - 2>&1 | grep -q refused; }

redirect4() {
	in_s iptables -t nat -A PREROUTING -p tcp --dport 1112 -j REDIRECT --to-ports 80 && answers 10.9.0.2 1112
}
redirect6() {
	in_s ip6tables -t nat -A PREROUTING -p tcp --dport 1112 -j REDIRECT --to-ports 80 && answers '[fd09::2]' 1112
}
redirect_legacy() {
	in_s iptables-legacy -t nat -A PREROUTING -p tcp --dport 1113 -j REDIRECT --to-ports 80 && answers 10.9.0.2 1113
}
redirect_nft() {
	in_s nft 'table inet t { chain p { type nat hook prerouting priority -101; tcp dport 1114 redirect to :80; }; }' &&
		answers 10.9.0.2 1114
}
reject4() {
	in_s iptables -A INPUT -p tcp --dport 2222 -j REJECT --reject-with tcp-reset && refused 10.9.0.2 2222
}
reject6() {
	in_s ip6tables -A INPUT -p tcp --dport 2222 -j REJECT --reject-with tcp-reset && refused '[fd09::2]' 2222
}
reject_legacy() {
	in_s iptables-legacy -A INPUT -p tcp --dport 2223 -j REJECT --reject-with tcp-reset && refused 10.9.0.2 2223
}
reject_nft() {
	in_s nft 'table inet f { chain i { type filter hook input priority 0; tcp dport 2224 reject with tcp reset; }; }' &&
		refused 10.9.0.2 2224
}
tracked() { in_s conntrack -L 2>/dev/null | grep -q 'dport=1112.*sport=80'; }
killed_by_ss() {
	local pid rc=0
	in_c timeout 20 socat -u TCP:10.9.0.2:81 - &
	pid=$!
	sleep 1
	in_c ss -K dport = 81 | grep -q ':81' || rc=1
	wait "$pid"
	return "$rc"
}
netem() { in_s tc qdisc add dev vs root netem delay 3ms && in_s tc qdisc show dev vs | grep -q netem; }
clsact() { in_s tc qdisc add dev vs clsact; }
modules() {
	local m
	for m in "$@"; do
		modprobe "$m" || { echo "cannot load $m"; return 1; }
	done
}
# A kprobe by way of tracefs: it needs the functions' names and the kprobe PMU's code.
kprobe_fires() {
	local t=/sys/kernel/tracing
	echo 'p:selftest tcp_v4_send_reset' >"$t/kprobe_events" &&
		echo 1 >"$t/events/kprobes/selftest/enable" || return 1
	in_c timeout 10 socat -u TCP:10.9.0.2:999 - 2>/dev/null
	echo 0 >"$t/events/kprobes/selftest/enable"
	grep -q selftest "$t/trace"
}
capture() {
	local pid
	in_s timeout 20 tcpdump -i vs -c 1 -w /out/rst.pcap 'tcp[tcpflags] & tcp-rst != 0' &
	pid=$!
	for _ in $(seq 20); do
		in_c timeout 10 socat -u TCP:10.9.0.2:999 - 2>/dev/null
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.2
	done
	wait "$pid" && [ -s /out/rst.pcap ]
}
is_mounted() { mountpoint -q "$1"; }
streams() { echo x >/dev/stdout && echo x >/dev/stderr && diff <(echo a) <(echo a); }

echo "# $(uname -r), command line: $(cat /proc/cmdline)"
ok "cwd is /src" test "$PWD" = /src
ok "--env arrives with blanks and newlines" test "${SELFTEST:-}" = $'a b\n"c'
ok "arguments arrive unchanged" test "${1:-}" = "x  y' \$z"
ok "--append arrives" grep -q selftest=1 /proc/cmdline
ok "two processors" test "$(nproc)" = 2
ok "file modes are kept" test -x /src/tests/vm/run.sh -a ! -x /src/tests/vm/kernels.txt
ok "build/vm is left out" test ! -e /src/build/vm
ok "the root file system is writable" touch /usr/bin/x /etc/x
ok "/dev/stdout, /dev/stderr and /dev/fd work" streams
for m in /proc /sys /run /tmp /dev /dev/pts /dev/shm /sys/fs/bpf /sys/fs/cgroup /sys/kernel/tracing /sys/kernel/security; do
	ok "$m is mounted" is_mounted $m
done
ok "cgroup2 at /sys/fs/cgroup" test -e /sys/fs/cgroup/cgroup.controllers
ok "BTF of the kernel" test -s /sys/kernel/btf/vmlinux
ok "bpftool reads the BTF" bpftool btf dump file /sys/kernel/btf/vmlinux format raw
ok "kprobe PMU" test -s /sys/bus/event_source/devices/kprobe/type
ok "clock is right to a minute" test "$(($(date +%s) - ${HOST_TIME:-0}))" -lt 60
ok "ping over lo (IPv4, IPv6)" busybox ping -c 1 127.0.0.1
ok "ordinary users: setpriv" test "$(setpriv --reuid 1000 --regid 1000 --clear-groups id -u)" = 1000
ok "unshare and nsenter" unshare -mn nsenter -t 1 -n true
ok "modules load by name" modules veth nf_conntrack nf_nat xt_REDIRECT ipt_REJECT ip6t_REJECT nft_redir \
	nft_reject_inet sch_ingress cls_bpf sch_netem tcp_diag
ok "namespaces and veth" network
ok "a server in a namespace" listen
ok "plain connection, IPv4" answers 10.9.0.2 80
ok "plain connection, IPv6" answers '[fd09::2]' 80
ok "iptables REDIRECT 1112 to 80" redirect4
ok "ip6tables REDIRECT 1112 to 80" redirect6
ok "conntrack lists the redirected connection" tracked
ok "iptables REJECT with tcp-reset" reject4
ok "ip6tables REJECT with tcp-reset" reject6
ok "nft redirect" redirect_nft
ok "nft reject with tcp reset" reject_nft
ok "tc netem" netem
ok "tc clsact" clsact
ok "a kprobe fires" kprobe_fires
ok "tcpdump captures an RST" capture
in_s socat TCP-LISTEN:81,fork SYSTEM:'sleep 20' &
sleep 0.5
ok "ss -K kills a connection" killed_by_ss
# Last: the kernel does not let both families of tables do NAT in one namespace
# on every version.
in_s nft flush ruleset
ok "iptables-legacy REDIRECT" redirect_legacy
ok "iptables-legacy REJECT with tcp-reset" reject_legacy
mkdir -p /out/sub && echo content >/out/sub/file && chmod 640 /out/sub/file
dmesg >/out/dmesg
# What stays behind in the background must not keep the machine running.
sleep 1000 &
[ $n_bad -eq 0 ] || exit 1
exit 7
