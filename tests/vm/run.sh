#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run a command in a virtual machine with a kernel of one's choice.
set -eu -o pipefail

me=run.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
	cat <<EOF
Usage: tests/vm/run.sh [OPTION...] [--] COMMAND [ARGUMENT...]
       tests/vm/run.sh [OPTION...] --shell

Boots a Debian cloud kernel under QEMU in software emulation (KVM is never
used), and runs COMMAND there as root in /src, a fresh copy of the project's
build/ and tests/.  What COMMAND writes to standard output and standard error
comes out of run.sh's standard output while it runs, and its exit status is
run.sh's.  Files that it puts in /out are copied to --out DIR.

  --kernel LABEL     a label of tests/vm/kernels.txt (default 6.1); fetched
                     with fetch.sh when it is not in the cache
  --append WORDS     more words for the kernel's command line (repeatable)
  --timeout SECONDS  for everything from power-on to power-off (default 600)
  --boot-timeout S   if COMMAND has not started by then, power off and on again,
                     at most twice (default 90)
  --cpus N           number of processors (default 2)
  --mem MIB          memory in MiB (default 1024)
  --out DIR          where the files of /out go (made if need be)
  --env NAME=VALUE   an environment variable for COMMAND (repeatable)
  --include PATH     one more file or directory of the repository for /src
                     (repeatable; relative to the repository)
  --exclude PATTERN  leave out what matches (tar's pattern; repeatable)
  --tool NAME        one more program of this machine for the guest (repeatable)
  --console FILE     keep the kernel's console here
  --verbose          say on standard error how long the boot took
  --shell            an interactive shell on the serial console instead of
                     COMMAND, without time limit; Ctrl-A X ends the machine
  --help             this text

Exit status: COMMAND's own (128 + N if signal N killed it); or
  2    wrong options
  3    a program is missing on the host
  4    the kernel cannot be had (fetch.sh says why)
  124  out of time
  125  the kernel panicked, QEMU failed, or COMMAND never came to an end
For 124 and 125 the end of the console goes to standard error.  To tell these
from a COMMAND that exits with the same number, look for "run.sh:" there.

The guest has no network device, only lo (up); tests make namespaces and veth
pairs.  Everything is in memory and gone afterwards.  Background processes that
COMMAND leaves are killed.

Examples:
  tests/vm/run.sh -- uname -r
  tests/vm/run.sh --kernel 6.12 --out /tmp/o -- bash -c 'dmesg >/out/dmesg'
  tests/vm/run.sh --kernel 5.10 --append 'ipv6.disable=1' --env V=1 -- tests/some.sh
  tests/vm/run.sh --shell --kernel 7.x
EOF
}

defaults() {
	kernel=6.1 append='' timeout=600 boot_timeout=90 cpus=2 mem=1024 out='' console='' verbose=no shell=no
	environment=() includes=(build tests) excludes=() tools=() argv=()
}

# parse ARGUMENT...: set the variables of defaults().
parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel | --append | --timeout | --boot-timeout | --cpus | --mem | --out | --env | --include | --exclude | --tool | --console)
			[ $# -ge 2 ] || die $EX_USAGE "$1 needs a value" ;;
		esac
		case $1 in
		--kernel) kernel=$2; shift ;;
		--append) append+=" $2"; shift ;;
		--timeout) timeout=$2; shift ;;
		--boot-timeout) boot_timeout=$2; shift ;;
		--cpus) cpus=$2; shift ;;
		--mem) mem=$2; shift ;;
		--out) out=$2; shift ;;
		--env) environment+=("$2"); shift ;;
		--include) includes+=("$2"); shift ;;
		--exclude) excludes+=("--exclude=$2"); shift ;;
		--tool) tools+=("$2"); shift ;;
		--console) console=$2; shift ;;
		--verbose) verbose=yes ;;
		--shell) shell=yes ;;
		--help | -h) usage; exit ;;
		--) shift; argv=("$@"); break ;;
		-*) die $EX_USAGE "unknown option $1 (see --help)" ;;
		*) argv=("$@"); break ;;
		esac
		shift
	done
}

check() {
	local n
	for n in "$timeout" "$boot_timeout" "$cpus" "$mem"; do
		[[ $n =~ ^[1-9][0-9]*$ ]] || die $EX_USAGE "not a number above 0: $n"
	done
	for n in "${environment[@]}"; do
		[[ $n =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || die $EX_USAGE "--env wants NAME=VALUE, not $n"
	done
	for n in "${includes[@]:2}"; do
		[ -e "$vm_repo/$n" ] || die $EX_USAGE "--include: no $n in the repository"
	done
	[ $shell = no ] || [ ${#argv[@]} -gt 0 ] || argv=(bash -i)
	[ ${#argv[@]} -gt 0 ] || die $EX_USAGE "no command (see --help)"
	need qemu-system-x86_64 busybox cpio mke2fs tar timeout setpriv
}

# make_initramfs: small enough to be made anew for each run.
make_initramfs() {
	local dir=$work/initramfs
	mkdir -p "$dir/bin" "$dir/proc" "$dir/sys" "$dir/dev"
	cp "$(type -P busybox)" "$dir/bin/busybox"
	ln -s busybox "$dir/bin/sh"
	cp -r "$kernel_dir/boot" "$dir/boot"
	cp "$vm_dir/init" "$vm_dir/guest.sh" "$dir/"
	chmod 755 "$dir/init"
	(cd "$dir" && find . | cpio -o -H newc --quiet -R 0:0) >"$work/initramfs.cpio"
}

# extra_libraries: put the libraries of the project's own programs that the
# tools' image lacks below $work/meta/.vm/rootfs.
extra_libraries() {
	local lib dir programs=()
	# The first four bytes of an ELF file; -I would take too long on all.
	mapfile -t programs < <(cd "$vm_repo" && find build -path build/vm -prune -o \
		-type f -perm -u+x -exec grep -lam1 $'^\x7fELF' {} + 2>/dev/null)
	[ ${#programs[@]} -gt 0 ] || return 0
	while read -r lib; do
		dir=$(realpath "$(dirname "$lib")")
		lib=$dir/$(basename "$lib")
		grep -qxF "$lib" "$tools_image.files" && continue
		mkdir -p "$work/meta/.vm/rootfs$dir"
		cp -L "$lib" "$work/meta/.vm/rootfs$lib"
	done < <(cd "$vm_repo" && ldd "${programs[@]}" 2>/dev/null |
		awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u)
}

# make_src: the archive of the project's tree, with a directory .vm that tells
# the guest what to do.  What no command there needs stays out: it is unpacked in
# the guest's memory.
make_src() {
	local meta=$work/meta/.vm p paths=()
	mkdir -p "$meta"
	printf '%s\0' "${argv[@]}" >"$meta/argv"
	: >"$meta/env"
	[ ${#environment[@]} -eq 0 ] || printf '%s\0' "${environment[@]}" >"$meta/env"
	[ -z "$out" ] || : >"$meta/want-out"
	[ $shell = no ] || : >"$meta/shell"
	extra_libraries
	for p in "${includes[@]}"; do [ ! -e "$vm_repo/$p" ] || paths+=("$p"); done
	# Status 1: a file changed meanwhile (somebody compiles).  It goes along.
	tar -C "$vm_repo" --owner=0 --group=0 --numeric-owner --exclude-vcs \
		--exclude=build/vm --exclude=build/test-out --exclude=build/asan --exclude=build/tsan \
		--exclude=build/obj --exclude=__pycache__ --exclude=.cache "${excludes[@]}" \
		--warning=no-file-changed \
		-cf "$work/src.tar" "${paths[@]}" -C "$work/meta" .vm || [ $? -eq 1 ]
}

# qemu_arguments: set args.
qemu_arguments() {
	args=(
		-accel "tcg,thread=multi" -machine q35 -smp "$cpus" -m "$mem"
		# Without cx16: a 6.12 kernel that uses cmpxchg16b panics in QEMU
		# 7.2's emulation.  The rest is slow or useless in emulation.
		-cpu "Haswell-v4,-cx16,-pcid,-x2apic,-tsc-deadline,-invpcid,-spec-ctrl"
		-nodefaults -no-user-config -no-reboot -display none
		-kernel "$kernel_dir/vmlinuz" -initrd "$work/initramfs.cpio"
		-append "console=ttyS0 panic=-1 quiet nokaslr mitigations=off tsc=reliable clocksource=tsc random.trust_cpu=on$append"
	)
	local d
	for d in "modules=$kernel_dir/modules.ext4" "tools=$tools_image" "src=$work/src.tar"; do
		args+=(-drive "if=none,id=${d%%=*},format=raw,readonly=on,file=${d#*=}"
			-device "virtio-blk-pci,drive=${d%%=*},serial=${d%%=*}")
	done
	args+=(-device virtio-serial-pci)
	for d in out status results; do
		args+=(-chardev "file,id=$d,path=$work/$d" -device "virtserialport,chardev=$d,name=rstscope.$d")
	done
	if [ $shell = yes ]; then
		args+=(-serial mon:stdio)
	else
		args+=(-monitor none -chardev "file,id=console,path=$work/console" -serial chardev:console)
	fi
}

# start_reader: pass on what comes from COMMAND.
start_reader() {
	mkfifo "$work/out"
	# Hold the pipe open, so that its reader ends neither early, if QEMU is
	# slow to start, nor never, if it does not start at all.
	exec 9<>"$work/out"
	# Should run.sh's own output be closed (a pipe to "head"), the rest is
	# thrown away: QEMU must not get stuck.
	{ cat || true; cat >/dev/null; } <"$work/out" 9>&- &
	reader=$!
}

end_reader() {
	exec 9>&-
	wait "$reader" || true
	reader=
}

# run_qemu: set rc to its exit status.
run_qemu() {
	rm -f "$work/status" "$work/console"
	# If this script is killed outright, the kernel ends "timeout", which ends QEMU.
	setpriv --pdeathsig TERM timeout -k 5 "$timeout" qemu-system-x86_64 "${args[@]}" \
		</dev/null >"$work/qemu.log" 2>&1 9>&- &
	qemu=$!
	end_if_stuck
	rc=0
	wait "$qemu" || rc=$?
	qemu=
}

started() { grep -q '^start' "$work/status" 2>/dev/null; }

# end_if_stuck: end QEMU if COMMAND has not started after $boot_timeout seconds.
end_if_stuck() {
	local end=$((SECONDS + boot_timeout))
	until started; do
		kill -0 "$qemu" 2>/dev/null || return 0
		if [ $SECONDS -ge $end ]; then
			kill "$qemu" 2>/dev/null || true
			return 0
		fi
		sleep 0.5
	done
}

# boot_and_run: run QEMU; once more, if the machine gets stuck or dies before
# COMMAND starts.  Emulation does that now and then on a busy host, and as
# nothing has run yet, nothing is covered up.
boot_and_run() {
	local try
	for try in 1 2 3; do
		SECONDS=0
		run_qemu
		if started || [ $SECONDS -ge "$timeout" ] || [ $try = 3 ]; then
			return
		fi
		say "note: try $try: the machine did not get as far as the command (QEMU's status $rc); again"
	done
}

run_shell() {
	# In the background, so that signals to this script act at once; the
	# shell would give it /dev/null for standard input.
	exec 3<&0
	qemu-system-x86_64 "${args[@]}" <&3 9>&- &
	qemu=$!
	wait "$qemu" || true
	qemu=
}

# tail_of_console: for whoever has to find out what went wrong.
tail_of_console() {
	{
		cat "$work/qemu.log"
		echo "--- end of the console:"
		tail -n 40 "$work/console" 2>/dev/null | tr -d '\r'
		echo "---"
	} >&2
}

# report QEMU-STATUS: exit with the status that the run deserves.
report() {
	local status
	status=$(sed -n 's/^status //p' "$work/status" 2>/dev/null || true)
	[ $verbose = no ] || say "kernel $(cut -d' ' -f1 "$kernel_dir/version"), command started $(sed -n 's/^start //p' "$work/status" 2>/dev/null) s after power-on, all in $SECONDS s"
	if [ -n "$console" ]; then cp "$work/console" "$console"; fi
	if [ -n "$out" ] && [ -s "$work/results" ]; then
		mkdir -p "$out"
		tar -C "$out" --no-same-owner -xf "$work/results" || say "the files of /out are incomplete"
	fi
	if [ -n "$status" ]; then
		if grep -qE 'BUG:|WARNING:|Oops' "$work/console" 2>/dev/null; then
			say "note: the kernel complained:"
			grep -E 'BUG:|WARNING:|Oops' "$work/console" | head -n 5 | tr -d '\r' >&2
		fi
		exit "$status"
	fi
	tail_of_console
	# 137: QEMU did not listen and had to be killed.
	case $1 in 124 | 137) die 124 "out of time after $timeout s" ;; esac
	die 125 "the machine stopped before the command came to an end (QEMU's status $1)"
}

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	trap '' INT TERM HUP
	if [ -n "${qemu:-}" ] && kill "$qemu" 2>/dev/null; then wait "$qemu" || true; fi
	# Its "cat" ends by itself when the last writer has gone.
	[ -z "${reader:-}" ] || kill "$reader" 2>/dev/null || true
	[ -z "${work:-}" ] || rm -rf "$work"
}

main() {
	local rc=0
	defaults
	parse "$@"
	check
	work=$(mktemp -d "${TMPDIR:-/tmp}/rstscope-vm.XXXXXX")
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	kernel_dir=$("$vm_dir/fetch.sh" --path "$kernel")
	tools_image=$("$vm_dir/image.sh" "${tools[@]}")
	make_initramfs
	make_src
	qemu_arguments
	start_reader
	if [ $shell = yes ]; then
		run_shell
		# The exit status of an interactive shell means nothing.
		exit 0
	fi
	boot_and_run
	end_reader
	report $rc
}

main "$@"
