#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The files of a watch: in directories of other users, in sticky ones, moved away while it runs, larger than
# they may be; and without standard descriptors.

# check() calls functions that shellcheck takes for unreachable.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

have_rstscope || skip_all "rstscope is not built"
topo2
# In a place that everybody may walk to.
top=$(mktemp -d)
chmod 755 "$top"
at_exit "rm -rf $top"

reset_some()	# N
{
	local i

	for ((i = 0; i < $1; i++)); do
		lab_run closed-port -p 81
	done
}

# The same in a hurry.
knock()	# N
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$C" bash -c 'for ((i = 0; i < $1; i++)); do : < /dev/tcp/$2/81; done' bash \
		"$1" "$S4" 2> /dev/null || :
}

has_events()	# N
{
	[ "$(event_count)" -ge "$1" ] || gone "$watch_pid"
}

# So many resets, and the end of the watch.
watch_some()	# N NAME ARGS...
{
	launch_watch "$2" "$S" -i eth0 "${@:3}"
	watch_started "$2" "$watch_pid" || { not_ok "$2: watch starts: $(tail -n 2 "$talk")"; return; }
	reset_some "$1"
	wait_for 5 has_events "$1" || :
	end_watch "$watch_pid"
}

in_file()	# N FILE
{
	[ "$("$RSTSCOPE" explain -r "$2" --json 2> "$work/explain.err" | wc -l)" -eq "$1" ]
}

in_files()	# N FILE...
{
	local f n=0 want=$1

	shift
	for f; do
		n=$((n + $("$RSTSCOPE" explain -r "$f" --json 2> "$work/explain.err" | wc -l)))
	done
	[ "$n" -eq "$want" ]
}

owned_by()	# USER FILE...
{
	local user=$1

	shift
	[ -z "$(find "$@" ! -user "$user")" ]
}

watch_some 1 probe
[ "$(event_count)" -eq 1 ] || skip_all "watch does not work here: $(tail -n 1 "$talk")"

# --- a directory of another user ---

for mode in 755 700; do
	dir=$top/of-nobody-$mode
	mkdir -m "$mode" "$dir"
	chown nobody "$dir"
	watch_some 8 "nobody-$mode" --store "$dir/s.db" --keep 30d -w "$dir/r.pcapng" --evidence "$dir/e" \
		--output "brief:$dir/brief"
	"$RSTSCOPE" watch --netns "$S" -i eth0 -q --duration 0.05 --ready-file "$dir/ready" 2>> "$talk"
	check "mode $mode: --ready-file is made" [ -e "$dir/ready" ]
	check "mode $mode: --store has all resets" in_file 8 "$dir/s.db"
	check "mode $mode: -w has them" in_file 8 "$dir/r.pcapng"
	check "mode $mode: --evidence has them" in_file 8 "$dir/e"
	check "mode $mode: --output has them" [ "$(wc -l < "$dir/brief")" -eq 8 ]
	check "mode $mode: nothing is complained of" [ "$(grep -cE 'warning|error|could not' "$talk")" -eq 0 ]
	check "mode $mode: the files are the user's" owned_by nobody "$dir"/*
	watch_some 2 "again-$mode" --store "$dir/s.db"
	check "mode $mode: a second watch goes on in the store" in_file 10 "$dir/s.db"
	chown 0:0 "$dir/s.db"
	watch_some 2 "adopted-$mode" --store "$dir/s.db"
	check "mode $mode: also in one that root has left there" in_file 12 "$dir/s.db"

	launch_watch "rotate-$mode" "$S" -i eth0 -w "$dir/rot" -C 1
	watch_started "rotate-$mode" "$watch_pid" || not_ok "watch starts: $(tail -n 2 "$talk")"
	knock 600
	wait_for 10 has_events 600 || :
	end_watch "$watch_pid"
	n=$(event_count)
	check "mode $mode: -C begins the next file" [ -e "$dir/rot1" ]
	check "mode $mode: the files have all $n resets" in_files "$n" "$dir/rot" "$dir"/rot?
	check "mode $mode: they are the user's, too" owned_by nobody "$dir"/rot*
done

# --- links of others in a sticky directory ---

sticky=$top/sticky
mkdir -m 1777 "$sticky"
echo precious > "$top/victim"
chown nobody "$sticky"
chown 0:0 "$sticky"
ln -s "$top/victim" "$sticky/link"
chown -h nobody "$sticky/link"
echo theirs > "$sticky/theirs"
chown nobody "$sticky/theirs"

refused()	# DESC ARGS...
{
	local desc=$1

	shift
	status=0
	timeout 20 "$RSTSCOPE" watch --netns "$S" -i eth0 --duration 0.05 "$@" > "$work/out" 2> "$work/err" ||
		status=$?
	check "$desc is refused (status $status)" [ "$status" -eq 1 ]
	check "... and the reason is said" grep -qE -e '-ELOOP|-EPERM|-EACCES' "$work/err"
}

refused "-w to another's link in a sticky directory" -w "$sticky/link"
refused "--evidence to it" --evidence "$sticky/link"
refused "--store to it" --store "$sticky/link"
refused "--ready-file to it" --ready-file "$sticky/link"
refused "-w to another's file there" -w "$sticky/theirs"
check "nothing was changed" [ "$(cat "$top/victim" "$sticky/theirs")" = $'precious\ntheirs' ]
"$RSTSCOPE" watch --netns "$S" -i eth0 -q --duration 0.05 --ready-file "$top/victim" 2> "$work/err" || :
check "--ready-file empties nothing" [ "$(cat "$top/victim")" = precious ]

# --- a ready file of before ---

: > "$top/stale"
"$RSTSCOPE" watch --netns "$S" -i nosuch0 -q --ready-file "$top/stale" 2> /dev/null || :
check "a ready file of a watch before says nothing of this one" [ ! -e "$top/stale" ]

# --- files that are moved away ---

rot=$top/rotated
mkdir "$rot"
launch_watch hup "$S" -i eth0 -w "$rot/r" --evidence "$rot/e" --store "$rot/s" --output "json:$rot/j"
watch_started hup "$watch_pid" || not_ok "watch starts: $(tail -n 2 "$talk")"
reset_some 2
wait_for 5 has_events 2 || :
for f in r e s j; do
	mv "$rot/$f" "$rot/$f.1"
done
rm -f "$rot"/s-*
kill -HUP "$watch_pid"
new_files()
{
	[ -e "$rot/r" ] && [ -e "$rot/e" ] && [ -e "$rot/s" ] && [ -e "$rot/j" ]
}
check "SIGHUP makes new files" wait_for 5 new_files
reset_some 3
wait_for 5 has_events 5 || :
kill -HUP "$watch_pid"
reset_some 1
wait_for 5 has_events 6 || :
end_watch "$watch_pid"
for f in r e j; do
	case $f in
	j) counts="$(wc -l < "$rot/j.1") $(wc -l < "$rot/j")" ;;
	*) counts="$("$RSTSCOPE" explain -r "$rot/$f.1" --json | wc -l) $("$RSTSCOPE" explain -r "$rot/$f" --json | wc -l)" ;;
	esac
	check "$f: two resets in the file of before, four in the new one ($counts)" [ "$counts" = "2 4" ]
done
check "s: the new store has those of after" in_file 4 "$rot/s"

# --- no standard descriptors, and files that may not grow ---

# shellcheck disable=SC2016 # expanded by the inner shell
bash -c 'exec <&- >&- 2>&-; exec "$@"' bash "$RSTSCOPE" watch --netns "$S" -i eth0 --json -w "$top/closed" \
	--ready-file "$work/closed.ready" &
watch_pid=$!
at_exit "kill_child $watch_pid"
wait_for 60 ended_or_exists "$watch_pid" "$work/closed.ready" || :
reset_some 3
kill -INT "$watch_pid"
wait_exit 10 "$watch_pid"
check "without standard descriptors it ends with status 0 (status $status)" [ "$status" -eq 0 ]
check "the recording has its resets" in_file 3 "$top/closed"
check "and nothing else in it" [ ! -s "$work/explain.err" ]

rm -f "$work/limit.ready"
bash -c 'ulimit -f 8; exec "$@"' bash "$RSTSCOPE" watch --netns "$S" -i eth0 -w "$top/limited" \
	--ready-file "$work/limit.ready" > /dev/null 2> "$work/limit.err" &
watch_pid=$!
at_exit "kill_child $watch_pid"
wait_for 60 ended_or_exists "$watch_pid" "$work/limit.ready" || :
reset_some 8
kill -INT "$watch_pid"
wait_exit 10 "$watch_pid"
check "a file that may not grow is a full disk, not the end (status $status)" [ "$status" -eq 0 ]
check "it is said" grep -q 'EFBIG.*continuing without it' "$work/limit.err"
check "and counted" grep -q 'resets could not be written' "$work/limit.err"
finish
