#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Make the image of the tools that every guest gets.  Called by run.sh.
set -eu -o pipefail

me=image.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
	cat <<EOF
Usage: tests/vm/image.sh [TOOL...]

Makes the ext4 image with the programs of tests/vm/tools.txt and the TOOLs
given, their libraries and what they read at run time, all copied from this
machine, if it is not in the cache already or if a copied file has changed
since.  Prints the image's path.  "FILE.files" beside it lists its contents.
EOF
}

# wanted TOOL...: one line for each program: "NAME PATH", or "NAME -" for an
# optional one that this machine lacks.
wanted() {
	local t path missing=()
	while read -r t; do
		if path=$(type -P "${t#\?}"); then
			echo "${t#\?} $path"
		elif [[ $t == \?* ]]; then
			echo "${t#\?} -"
		else
			missing+=("$t")
		fi
	done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$vm_dir/tools.txt"; [ $# -eq 0 ] || printf '%s\n' "$@")
	[ ${#missing[@]} -eq 0 ] ||
		die $EX_HOST "not installed: ${missing[*]} (tests/vm/packages.txt lists the packages)"
}

declare -A real_dir=() chosen=()

# put PATH: choose a file for the image, with the links that lead to it.
# Directories that are links (/lib, /bin) are replaced by what they are.
put() {
	local path=$1 dir
	while :; do
		dir=${path%/*}
		[ -n "${real_dir["x$dir"]:-}" ] || real_dir["x$dir"]=$(realpath "${dir:-/}")
		path=${real_dir["x$dir"]%/}/${path##*/}
		[ -z "${chosen[$path]:-}" ] || return 0
		chosen[$path]=1
		[ -L "$path" ] || return 0
		dir=${path%/*}
		path=$(readlink "$path")
		[[ $path == /* ]] || path=$dir/$path
	done
}

# copy_chosen: copy them all at once to the same places below $tree.
copy_chosen() {
	printf '%s\n' "${!chosen[@]}" | sort >"$work/files"
	sed 's,^/,,' "$work/files" | tar -C / --no-recursion -cf - -T - |
		tar -C "$tree" -xf -
}

# put_tree DIR: a whole directory of data or plugins, if the machine has it.
put_tree() {
	local f
	[ -d "$1" ] || return 0
	while read -r f; do put "$f"; done < <(find "$1/" ! -type d)
}

# libraries FILE...: the shared libraries that these programs load.  Scripts
# and static programs have none, which ldd calls an error.
libraries() {
	ldd "$@" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// && $2 ~ /^\(/ { print $1 }' | sort -u
}

# Links to busybox for every program that is not there already.
busybox_links() {
	local a links=$work/links
	mkdir "$links"
	busybox --install -s "$links"
	for a in "$links"/*; do
		a=${a##*/}
		if [ -L "$tree/usr/sbin/$a" ] || [ -e "$tree/usr/sbin/$a" ]; then echo "$links/$a"; fi
	done | xargs rm -f
	# -n: what is in usr/bin already stays.
	cp -dn "$links"/* "$tree/usr/bin/"
}

# Files of a system of its own, not the host's.
etc() {
	# Debian's tcpdump becomes user "tcpdump", who could not write in /out: here
	# that is another name of root.
	printf 'root:x:0:0:root:/root:/bin/bash\ntcpdump:x:0:0::/root:/bin/false\nuser:x:1000:1000::/tmp:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n' >"$tree/etc/passwd"
	printf 'root:x:0:\ntty:x:5:\nuser:x:1000:\nnogroup:x:65534:\n' >"$tree/etc/group"
	printf '127.0.0.1 localhost rstscope-vm\n::1 localhost\n' >"$tree/etc/hosts"
	printf 'hosts: files\npasswd: files\ngroup: files\n' >"$tree/etc/nsswitch.conf"
}

# What programs read at run time that ldd does not show.
plugins() {
	local lib dir
	for lib in $(libraries "$(type -P iptables)" | grep -m1 libxtables || true); do
		dir=$(dirname "$lib")
		put_tree "$dir/xtables"
		put_tree "$dir/tc"
	done
	put_tree /usr/lib/tc
	for lib in protocols services ethertypes; do [ ! -e "/etc/$lib" ] || put "/etc/$lib"; done
	put_tree /etc/iproute2
	put_tree /usr/share/iproute2
	put_tree /usr/lib/iproute2
	# The dispatcher of libxdp, and the programs of xdp-tools.
	for lib in $(libraries "$vm_repo/build/rstscope" | grep -m1 libxdp || true); do
		put_tree "$(dirname "$lib")/bpf"
	done
	# stdbuf works by a library of its own.
	put_tree /usr/libexec/coreutils
	put_tree /usr/lib/locale/C.utf8
}

build() {
	local f
	tree=$work/tree
	mkdir -p "$tree"/{etc,usr/bin,usr/sbin,usr/lib,usr/lib64,root,run,tmp,proc,sys,dev,out,src,var/log,var/lib,mnt}
	for f in bin sbin lib lib64; do ln -s usr/$f "$tree/$f"; done
	ln -s ../run "$tree/var/run"
	ln -s ../tmp "$tree/var/tmp"
	ln -s ../proc/self/mounts "$tree/etc/mtab"
	while read -r _ f; do [ "$f" = - ] || put "$f"; done <"$work/wanted"
	put "$(type -P busybox)"
	plugins
	for f in $(libraries "${!chosen[@]}"); do put "$f"; done
	copy_chosen
	busybox_links
	etc
	ln -sf bash "$tree/usr/bin/sh"
	make_image "$tree" "$work/image"
}

# fresh IMAGE: is it there, from the same programs, unchanged since?
fresh() {
	[ -f "$1" ] && [ -f "$1.files" ] && cmp -s "$1.wanted" "$work/wanted" &&
		stamp <"$1.files" | cmp -s - "$1.stamp"
}

# stamp: size and time of change of the files named on standard input.
stamp() { xargs -d '\n' stat -c '%n %s %Y' 2>&1 || true; }

main() {
	local key image
	[ "${1:-}" != --help ] || { usage; exit; }
	need busybox ldd mke2fs realpath flock
	mkdir -p "$vm_cache"
	work=$(mktemp -d "$vm_cache/.image.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	wanted "$@" >"$work/wanted"
	# The way of making is an input, too.
	key=$(cat "$vm_dir/image.sh" "$vm_dir/lib.sh" "$work/wanted" | sha256sum | cut -c1-12)
	image=$vm_cache/tools-$key.ext4
	exec 8>"$vm_cache/.tools.lock"
	flock 8
	if ! fresh "$image"; then
		say "making the image of the tools"
		build
		stamp <"$work/files" >"$work/stamp"
		# The stamp goes first and comes last: without it nothing is fresh.
		rm -f "$image.stamp"
		mv "$work/files" "$image.files"
		mv "$work/wanted" "$image.wanted"
		mv "$work/image" "$image"
		mv "$work/stamp" "$image.stamp"
	fi
	touch "$image"
	tidy
	# Images of other tool sets go when nobody has used them for two weeks.
	find "$vm_cache" -maxdepth 1 -name 'tools-*.ext4' -mtime +14 -print |
		while read -r old; do rm -f "$old" "$old".*; done
	echo "$image"
}

main "$@"
