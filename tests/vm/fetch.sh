#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetch a Debian cloud kernel into the cache that run.sh boots from.
set -eu -o pipefail

me=fetch.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$vm_dir/apt.sh"

usage() {
	cat <<EOF
Usage: tests/vm/fetch.sh [--refresh] [--path] NAME...

Fetches Debian's cloud kernel (amd64) for each NAME, which is a label or a
suite of tests/vm/kernels.txt, or "all".  A kernel that is in the cache already
is left as it is.

  --refresh  fetch again, even if it is in the cache (takes the newest version)
  --path     print the kernel's directory on standard output
  --list     print the table: label, suite, version in the cache
  --help     this text

The packages come from the mirror that this machine's own apt is set up for,
checked by the signatures that it is set up for, with a private apt state:
the machine's package lists are neither used nor changed.

Cache: \${RSTSCOPE_VM_CACHE:-\${XDG_CACHE_HOME:-\$HOME/.cache}/rstscope/vm}/LABEL/
  vmlinuz         the kernel
  modules.ext4    /usr/lib/modules and /boot of the kernel, as an image
  boot/           modules that the initramfs loads, decompressed, in order
  version         KERNEL-RELEASE PACKAGE PACKAGE-VERSION

Exit status: 0 done, 2 wrong options, 3 a program is missing on the host,
4 a kernel cannot be had here (no network, not in the archive, not verifiable:
the last line says why), 1 anything else.

Examples:
  tests/vm/fetch.sh 6.1
  tests/vm/fetch.sh bookworm trixie
  tests/vm/fetch.sh all
  RSTSCOPE_VM_CACHE=/var/tmp/vm tests/vm/fetch.sh --refresh 7.x
EOF
}

# The modules that the initramfs needs before it can see the images.
boot_modules=(virtio_pci virtio_blk virtio_console ext4 overlay)

# closure PACKAGE: PACKAGE and the packages below it that hold parts of the
# kernel (newer suites split one into image, binary, modules and base).
closure() {
	local todo=("$1") seen=' ' p
	while [ ${#todo[@]} -gt 0 ]; do
		p=${todo[0]}
		todo=("${todo[@]:1}")
		[[ $seen == *" $p "* ]] && continue
		seen+="$p "
		echo "$p"
		for p in $(apt apt-cache show --no-all-versions "$p" 2>/dev/null | depends); do todo+=("$p"); done
	done
}

depends() {
	awk '/^(Pre-)?Depends:/ { sub(/^[^:]*:/, ""); n = split($0, d, /[,|]/)
		for (i = 1; i <= n; i++) { split(d[i], w, " ")
			if (w[1] ~ /^linux-(image|binary|modules|base)-[0-9]/) print w[1] } }'
}

# download PACKAGE: verify and unpack it and its parts into $work/root; set version.
download() {
	local name list p log=$work/apt/log
	list=$(closure "$1")
	name=$(grep -m1 -E '^linux-image-[0-9]' <<<"$list") || skip "$1 is not in the archive"
	mkdir -p "$work/debs" "$work/root"
	for p in $list; do
		# Meta packages hold nothing but documentation.
		[ "$p" = linux-image-cloud-amd64 ] && continue
		say "downloading $p"
		(cd "$work/debs" && apt apt-get download "$p") >"$log" 2>&1 || skip "$p: $(why "$log")"
	done
	for p in "$work"/debs/*.deb; do dpkg-deb -x "$p" "$work/root"; done
	version="$name $(dpkg-deb -f "$(find "$work/debs" -name "${name}_*.deb")" Version)"
}

# merge_usr: /lib -> usr/lib, as on every current system.
merge_usr() {
	local root=$1
	[ -L "$root/lib" ] || [ ! -d "$root/lib" ] && return
	mkdir -p "$root/usr/lib"
	mv "$root"/lib/* "$root/usr/lib/"
	rmdir "$root/lib"
}

# pick_boot_modules ROOT RELEASE DIR: decompress what the initramfs loads, each
# once, named so that the shell's order is the order of loading.
pick_boot_modules() {
	local root=$1 rel=$2 dir=$3 m kind path list n=10 seen=' '
	mkdir -p "$dir"
	for m in "${boot_modules[@]}"; do
		# Of a driver that is part of the kernel itself it says "builtin".
		list=$(modprobe -C /dev/null -d "$root" -S "$rel" --show-depends "$m") ||
			die 1 "$rel has no module $m"
		while read -r kind path _; do
			[ "$kind" = insmod ] || continue
			[[ $seen != *" $path "* ]] || continue
			seen+="$path "
			decompress "$path" >"$dir/$n-$(basename "${path%%.ko*}").ko"
			n=$((n + 1))
		done <<<"$list"
	done
}

decompress() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# assemble: from $work/root make the directory that run.sh reads, in $work/new.
assemble() {
	local root=$work/root new=$work/new rel
	merge_usr "$root"
	# depmod and modprobe look under /lib/modules of their base directory.
	[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
	rel=$(ls "$root/usr/lib/modules")
	[ -f "$root/boot/vmlinuz-$rel" ] || find_vmlinuz "$rel"
	depmod -b "$root" "$rel"
	mkdir -p "$new"
	pick_boot_modules "$root" "$rel" "$new/boot"
	cp "$root/boot/vmlinuz-$rel" "$new/vmlinuz"
	rm -rf "${root:?}"/{"boot/vmlinuz-$rel",usr/share,usr/bin,lib,etc}
	make_image "$root" "$new/modules.ext4"
	cp "$root/boot/System.map-$rel" "$root/boot/config-$rel" "$new/" 2>/dev/null || true
	echo "$rel $version" >"$new/version"
}

# Some releases keep the kernel beside its modules.
find_vmlinuz() {
	local f
	f=$(find "$work/root" -name vmlinuz -o -name "vmlinuz-$1" | head -n 1)
	[ -n "$f" ] || skip "no vmlinuz in $version"
	mkdir -p "$work/root/boot"
	mv "$f" "$work/root/boot/vmlinuz-$1"
}

# have DIR: is this kernel there, and not to be fetched again?
have() { [ "$refresh" = no ] && [ -f "$1/version" ]; }

# fetch LABEL SUITE [PACKAGE]
fetch() {
	local label=$1 suite=$2 package=${3:-linux-image-cloud-amd64} dir=$vm_cache/$1
	# Directories appear in the cache complete or not at all: no lock to look.
	have "$dir" && return
	mkdir -p "$vm_cache"
	tidy
	exec 8>"$vm_cache/.$label.lock"
	flock -n 8 || { say "$label: waiting for another fetch"; flock 8; }
	have "$dir" && return
	work=$(mktemp -d "$vm_cache/.fetch.XXXXXX")
	say "$label: reading the package lists of $suite"
	update "$suite"
	download "$package"
	say "$label: making the modules' image"
	assemble
	# A running guest keeps the old files open: replacing the directory is safe.
	[ ! -e "$dir" ] || mv "$dir" "$work/old"
	mv "$work/new" "$dir"
	say "$label: $(cat "$dir/version")"
	cleanup
}

cleanup() {
	[ -z "${work:-}" ] || rm -rf "$work"
	work=
}

list() {
	local label suite rest
	while read -r label suite rest; do
		printf '%-9s %-9s %s\n' "$label" "$suite" "$(cat "$vm_cache/$label/version" 2>/dev/null || echo '-')"
	done < <(kernel_table)
}

main() {
	local name row one rc=0 names=()
	refresh=no path=no work='' version=''
	while [ $# -gt 0 ]; do
		case $1 in
		--refresh) refresh=yes ;;
		--path) path=yes ;;
		--list) list; exit ;;
		--help | -h) usage; exit ;;
		-*) die $EX_USAGE "unknown option $1 (see --help)" ;;
		all) mapfile -t names < <(kernel_labels) ;;
		*) names+=("$1") ;;
		esac
		shift
	done
	[ ${#names[@]} -gt 0 ] || die $EX_USAGE "no kernel named (see --help)"
	need apt-get apt-cache apt-config dpkg-deb depmod modprobe mke2fs flock xz
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	for name in "${names[@]}"; do
		row=$(kernel_row "$name") || die $EX_USAGE "no kernel $name; there are: $(kernel_labels | tr '\n' ' ')"
		# A subshell, so that one kernel that cannot be had does not stop the
		# rest; not in a condition, where the shell would ignore set -e.
		set +e
		# shellcheck disable=SC2086 # the row is words
		(set -e; trap cleanup EXIT; fetch $row)
		one=$?
		set -e
		if [ $one -ne 0 ]; then
			rc=$one
		elif [ "$path" = yes ]; then
			echo "$vm_cache/${row%% *}"
		fi
	done
	return $rc
}

main "$@"
