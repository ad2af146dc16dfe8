#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# matrix_table.sh text|markdown DIR MACHINE... - the verdicts in DIR/MACHINE/verdicts as one table for
# each kernel view: a row for each cause, a column for each machine.

set -eu -o pipefail

style=$1 dir=$2
shift 2

verdicts()	# prints MACHINE and the line, for every line of every machine
{
	local m

	for m; do
		[ ! -e "$dir/$m/verdicts" ] || sed "s/^/$m /" "$dir/$m/verdicts"
	done
}

kernel_of()	# MACHINE
{
	cat "$dir/$1/kernel" 2> /dev/null || echo "did not run"
}

kernels()
{
	local m

	for m; do
		printf '%s = %s' "$m" "$(kernel_of "$m")"
		[[ $m != *+lockdown ]] || printf ', lockdown=confidentiality'
		printf '; '
	done
	echo
}

echo "\`make matrix\` of $(date -u +%Y-%m-%d). Kernels: $(kernels "$@")"
echo
cat << 'EOF'
Each cell counts the resets that got the right cause, and those that ended as "unknown" (or as a less
specific cause, not certain) because this view lacks the data to distinguish them; the true cause was
then among the candidates. "cannot" means that this reset does not happen on this kernel, for the
reason given below; "no view" means that the kernel does not support that view. WRONG, WEAK (unknown
although the data was there, or without the true cause among the candidates) and MISSING (no event) are
errors.
EOF

verdicts "$@" | awk -v style="$style" -v machines="$*" '
function cell(m, t, c,    s, k)
{
	s = ""
	for (k = 1; k <= n_classes; k++)
		if (count[m, t, c, class[k]])
			s = s (s == "" ? "" : ", ") (k > 2 ? toupper(class[k]) : class[k]) \
				" " count[m, t, c, class[k]]
	if (s != "")
		return s
	if ((m, t) in absent)
		return "no view"
	if ((m, c) in cannot)
		return "cannot (" cannot[m, c] ")"
	return "-"
}

# What the resets with this cause did to their connections, of those that got it right in any view.
function impacts(m, c,    s, k)
{
	s = ""
	for (k = 1; k <= n_impacts; k++)
		if (hurt[m, c, impact[k]])
			s = s (s == "" ? "" : ", ") impact[k] " " hurt[m, c, impact[k]]
	return s == "" ? "-" : s
}

function row(first, cells, n,    i)
{
	if (style == "markdown") {
		printf "| %s |", first
		for (i = 1; i <= n; i++)
			printf " %s |", cells[i]
	} else {
		printf "%-22s", first
		for (i = 1; i <= n; i++)
			printf " %-18s", cells[i]
	}
	print ""
}

function head(title, first,    m, dashes)
{
	printf "\n%s%s\n\n", style == "markdown" ? "### " : "", title
	row(first, machine, n_machines)
	for (m = 1; m <= n_machines; m++)
		dashes[m] = "---"
	if (style == "markdown")
		row("---", dashes, n_machines)
}

function sort_causes(    i, j, c)
{
	for (i = 2; i <= n_causes; i++) {
		c = causes[i]
		for (j = i - 1; j >= 1 && causes[j] > c; j--)
			causes[j + 1] = causes[j]
		causes[j + 1] = c
	}
}

function know(c)
{
	if (!(c in known))
		causes[++n_causes] = c
	known[c] = 1
}

BEGIN {
	n_machines = split(machines, machine, " ")
	n_tiers = split("fentry kprobe tracepoint none", tier, " ")
	n_classes = split("right unknown wrong weak missing", class, " ")
	n_impacts = split("harmful refused none probe ignored unknown", impact, " ")
}
$2 == "verdict" {
	count[$1, $3, $4, $6]++
	total[$6]++
	know($4)
	if ($6 == "right" && $9 ~ /^impact=./)
		hurt[$1, $4, substr($9, 8)]++
}
$2 == "absent" { absent[$1, $3] = 1 }
$2 == "cannot" {
	know($3)
	why = $0
	sub(/^[^ ]+ cannot [^ ]+ /, "", why)
	if (!(why in note)) {
		note[why] = ++n_notes
		notes[n_notes] = why
	}
	cannot[$1, $3] = note[why]
}
END {
	sort_causes()
	for (t = 1; t <= n_tiers; t++) {
		head("Kernel view: " tier[t], "cause")
		for (c = 1; c <= n_causes; c++) {
			for (m = 1; m <= n_machines; m++)
				cells[m] = cell(machine[m], tier[t], causes[c])
			row(style == "markdown" ? "`" causes[c] "`" : causes[c], cells, n_machines)
		}
	}
	head("Impact, all views", "cause")
	for (c = 1; c <= n_causes; c++) {
		for (m = 1; m <= n_machines; m++)
			cells[m] = impacts(machine[m], causes[c])
		row(style == "markdown" ? "`" causes[c] "`" : causes[c], cells, n_machines)
	}
	print ""
	for (i = 1; i <= n_notes; i++)
		printf "(%d) %s%s\n", i, notes[i], style == "markdown" ? "  " : ""
	printf "\nTotal: %d right, %d unknown, %d wrong, %d weak, %d missing.\n", total["right"],
		total["unknown"], total["wrong"], total["weak"], total["missing"]
}'
