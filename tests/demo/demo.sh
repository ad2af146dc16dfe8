#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh - four resets that look much alike to tcpdump, and their causes.
#
# Makes a client, a gateway and a server of its own in network namespaces,
# provokes one reset after the other, and shows for each what tcpdump printed
# and what rstscope said. Fails unless all four causes were named right.

set -eu -o pipefail

cd "${0%/*}/../.."
BUILD=${BUILD:-build}
export RSTSCOPE=${RSTSCOPE:-$BUILD/rstscope} LAB=${LAB:-$BUILD/tests/lab}
VM_KERNEL=6.1
keep=${KEEP:-$BUILD}
start_us=${EPOCHREALTIME//[!0-9]/}

usage()
{
	cat <<-EOT
	Usage: tests/demo/demo.sh [--in-vm | --here]

	Provokes four TCP resets in network namespaces of its own and lets rstscope
	name their causes. Nothing outside these namespaces is touched.

	  --in-vm   run in a virtual machine with Linux $VM_KERNEL (needs no root); this is
	            also what happens by itself where the kernel grants no kernel view
	  --here    never go to the virtual machine

	Needs root, except with --in-vm, and what \`make\` builds ($RSTSCOPE, $LAB).
	Exit status: 0 all causes were named right, 1 not, 2 wrong usage.
	EOT
}

where=auto
while [ $# -gt 0 ]; do
	case $1 in
	--in-vm) where=vm ;;
	--here) where=here ;;
	-h | --help) usage; exit ;;
	*) echo "demo: unknown option '$1' (see --help)" >&2; exit 2 ;;
	esac
	shift
done

if [ -t 1 ] || [ -n "${DEMO_COLOUR-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[1;31m' green=$'\e[1;32m' plain=$'\e[0m'
else
	bold='' dim='' red='' green='' plain=''
fi

die()
{
	echo "demo: $*" >&2
	exit 1
}

elapsed()
{
	local us=$((${EPOCHREALTIME//[!0-9]/} - start_us))

	printf '%d.%d s' $((us / 1000000)) $((us / 100000 % 10))
}

# What there is to look at afterwards.
tell_files()	# DIRECTORY
{
	echo "Open $1/demo.html in a browser, $1/demo.pcapng in Wireshark, or: $RSTSCOPE explain -r $1/demo.pcapng"
}

run_in_vm()
{
	local args=(--kernel "$VM_KERNEL" --exclude "$BUILD/test-out" --env "BUILD=$BUILD"
		--out "$BUILD/demo" --env "KEEP=/out") status=0

	type -P qemu-system-x86_64 > /dev/null ||
		xargs deploy/install-packages.sh < tests/vm/packages.txt
	[ "$BUILD" = build ] || args+=(--include "$BUILD")
	[ -z "$bold" ] || args+=(--env DEMO_COLOUR=1)
	echo "Booting a virtual machine with Linux $VM_KERNEL (software emulation: this takes a while)."
	tests/vm/run.sh "${args[@]}" -- tests/demo/demo.sh --here || status=$?
	echo "${dim}With the virtual machine: $(elapsed).$plain"
	[ "$status" -ne 0 ] || tell_files "$BUILD/demo"
	exit "$status"
}

for program in "$RSTSCOPE" "$LAB"; do
	[ -x "$program" ] || die "$program is not built: run \`make demo\`"
done
[ "$where" != vm ] || run_in_vm
[ "$(id -u)" -eq 0 ] || die "needs root: sudo tests/demo/demo.sh, or --in-vm"

# --- the lab: functions of tests/net, with our own way of failing ---

OUT=$(mktemp -d "${TMPDIR:-/tmp}/rstscope-demo.XXXXXX")
export OUT
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
. tests/net/lib.sh
at_exit "rm -rf $OUT"
said=/dev/null result=0 tcpdump_pid=
problems=()

skip_all()
{
	die "$*"
}

not_ok()
{
	problems+=("$*")
}

# Before they are made, so that Ctrl-C finds them at any moment.
name_namespaces()
{
	local ns base=rstdemo$$

	C=$base-client G=$base-gateway S=$base-server
	for ns in "$C" "$G" "$S" "${S}p"; do
		at_exit "ip netns del $ns"
	done
}

end_child()	# PID
{
	local status	# set by wait_exit; not that of run_cleanups

	jobs -p | grep -qx "$1" || return 0
	kill -TERM "$1" 2> /dev/null || :
	wait_exit 5 "$1"
}

has_lines()	# N PATTERN FILE
{
	local have

	have=$(grep -c -e "$2" "$3") || :
	[ "${have:-0}" -ge "$1" ]
}

start_tcpdump()
{
	if ! type -P tcpdump > /dev/null; then
		echo "${dim}tcpdump is not installed: its lines are left out$plain"
		return
	fi
	: > "$OUT/tcpdump.err"
	ip netns exec "$S" tcpdump -n -l --immediate-mode -Z root -i eth0 \
		'tcp[tcpflags] & tcp-rst != 0' > "$OUT/tcpdump" 2> "$OUT/tcpdump.err" &
	tcpdump_pid=$!
	at_exit "end_child $tcpdump_pid"
	wait_for 10 has_lines 1 '^listening' "$OUT/tcpdump.err" ||
		die "tcpdump did not start: $(cat "$OUT/tcpdump.err")"
}

# Sets $view to the kernel view that this kernel grants.
start_rstscope()
{
	local status=0

	"$RSTSCOPE" watch --netns "$S" -i eth0 --ready-file "$OUT/ready" -w "$keep/demo.pcapng" \
		> "$OUT/rstscope" 2> "$OUT/rstscope.err" &
	watch_pid=$!
	at_exit "end_child $watch_pid"
	wait_for 60 ended_or_exists "$watch_pid" "$OUT/ready" || :
	if [ ! -e "$OUT/ready" ]; then
		wait_exit 0 "$watch_pid"
		[ "$status.$where" = 77.auto ] || die "rstscope watch: $(cat "$OUT/rstscope.err")"
		view=none
		return
	fi
	view=$(sed -n 's/^kernel view: *//p' "$OUT/rstscope.err" | head -n 1)
}

# --- what is shown ---

# The colours that rstscope itself uses on a terminal.
paint()
{
	sed -E -e "1s/^([^ ]+)  (RST[+ACK]*) /$dim\1$plain  $bold\2$plain /" \
		-e "2s/^  ([a-z0-9-]+) /  $red\1$plain /" \
		-e "3,\$s/^  ([a-z]+|  or) /  $dim\1$plain /"
}

block()	# N: the Nth thing that rstscope said
{
	awk -v RS= -v n="$1" 'NR == n' "$OUT/rstscope"
}

said_or_gone()	# N
{
	has_lines "$1" '^$' "$OUT/rstscope" || gone "$watch_pid"
}

n=0
# shellcheck disable=SC2153 # G is the gateway's namespace
show()	# CAUSE HEADLINE LAB-ARGUMENT...
{
	local cause=$1 headline=$2

	shift 2
	n=$((n + 1))
	echo
	echo "$bold$n. $headline$plain"
	lab_run "$@"
	[ "$result" -eq 0 ] || return 0
	sed -n "s/^client \(ECONN.*\)/   the client's application got $bold\1$plain/p" "$said"
	if [ -n "$tcpdump_pid" ]; then
		wait_for 5 has_lines "$n" . "$OUT/tcpdump" || :
		echo "   tcpdump:  $(sed -n "${n}p" "$OUT/tcpdump")"
	fi
	echo "   rstscope:"
	wait_for 10 said_or_gone "$n" || :
	block "$n" | paint
	block "$n" | grep -q "^  $cause (" || not_ok "reset $n was not named $cause, but" \
		"'$(block "$n" | sed -n '2s/^ *//p')'"
}

topo3
redirect "$S" 1112 80
ipt "$S" -A INPUT -p tcp --dport 81 -j REJECT --reject-with tcp-reset
start_rstscope
if [ "$view" = none ] && [ "$where" = auto ]; then
	echo "This kernel ($(uname -r)) grants no kernel view: most causes cannot be seen here."
	run_in_vm
fi
start_tcpdump

cat <<EOF
client $C4 -- gateway -- server $S4 eth0   Linux $(uname -r)
on the server:  iptables -t nat -A PREROUTING -p tcp --dport 1112 -j REDIRECT --to-ports 80
                iptables -A INPUT -p tcp --dport 81 -j REJECT --reject-with tcp-reset
                rstscope watch -i eth0   (kernel view: $view)
EOF

show linger-zero "The server's application sets SO_LINGER to 0 and closes the connection" \
	linger-zero -p 80
show closed-port "The client connects to port 8080, where nobody listens" \
	closed-port -p 8080
show netfilter-reject "The client connects to port 81, where a REJECT rule stands before the service" \
	play -p 81 listen connect=ECONNREFUSED
show dnat-invalid "A healthy connection through the REDIRECT meets one segment out of window" \
	dnat-invalid -p 1112 -l 80

# --- the verdict ---

end_child "$watch_pid"
grep -qx 'client ECONNRESET' "$said" || not_ok "the last reset did not kill the client's connection"
last=$(block 4 | tr -s ' \n' ' ')
[[ $last == *"dnat-invalid (certain"* ]] || not_ok "dnat-invalid is not certain"
[[ $last =~ because.*:1112[^0-9].*:80[^0-9] ]] ||
	not_ok "the evidence for dnat-invalid does not name the ports 1112 and 80"
! has_lines 5 '^$' "$OUT/rstscope" || not_ok "rstscope reported a fifth reset"

echo
echo "${dim}rstscope, when it ended: $(sed -n '/^[0-9]* reset/,$p' "$OUT/rstscope.err" |
	paste -sd';' | sed 's/;/; /g')$plain"
if [ ${#problems[@]} -gt 0 ]; then
	printf "${red}not ok${plain} - %s\n" "${problems[@]}"
	echo "${red}FAILED${plain} after $(elapsed)"
	exit 1
fi
"$RSTSCOPE" report -r "$keep/demo.pcapng" -o "$keep/demo.html" --title "The demo's four resets" ||
	die "no report of $keep/demo.pcapng"
# Under sudo, what is built must stay the user's.
[ -z "${SUDO_USER-}" ] || chown "$SUDO_USER:" "$keep/demo.pcapng" "$keep/demo.html"
echo "${green}ok${plain} - all 4 causes were named right, in $(elapsed)"
[ -n "${KEEP-}" ] || tell_files "$keep"
