# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# RSTs that no TCP makes, and who holds sockets to send them; in perl, which is on every Debian.

# What the scripts and lib.sh share: $fam, $tuple, $work.
# shellcheck disable=SC2034,SC2154

# Of the addresses that the topologies have, in hex.
hex_of()	# ADDRESS
{
	case $1 in
	*:*) printf '%04x%04x00000000000000000000%04x' "0x${1%%:*}" \
		"0x$(echo "$1" | cut -d: -f2)" "0x${1##*:}" ;;
	*) # shellcheck disable=SC2046,SC2183 # four words
		printf '%02x%02x%02x%02x' $(echo "$1" | tr . ' ') ;;
	esac
}

# A frame with a RST [R] from port 88 to the client's, in hex. IPv4's checksum is that of a router's.
rst_frame()	# PORT DST_MAC SRC_MAC SRC4 SRC6
{
	local tcp ip sum=0 word

	tcp=$(printf '0058%04x00000005000000005004000000000000' "$1")
	if [ "$fam" = 6 ]; then
		echo "$2${3}86dd6000000000140640$(hex_of "$5")$(hex_of "$C6")$tcp"
		return
	fi
	ip=450000280000400040060000$(hex_of "$4")$(hex_of "$C4")
	for word in $(echo "$ip" | fold -w 4); do
		sum=$((sum + 0x$word))
	done
	sum=$((sum % 65535))
	printf '%s%s0800%s%04x%s%s\n' "$2" "$3" 45000028000040004006 $((65535 - sum)) "${ip:24}" "$tcp"
}

# By a packet socket on the server's eth0. Sets $tuple.
packet_rst()	# PORT
{
	tuple="$(addr_of C) $1 $(addr_of S) 88"
	# shellcheck disable=SC2016 # perl's
	in_ns "$S" perl -e 'socket(S, 17, 3, 0) or die $!;
		send(S, pack("H*", $ARGV[0]), 0, pack("SnlSCCa8", 17, 0x800, $ARGV[1], 0, 0, 6,
			"\2\0\0\0\2\x11")) or die $!' \
		"$(rst_frame "$1" 020000000211 020000000201 "$S4" "$S6")" \
		"$(in_ns "$S" cat /sys/class/net/eth0/ifindex)"
}

# A process of the server that has a raw socket of protocol TCP, one of any, and a packet socket.
hold_sockets()
{
	rm -f "$work/held"
	# shellcheck disable=SC2016 # perl's
	in_ns "$S" perl -e 'socket(A, 2, 3, 6) && socket(B, 2, 3, 255) && socket(C, 17, 3, 0) or die $!;
		open(F, ">", $ARGV[0]); close(F); sleep 600' "$work/held" &
	at_exit "kill_child $!"
	wait_for 10 ended_or_exists $! "$work/held"
}
