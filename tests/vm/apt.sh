# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Packages of other Debian suites, from the mirror that this machine's own apt is set up for and
# checked by the signatures that it is set up for, with apt state of our own in $work. Sourced,
# after lib.sh, never run. $work: a directory for them; the caller has set it.

# The machine's apt sources as deb822 stanzas, with one-line entries converted.
# Only entries of a Debian archive are kept: those whose suite is one of
# Debian's own names.
machine_sources() {
	local d f
	d=$(apt-config shell D Dir::Etc::sourceparts/d | sed "s/^D='\(.*\)'$/\1/")
	f=$(apt-config shell D Dir::Etc::sourcelist/f | sed "s/^D='\(.*\)'$/\1/")
	for f in "$f" "${d%/}"/*.list; do
		[ -r "$f" ] && one_line_to_deb822 <"$f"
	done
	for f in "${d%/}"/*.sources; do
		# The blank line keeps the last stanza apart from the next file's.
		[ -r "$f" ] && { grep -v '^#' "$f"; echo; }
	done
	return 0
}

# "deb [signed-by=F arch=A] URI SUITE COMPONENTS" -> a stanza.
one_line_to_deb822() {
	awk '$1 == "deb" {
		signed = ""; i = 2
		if ($2 ~ /^\[/) {
			for (; i <= NF; i++) {
				w = $i; gsub(/[][]/, "", w)
				if (w ~ /^signed-by=/) signed = substr(w, 11)
				if ($i ~ /\]$/) { i++; break }
			}
		}
		printf "Types: deb\nURIs: %s\nSuites: %s\n", $i, $(i + 1)
		if (signed != "") printf "Signed-By: %s\n", signed
		print ""
	}'
}

# sources_for SUITE KIND: read stanzas, write those of Debian with the suite
# replaced.  KIND is main (the archive itself) or security.  Everything else in
# a stanza (the mirror, the keyring) stays as the machine has it.
sources_for() {
	awk -v suite="$1" -v kind="$2" '
	function flush(   i, n, w, is, uri, out) {
		uri = field["uris"]
		n = split(field["suites"], w, " "); is = ""
		for (i = 1; i <= n; i++) {
			if (w[i] !~ /^(buster|bullseye|bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable|oldoldstable)([-\/]|$)/)
				continue
			is = (w[i] ~ /(-security|\/updates)$/) ? "security" : "main"
			break
		}
		if (is == kind && uri != "" && !(uri in done) &&
		    (" " field["types"] " ") ~ / deb / && tolower(field["enabled"]) != "no") {
			done[uri] = 1
			printf "Types: deb\nURIs: %s\nSuites: %s%s\nComponents: main\nArchitectures: amd64\n",
				uri, suite, kind == "security" ? "-security" : ""
			if (field["signed-by"] != "") printf "Signed-By: %s\n", field["signed-by"]
			print ""
		}
		delete field; key = ""
	}
	/^[[:space:]]*$/ { flush(); next }
	/^[[:space:]]/ { if (key != "") field[key] = field[key] "\n" $0; next }
	{ key = tolower($1); sub(/:$/, "", key); v = $0; sub(/^[^:]*:[[:space:]]*/, "", v); field[key] = v }
	END { flush() }'
}

# apt WORD...: apt-get or apt-cache (the first word) with state of our own.
# shellcheck disable=SC2154 # work: the caller sets it
apt() {
	local prog=$1
	shift
	"$prog" -q \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 \
		-o APT::Sandbox::User="$(id -un)" \
		-o Acquire::Languages=none -o Acquire::Retries=2 \
		-o Dir::Etc::sourcelist="$work/apt/sources.sources" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$work/apt/state" -o Dir::State::lists="$work/apt/lists" \
		-o Dir::State::status="$work/apt/status" \
		-o Dir::Cache="$work/apt/cache" \
		"$@" </dev/null
}

# why FILE: the line of an apt log that says best what went wrong.
why() {
	local line
	if grep -q NO_PUBKEY "$1"; then
		echo "the machine's keyring lacks the key of this suite"
		return
	fi
	line=$(grep -m1 '^E:' "$1") || line=$(grep -m1 -E '^(Err|W):' "$1") || line=$(tail -n 1 "$1")
	# Without the mirror's address: that is the machine's own affair.
	sed -E -e 's,https?://[^ ]*/,,g' -e 's/^(E|W|Err): *//' <<<"$line"
}

# update SUITE: fill the private lists; with the security archive if there is one.
update() {
	local suite=$1 log=$work/apt/log
	mkdir -p "$work"/apt/{state,lists/partial,cache/archives/partial}
	: >"$work/apt/status"
	machine_sources >"$work/apt/machine"
	sources_for "$suite" main <"$work/apt/machine" >"$work/apt/main"
	sources_for "$suite" security <"$work/apt/machine" >"$work/apt/security"
	[ -s "$work/apt/main" ] || skip "$suite: this machine's apt has no source of a Debian archive"
	if [ "$suite" != sid ] && [ -s "$work/apt/security" ]; then
		cat "$work/apt/main" "$work/apt/security" >"$work/apt/sources.sources"
		apt apt-get update -o APT::Update::Error-Mode=any >"$log" 2>&1 && return
		say "$suite: trying without the security archive ($(why "$log"))"
	fi
	cp "$work/apt/main" "$work/apt/sources.sources"
	apt apt-get update -o APT::Update::Error-Mode=any >"$log" 2>&1 || skip "$suite: $(why "$log")"
}

skip() { die "$EX_SKIP" "skipped: $*"; }
