#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Resets of a container behind macvlan or ipvlan, and of a machine behind a macvtap or tap device, seen by
# the node. The machine is a process that writes frames. Beside it, the node's own resets.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_raw.sh
. "$net_dir/lib_raw.sh"

# A namespace of its own, with N for the last part of its addresses.
container()	# TYPE N
{
	local ns=${S}$1

	ip -n "$S" link add link eth0 name "guest$2" type "$1" 2> /dev/null || return 1
	make_ns "$ns"
	ip -n "$S" link set "guest$2" netns "$ns"
	ns_sysctl "$ns" "net.ipv6.conf.guest$2.accept_dad=0"
	ip -n "$ns" addr add "10.0.2.$2/24" dev "guest$2"
	ip -n "$ns" addr add "fd00:2::$2/64" dev "guest$2" nodad
	ip -n "$ns" link set dev "guest$2" up
}

# One from inside for each way that TCP sends it, and the same of the node itself.
resets_of()	# TYPE N
{
	local node=$S

	for fam in 4 6; do
		# Kernels of old do not say whose an answer of IPv6 is: a REJECT looks the same.
		refuses='.cause == "guest" and .confidence == "likely"'
		[ $fam = 4 ] || refuses="$refuses or .cause == \"unknown\" and any(.candidates[]; . == \"guest\")"
		S4=10.0.2.$2 S6=fd00:2::$2 S=${node}$1
		lab_run linger-zero -p 80
		expect_reset RA '.cause == "guest" and .confidence == "certain"' "$1, TCP aborts, IPv$fam"
		lab_run closed-port -p 81
		expect_reset RA "$refuses" "$1, TCP refuses, IPv$fam"
		S4=10.0.2.1 S6=fd00:2::1 S=$node
		lab_run linger-zero -p 80
		expect_reset RA '.cause == "linger-zero"' "beside $1, the node aborts, IPv$fam"
		lab_run closed-port -p 81
		expect_reset RA '.cause | IN("closed-port", "unknown")' "beside $1, the node refuses, IPv$fam"
	done
}

topo2
n=2
# One after the other: an interface has guests of one of them only.
for type in macvlan ipvlan; do
	n=$((n + 1))
	if ! container $type $n; then
		skip "$type" "this kernel has none"
		continue
	fi
	start_watch "$S" -i eth0
	resets_of $type $n
	settle
	ip -n "$S$type" link del "guest$n"
done

# Frames of a machine 10.0.9.2 for the client, which the node routes.
machine_rst()	# PORT
{
	rst_frame "$1" 020000000901 020000000902 "10.0.9.2" "fd00:9::2"
}

# What opens /dev/net/tun and writes a frame for each line that it reads.
# shellcheck disable=SC2016 # perl's
machine='$| = 1; open(my $t, "+<", "/dev/net/tun") or die "open: $!";
	my $request = pack("a16S", "tap0", 0x1002) . "\0" x 22;
	ioctl($t, 0x400454ca, $request) or die "ioctl: $!";
	open(my $r, ">", $ARGV[0]); close($r);
	while (<STDIN>) { chomp; syswrite($t, pack("H*", $_)) }'
rm -f "$work/tap" "$work/frames"
mkfifo "$work/frames"
in_ns "$S" perl -e "$machine" "$work/tap" < "$work/frames" 2> "$work/tap.err" &
machine_pid=$!
at_exit "kill_child $machine_pid"
exec 7> "$work/frames"
wait_for 10 ended_or_exists $machine_pid "$work/tap"
if [ -e "$work/tap" ]; then
	ip -n "$S" link set dev tap0 address 02:00:00:00:09:01 addrgenmode none up
	ip -n "$S" addr add 10.0.9.1/24 dev tap0
	ip -n "$S" addr add fd00:9::1/64 dev tap0 nodad
	ns_sysctl "$S" net.ipv4.ip_forward=1
	ns_sysctl "$S" net.ipv6.conf.all.forwarding=1
	start_watch "$S" -i eth0 -i tap0
	for fam in 4 6; do
		tuple="$(addr_of C) 5555 $([ $fam = 4 ] && echo 10.0.9.2 || echo fd00:9::2) 88"
		machine_rst 5555 >&7
		expect_reset R '.cause == "guest" and .confidence == "likely" and .origin == "forwarded" and
			(.evidence | any(test("tap0") and test("perl \\(pid")))' "a machine behind tap, IPv$fam"
	done
	settle
else
	skip "a machine behind tap" "$(tail -n 1 "$work/tap.err")"
fi
exec 7>&-

# A machine on the node's own network, by macvtap.
number=$(ip -n "$S" link add link eth0 name mt0 type macvtap mode bridge 2> /dev/null &&
	in_ns "$S" sh -c 'cat /sys/class/net/mt0/macvtap/tap*/dev') || number=
# shellcheck disable=SC2086 # two words
if [ -n "$number" ] && mknod "$work/mt0" c ${number/:/ } && : 2> /dev/null <> "$work/mt0"; then
	ip -n "$S" link set dev mt0 up
	start_watch "$S" -i eth0
	for fam in 4 6; do
		frame=$(rst_frame 5556 020000000211 020000000207 "10.0.2.7" "fd00:2::7")
		# An empty struct virtio_net_hdr comes first.
		# shellcheck disable=SC2016 # perl's
		in_ns "$S" perl -e 'open(T, "+<", $ARGV[0]) or die $!; syswrite(T, "\0" x 10 . pack("H*", $ARGV[1])) or die $!' \
			"$work/mt0" "$frame"
		tuple="$(addr_of C) 5556 $([ $fam = 4 ] && echo 10.0.2.7 || echo fd00:2::7) 88"
		expect_reset R '.cause == "guest" and .confidence == "certain" and .origin == "local"' \
			"a machine behind macvtap, IPv$fam"
	done
	settle
else
	skip "a machine behind macvtap" "this machine has no macvtap"
fi
rm -f "$work/mt0"
finish
