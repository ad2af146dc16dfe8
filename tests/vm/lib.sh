# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What fetch.sh, run.sh and selftest.sh have in common.  Sourced, never run.
# The caller has set: me (its own name, for messages).

# Exit statuses, the same in every script here.
EX_USAGE=2   # wrong options
EX_HOST=3    # a program that this needs is not installed on the host
EX_SKIP=4    # this kernel cannot be had on this machine
export EX_USAGE EX_HOST EX_SKIP

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_repo=$(cd "$vm_dir/../.." && pwd)
vm_cache=${RSTSCOPE_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/rstscope/vm}
# mke2fs, depmod and others live in sbin, which an ordinary user's PATH lacks.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export vm_dir vm_repo vm_cache PATH

say() { printf '%s: %s\n' "${me:-vm}" "$*" >&2; }
die() { local rc=$1; shift; say "$@"; exit "$rc"; }

# need PROGRAM...: stop with EX_HOST unless all are installed.
need() {
	local p missing=()
	for p; do type -P "$p" >/dev/null || missing+=("$p"); done
	[ ${#missing[@]} -eq 0 ] ||
		die $EX_HOST "not installed: ${missing[*]} (tests/vm/packages.txt lists the packages)"
}

# kernel_table: the rows of kernels.txt without comments.
kernel_table() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$vm_dir/kernels.txt"; }
kernel_labels() { kernel_table | awk '{ print $1 }'; }

# kernel_row NAME: print "LABEL SUITE [PACKAGE]" of the first row whose label
# or suite is NAME; fail if there is none.
kernel_row() {
	kernel_table | awk -v n="$1" '
		$1 == n { print; found = 1; exit }
		$2 == n && suite == "" { suite = $0 }
		END { if (!found && suite != "") print suite; exit !(found || suite != "") }'
}

# tidy: remove what killed runs left in the cache.
tidy() {
	find "$vm_cache" -maxdepth 1 \( -name '.fetch.*' -o -name '.image.*' \) -mmin +1440 \
		-exec rm -rf {} +
}

# make_image TREE FILE: an ext4 file system without journal that holds TREE,
# as small as it can be made without counting blocks.
make_image() {
	local tree=$1 file=$2 kib files
	kib=$(du -sk --apparent-size "$tree" | cut -f1)
	files=$(find "$tree" | wc -l)
	# 4 KiB blocks: on average half a block is lost per file.
	: >"$file"
	mke2fs -q -F -t ext4 -O '^has_journal' -b 4096 -m 0 -N $((files + 64)) \
		-E root_owner=0:0 -d "$tree" "$file" $((kib + files * 4 + kib / 20 + 4096))k
}
