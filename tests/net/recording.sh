#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Recordings and stores of real resets: other programs open them without a complaint, they replay to the
# same JSON, and a full disk does not end the watch.

# check() calls functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2
redirect "$S" 1112 80
dir=$work/kept
rm -rf "$dir"
mkdir -p "$dir"

some_resets()
{
	for fam in 4 6; do
		lab_run linger-zero -p 80
		lab_run closed-port -p 81
	done
	fam=4
	lab_run dnat-invalid -p 1112 -l 80
}

has_events()	# N
{
	[ "$(event_count)" -ge "$1" ] || gone "$watch_pid"
}

# Watches five resets; the rest are arguments of watch.
watch_five()	# NAME ARGS...
{
	launch_watch "$1" "$S" -i eth0 "${@:2}"
	watch_started "$1" "$watch_pid" || { not_ok "watch starts: $(tail -n 2 "$talk")"; finish; }
	some_resets
	wait_for 5 has_events 5 || :
	end_watch "$watch_pid"
}

replays()	# FILE
{
	"$RSTSCOPE" explain -r "$1" --json 2>&1 | cmp - "$events"
}

# --- the recording, and a store beside it ---

watch_five both -w "$dir/r.pcapng" --store "$dir/s.db" --keep 30d,100MB
if [ "$(event_count)" -eq 0 ]; then
	skip_all "watch does not work here: $(tail -n 1 "$talk")"
fi
check "the recording replays to the same JSON" replays "$dir/r.pcapng"
check "so does the store" replays "$dir/s.db"
check "the summary says how to open the recording" grep -q "explain -r '$dir/r.pcapng'" "$talk"

if command -v tshark > /dev/null; then
	silent()	# COMMAND...
	{
		"$@" > "$dir/out" 2> "$dir/err" && ! grep -v '^Running as user' "$dir/err"
	}
	fields()	# FILTER FIELD
	{
		tshark -r "$dir/r.pcapng" -Y "$1" -T fields -e "$2" 2> /dev/null
	}
	check "tshark reads the recording" silent tshark -r "$dir/r.pcapng"
	check "capinfos reads it" silent capinfos "$dir/r.pcapng"
	check "no packet is malformed" [ -z "$(fields '_ws.malformed || _ws.expert.severity == error' frame.number)" ]
	check "each RST tells its story as comment" \
		[ "$(fields 'tcp.flags.reset == 1' frame.comment | grep -c '(certain,')" -eq 5 ]
	check "what a RST answers is marked" \
		[ "$(fields 'frame.comment contains "this segment triggered"' frame.number | wc -l)" -ge 3 ]
	check "the handshake before is there" [ "$(fields 'tcp.flags.syn == 1 && tcp.port == 1112' frame.number | wc -l)" -eq 2 ]
	check "directions are kept" [ "$(fields 'tcp.flags.reset == 1 && frame.packet_flags_direction == 2' frame.number | wc -l)" -eq 5 ]
	check "times are those of the report" \
		[ "$(fields 'tcp.flags.reset == 1' frame.time_epoch | cut -d. -f2 | sort)" = \
		"$(jq -r .ts "$events" | sed 's/.*\.//; s/Z//' | sort)" ]
else
	skip "the recording in tshark" "no tshark"
fi
if command -v tcpdump > /dev/null; then
	check "tcpdump reads it" [ "$(tcpdump -nr "$dir/r.pcapng" 2> "$dir/err" | grep -c 'Flags \[R')" -eq 5 ]
	check "and does not complain" [ "$(grep -vc '^reading' "$dir/err")" -eq 0 ]
fi

# --- an explained capture, kept ---

same_again()	# FILE
{
	"$RSTSCOPE" explain -r "$1" --json 2>&1 | cmp - "$dir/capture.ndjson"
}

if command -v tcpdump > /dev/null && tcpdump -nr "$dir/r.pcapng" -w "$dir/plain.pcap" 2> /dev/null; then
	"$RSTSCOPE" explain -r "$dir/plain.pcap" --json --store "$dir/kept.db" --evidence "$dir/kept.evidence" \
		> "$dir/capture.ndjson" 2> "$dir/err" || :
	check "explain of a capture writes a store and evidence, and says nothing ($(wc -l < "$dir/capture.ndjson"))" \
		[ "$(wc -l < "$dir/capture.ndjson")/$(wc -c < "$dir/err")" = 5/0 ]
	check "the store gives the same JSON as the capture" same_again "$dir/kept.db"
	check "so does the evidence" same_again "$dir/kept.evidence"
	status=0
	"$RSTSCOPE" explain -r "$dir/kept.db" --store "$dir/kept.db" > "$dir/out" 2>&1 || status=$?
	check "what is read is not appended to: status $status" [ "$status" -eq 2 ]
	status=0
	"$RSTSCOPE" explain -q -r "$dir/plain.pcap" --store "$dir/nowhere/s.db" > "$dir/out" 2> "$dir/err" || status=$?
	check "a store that cannot be made is an error, status $status" [ "$status" -eq 1 ]
	check "which says why" grep -q "open store '$dir/nowhere/s.db'" "$dir/err"
fi

# --- a name that the kernel cut within a character ---

cp "$LAB" "$dir/Nachrichten-drüben"
launch_watch cut "$S" -i eth0 -w "$dir/cut.pcapng" --store "$dir/cut.db"
if watch_started cut "$watch_pid"; then
	lab=$LAB
	LAB=$dir/Nachrichten-drüben
	fam=4
	lab_run linger-zero -p 80
	LAB=$lab
	wait_for 5 has_events 1 || :
	end_watch "$watch_pid"
	check "the name is in the report, its end escaped" \
		[ "$(jq -r .owner.comm "$events")" = 'Nachrichten-dr\xc3' ]
	check "the recording has the same" replays "$dir/cut.pcapng"
	check "so does the store" replays "$dir/cut.db"
else
	not_ok "watch starts: $(tail -n 2 "$talk")"
fi

# --- how far back ---

watch_five pre -w "$dir/pre.pcapng" --pre 2
n=$(tcpdump -nr "$dir/pre.pcapng" 'tcp[13] & 2 != 0 and port 1112' 2> /dev/null | wc -l)
check "--pre 2 leaves the handshake out ($n SYNs)" [ "$n" -eq 0 ]
check "and changes no answer" replays "$dir/pre.pcapng"

# --- a pipe, and files that follow each other ---

events=$work/pipe.ndjson
"$RSTSCOPE" watch --netns "$S" -i eth0 -c 5 -w - --ready-file "$dir/ready" 2> "$dir/talk" |
	"$RSTSCOPE" explain -r - --json > "$dir/piped" &
wait_for 60 test -e "$dir/ready" || :
some_resets
wait
check "-w - gives all resets to a pipe" [ "$(wc -l < "$dir/piped")" -eq 5 ]
watch_five rotate -w "$dir/rot" -C 1 -W 2
check "-C and -W name files as tcpdump does" [ -s "$dir/rot0" ]

# --- a full disk ---

small=$dir/small
mkdir -p "$small"
if mount -t tmpfs -o size=24k none "$small"; then
	at_exit "umount $small"
	launch_watch full "$S" -i eth0 -w "$small/r.pcapng"
	if watch_started full "$watch_pid"; then
		some_resets
		some_resets
		some_resets
		wait_for 5 has_events 15 || :
		check "a full disk does not end the watch" kill -0 "$watch_pid"
		end_watch "$watch_pid"
		check "it is announced, once" [ "$(grep -c 'continuing without it' "$talk")" -eq 1 ]
		check "and counted" grep -q 'resets could not be written' "$talk"
		check "all resets were reported" [ "$(event_count)" -eq 15 ]
		n=$("$RSTSCOPE" explain -r "$small/r.pcapng" --json 2> "$dir/err" | wc -l)
		check "what was written is readable: $n resets" [ "$n" -ge 2 ]
		check "without a complaint" [ ! -s "$dir/err" ]
	fi
else
	skip "a full disk" "no tmpfs"
fi

# --- what cannot be opened ---

refused()	# REGEX DESC ARGS...
{
	local regex=$1 desc=$2

	shift 2
	status=0
	timeout 20 "$RSTSCOPE" watch --netns "$S" -i eth0 "$@" > "$dir/out" 2> "$dir/err" || status=$?
	check "$desc: a clear error, status $status" grep -qE -e "$regex" "$dir/err"
	case $regex in
	*--help*) check "$desc: it is one of usage" [ "$status" -eq 2 ] ;;
	*) check "$desc: nothing was attached" [ "$status" -eq 1 ] ;;
	esac
}

echo "no database" > "$dir/text"
refused 'ENOENT' "-w into a directory that does not exist" -w "$dir/nowhere/r.pcapng"
refused 'not an rstscope store' "--store of another file" --store "$dir/text"
check "which stays as it was" grep -qx "no database" "$dir/text"
refused '--help' "-W without -C" -w "$dir/x" -W 3
refused '--help' "--keep without --store" --keep 3d
refused '--help' "--pre of nothing" -w "$dir/x" --pre 0
finish
