# SPDX-License-Identifier: GPL-2.0-only
#
# Makefile - build, test and install rstscope. `make help` lists the targets.
#
# `make` installs nothing. `make demo` and `make test` first install the Debian packages that
# they need (packages.txt), with sudo when not root, and say so.

VERSION := 0.1.0
BUILD   := build
PREFIX  ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC      := gcc
endif
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = @printf '  %-7s %s\n' $(1) $(2)

LIBS    := libxdp libbpf libdw jansson libpcap libmnl libnetfilter_conntrack libcap zlib libzstd sqlite3 nettle
# A compiler of tomorrow must not fail on a warning of its own; `make lint` does.
WARN    := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	   $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS  ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Iinclude -Icorrelator -I$(BUILD)/bpf \
	     -DRSTSCOPE_VERSION='"$(VERSION)"' -MMD -MP
LDLIBS   = $(shell pkg-config --libs $(LIBS)) -pthread

# The objects run on any kernel from 5.10 on: no kernel headers, no running kernel's BTF.
ARCH    := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
BPF_CFLAGS = -O2 -g -target bpf -mcpu=v2 -D__TARGET_ARCH_$(ARCH) $(filter-out -Wshadow \
	     -Wmissing-prototypes -Wstrict-prototypes,$(WARN)) -Wno-unused-function \
	     -Iinclude -I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

BPF_SRCS := tc/rst_tc.bpf.c xdp/rst_xdp.bpf.c kprobe/rst_fentry.bpf.c kprobe/rst_kprobe.bpf.c \
	    kprobe/rst_tracepoint.bpf.c kprobe/rst_fentry_typed.bpf.c \
	    kprobe/rst_tracepoint_typed.bpf.c
BPF_OBJS := $(patsubst %.bpf.c,$(BUILD)/bpf/%.bpf.o,$(notdir $(BPF_SRCS)))
SKELS    := $(BPF_OBJS:.bpf.o=.skel.h)
# What needs libbpf or libxdp; all the rest runs without root, from recordings too.
LIVE_SRCS := $(addprefix correlator/,base/log_libbpf.c cmd/watch_run.c live/attach_probes.c live/attach_reap.c \
	     live/attach_wire.c live/attach_xdp.c live/attached.c live/attached_read.c live/attached_recorder.c \
	     live/bpf_ids.c live/bpf_object.c live/kernel_names.c live/pin_links.c live/pin_place.c live/pinned.c \
	     live/pinned_detach.c live/pinned_order.c live/probe_rows.c live/program_owner.c live/program_same.c live/reader.c \
	     live/sensor.c live/tc_object.c live/user_stacks.c)
SRCS     := $(wildcard correlator/*/*.c)
OBJS     := $(SRCS:correlator/%.c=$(BUILD)/obj/%.o) \
	    $(BUILD)/obj/cause_texts.o $(BUILD)/obj/report_page.o

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
all: $(BUILD)/rstscope ## build the tool (default)

vpath %.bpf.c tc xdp kprobe tests/bpf tests/bench tests/net

$(BUILD)/bpf $(BUILD)/obj $(BUILD)/tests:
	$(Q)mkdir -p $@

$(BUILD)/bpf/%.bpf.o: %.bpf.c | check-packages $(BUILD)/bpf
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@

$(BUILD)/obj/%.o: correlator/%.c | check-packages $(BUILD)/obj
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(BUILD)/cause_texts.c: docs/causes $(wildcard docs/causes/*.md) docs/embed.sh | $(BUILD)/obj
	$(call say,EMBED,docs/causes)
	$(Q)docs/embed.sh docs/causes/*.md > $@

PAGE := $(addprefix docs/report/report.,html css js)
$(BUILD)/report_page.c: $(PAGE) docs/embed_text.sh | $(BUILD)/obj
	$(call say,EMBED,docs/report)
	$(Q)docs/embed_text.sh $(PAGE) > $@

$(BUILD)/obj/cause_texts.o $(BUILD)/obj/report_page.o: $(BUILD)/obj/%.o: $(BUILD)/%.c
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(LIVE_SRCS:correlator/%.c=$(BUILD)/obj/%.o): | $(SKELS)

$(BUILD)/rstscope: $(OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(OBJS) $(LDLIBS) $(LDFLAGS) -o $@

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/obj/*/*.d)

# --- set-up -------------------------------------------------------------------------------

BUILD_PKGS := gcc make pkg-config clang llvm bpftool libbpf-dev libxdp-dev libelf-dev libdw-dev \
	     libjansson-dev libpcap-dev libmnl-dev libnetfilter-conntrack-dev libcap-dev \
	     zlib1g-dev libzstd-dev libsqlite3-dev nettle-dev linux-libc-dev
LINT_PKGS := clang-format clang-tidy cppcheck shellcheck
pkg_list  = $(shell sed 's/\#.*//' $(1))
RUN_PKGS  = $(call pkg_list,tests/net/packages.txt)
# Debian's, unless there is another.
NPM_PKGS  = $(if $(shell command -v npm),,nodejs npm)
TEST_PKGS = $(RUN_PKGS) $(call pkg_list,tests/net/servers.txt) $(call pkg_list,tests/vm/packages.txt) $(call pkg_list,tests/report/packages.txt) $(NPM_PKGS) \
	    python3-jsonschema

# Names what is missing and the command that installs it; installs nothing.
check-packages:
	@missing=; for c in $(CC) $(CLANG) $(BPFTOOL) pkg-config; do \
		command -v $$c >/dev/null || missing="$$missing $$c"; done; \
	for l in $(LIBS); do pkg-config --exists $$l 2>/dev/null || missing="$$missing $$l"; done; \
	[ -z "$$missing" ] || { echo "error: missing:$$missing" >&2; \
		echo "on Debian: apt-get install --no-install-recommends $(BUILD_PKGS)" >&2; exit 1; }

packages: ## install the Debian packages for building and testing
	@deploy/install-packages.sh $(BUILD_PKGS) $(TEST_PKGS)

# --- demo, tests --------------------------------------------------------------------------

# As root, or by sudo with a word on what to do where there is none.
SUDO = $(if $(filter 0,$(shell id -u)),,$(if $(shell command -v sudo),sudo,echo 'error: needs root:' >&2; false))

demo: ## set up, build, and explain real resets in network namespaces
	@deploy/install-packages.sh $(BUILD_PKGS) $(RUN_PKGS)
	@$(MAKE) --no-print-directory all $(BUILD)/tests/lab
	@$(SUDO) env BUILD=$(BUILD) tests/demo/demo.sh

test: ## set up, build, and run all tests; ends with the counts
	@deploy/install-packages.sh $(BUILD_PKGS) $(TEST_PKGS)
	@$(MAKE) --no-print-directory all tests fuzz-replays thread-tests
	@$(SUDO) env BUILD=$(BUILD) tests/run.sh

matrix: ## what is named on each kernel with each kernel view
	@deploy/install-packages.sh $(BUILD_PKGS) $(TEST_PKGS)
	@$(MAKE) --no-print-directory all tests
	@$(SUDO) env BUILD=$(BUILD) $(if $(JOBS),JOBS=$(JOBS)) tests/matrix.sh $(MACHINES)

STORM ?= 100000
benign: ## 100 000 connections that end well (STORM=N), and what is told of them
	@deploy/install-packages.sh $(BUILD_PKGS) $(RUN_PKGS)
	@$(MAKE) --no-print-directory all $(BUILD)/tests/lab
	@$(SUDO) env STORM=$(STORM) OUT=$(CURDIR)/$(BUILD)/test-out/benign tests/net/run.sh benign

DAY ?= 20000
day: ## 20 000 healthy requests through haproxy and nginx (DAY=N), and a few resets that hurt
	@deploy/install-packages.sh $(BUILD_PKGS) $(RUN_PKGS) $(call pkg_list,tests/net/servers.txt)
	@$(MAKE) --no-print-directory all $(BUILD)/tests/lab
	@$(SUDO) env DAY=$(DAY) OUT=$(CURDIR)/$(BUILD)/test-out/day tests/net/run.sh day

ROUNDS ?= 500
soak-attach: ## watches that are killed at random moments beside an agent, and what they leave (ROUNDS=N)
	@deploy/install-packages.sh $(BUILD_PKGS) $(RUN_PKGS)
	@$(MAKE) --no-print-directory all $(BUILD)/tests/lab
	@$(SUDO) env WIDE=1 ROUNDS=$(ROUNDS) OUT=$(CURDIR)/$(BUILD)/test-out/soak tests/net/run.sh soak_attach

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
BPF_TESTS  := $(patsubst tests/bpf/%.c,$(BUILD)/tests/%,$(wildcard tests/bpf/test_*.c))
BENCHES    := $(patsubst tests/bench/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/bench_*.c))
LIB_OBJS    = $(filter-out $(BUILD)/obj/cmd/main.o,$(OBJS))
# What the tests of the BPF programs share, and types that only they compile.
BPF_TEST_OBJS  := $(addprefix $(BUILD)/tests/,harness.o packet.o reference.o)
BPF_TEST_SKELS := $(patsubst tests/bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard tests/bpf/*.bpf.c))
BENCH_SKELS := $(patsubst tests/bench/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard tests/bench/*.bpf.c))

SPIN = $(if $(filter x86,$(ARCH)),$(BUILD)/tests/spin)
tests: $(UNIT_TESTS) $(BPF_TESTS) $(BENCHES) $(BUILD)/tests/lab $(BUILD)/tests/closer $(BUILD)/tests/make_capture \
	$(BUILD)/bpf/rst_other_abi.bpf.o $(BUILD)/bpf/turn.bpf.o $(SPIN) ## build the tests

$(UNIT_TESTS) : $(BUILD)/tests/%: tests/unit/%.c $(LIB_OBJS) | $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit $< $(LIB_OBJS) $(LDLIBS) $(LDFLAGS) -o $@

# The correlator's own calls, so that the test can let each of them fail.
$(BUILD)/tests/test_memory: LDFLAGS += $(foreach f,malloc calloc realloc strdup strndup free,-Wl,--wrap=$f)

# Code with known lines, and its symbols in all the forms in which they come.
SAMPLE := $(BUILD)/tests/lines_sample
$(BUILD)/tests/test_debug_lines: $(SAMPLE).so
$(SAMPLE).so: tests/unit/lines_sample.c tests/unit/lines_sample.h | $(BUILD)/tests
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -O2 -g -fPIC -shared -Wl,--build-id $< -o $@
	$(Q)$(CC) -std=gnu11 -O1 -g -fPIC -shared -Wl,--build-id $< -o $(SAMPLE).other
	$(Q)$(CC) -std=gnu11 -O2 -g -fPIC -shared -Wl,--build-id=none $< -o $(SAMPLE).nameless
	$(Q)objcopy --only-keep-debug $@ $(SAMPLE).debug
	$(Q)objcopy --compress-debug-sections $@ $(SAMPLE).zdebug
	$(Q)objcopy --remove-section=.debug_aranges $@ $(SAMPLE).noindex
	$(Q)objcopy --strip-debug $@ $(SAMPLE).stripped
	$(Q)objcopy -O binary --only-section=.note.gnu.build-id $@ $(SAMPLE).notes

$(BPF_TEST_OBJS) : $(BUILD)/tests/%.o: tests/bpf/%.c | $(SKELS) $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(BPF_TESTS) : $(BUILD)/tests/%: tests/bpf/%.c $(BPF_TEST_OBJS) $(LIB_OBJS) | \
		$(SKELS) $(BPF_TEST_SKELS) $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/bpf $< $(BPF_TEST_OBJS) $(LIB_OBJS) $(LDLIBS) $(LDFLAGS) -o $@

$(BENCHES) : $(BUILD)/tests/%: tests/bench/%.c $(BPF_TEST_OBJS) $(LIB_OBJS) | \
		$(SKELS) $(BENCH_SKELS) $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/bpf $< $(BPF_TEST_OBJS) $(LIB_OBJS) $(LDLIBS) $(LDFLAGS) -o $@

# Talks to kernels, not to our code; built so that it also runs in the smallest VM.
$(BUILD)/tests/lab: $(wildcard tests/net/lab*.[ch]) | $(BUILD)/tests
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -O2 $(filter-out -Wmissing-prototypes,$(WARN)) -pthread $(filter %.c,$^) -o $@

# An application whose lines are known, as distributions build it, and otherwise.
CLOSER := $(BUILD)/tests/closer
$(CLOSER): tests/net/closer.c | $(BUILD)/tests
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -fno-omit-frame-pointer -Wl,--build-id $< -o $@_fp
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -Wl,--build-id -s $< -o $@_stripped
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -fomit-frame-pointer -Wl,--build-id $< -o $@

# Reads machine code, so it is for the processor whose code it knows.
SPIN_SRCS := $(addprefix tests/net/,spin.c spin_code.c spin_kernel.c)
$(BUILD)/tests/spin: $(SPIN_SRCS) $(wildcard tests/net/spin*.h) $(BUILD)/bpf/spin.skel.h | $(BUILD)/tests
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(SPIN_SRCS) $(shell pkg-config --libs libbpf) $(LDFLAGS) -o $@

check: all $(UNIT_TESTS) ## unit tests only; needs no root
	@tests/run.sh unit

check-asan: ## unit tests under address and undefined behaviour sanitizers
	@$(MAKE) --no-print-directory BUILD=build/asan check-built \
		CFLAGS='$(SANITIZE)'

# Unit tests alone, so that it is the figure that anybody gets, root or not.
COVERAGE := build/coverage
coverage: ## lines that the unit tests run, for each room and file
	@deploy/install-packages.sh $(BUILD_PKGS) gcovr
	@! test -d $(COVERAGE) || find $(COVERAGE) -name '*.gcda' -delete
	@$(MAKE) --no-print-directory BUILD=$(COVERAGE) CFLAGS='-O0 -g --coverage' check-built
	@tests/coverage.sh $(COVERAGE)

thread-tests: ## what runs in several threads, built to be run again under the thread sanitizer
	@$(MAKE) --no-print-directory BUILD=build/tsan CFLAGS='-O1 -g -fsanitize=thread -Wno-tsan' \
		build/tsan/tests/test_prescan

check-built: $(BUILD)/rstscope $(UNIT_TESTS)
	@BUILD=$(BUILD) tests/run.sh unit

$(BUILD)/tests/make_capture: tests/bench/make_capture.c | $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 $< -o $@

$(BUILD)/tests/read_capture: tests/bench/read_capture.c | $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 $< -lpcap -o $@

bench-explain: all $(BUILD)/tests/make_capture $(BUILD)/tests/read_capture ## explain beside libpcap, tshark, tcptrace
	@BUILD=$(BUILD) tests/bench/bench_explain.sh

bench-join: $(BUILD)/tests/bench_join ## microseconds per reset of the join, from 100 to 20 000 a second
	@$(BUILD)/tests/bench_join

bench-recall: all $(BUILD)/tests/bench_recall ## microseconds to recall a flow's history, up to 128 CPUs
	@$(BUILD)/tests/bench_recall

bench: all $(BENCHES) bench-explain bench-join bench-recall ## these, and nanoseconds per packet of the BPF programs
	@$(SUDO) $(BUILD)/tests/bench_wire

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS ?= 60
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

$(addprefix $(BUILD)/tests/,$(FUZZERS)) : $(BUILD)/tests/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB_OBJS) | $(BUILD)/tests
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/fuzz $(filter tests/fuzz/%.c,$(if $(FUZZ),$<,$^)) $(LIB_OBJS) \
		$(LDLIBS) $(LDFLAGS) $(if $(FUZZ),-fsanitize=fuzzer) -o $@

fuzzers: $(addprefix $(BUILD)/tests/,$(FUZZERS))

fuzz-replays: ## what fuzzing once found, built to be run again under sanitizers
	@$(MAKE) --no-print-directory BUILD=build/asan CFLAGS='$(SANITIZE)' fuzzers

fuzz: ## fuzz all parsers of foreign bytes (SECONDS=60 each)
	@deploy/install-packages.sh $(BUILD_PKGS) libclang-rt-14-dev
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang FUZZ=1 \
		CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' fuzzers
	@for f in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$f build/fuzz/found; \
		build/fuzz/tests/$$f -max_total_time=$(SECONDS) -max_len=65536 -timeout=20 -print_final_stats=1 \
			-artifact_prefix=build/fuzz/found/$$f- build/fuzz/corpus/$$f tests/fuzz/corpus/$$f \
			2> build/fuzz/$$f.log || { tail -n 30 build/fuzz/$$f.log; exit 1; }; \
		printf '  %-14s %s executions, nothing found\n' $$f \
			"$$(sed -n 's/stat::number_of_executed_units: *//p' build/fuzz/$$f.log)"; done

C_FILES  = $(shell git ls-files '*.c' '*.h')
SH_FILES = $(shell git ls-files '*.sh' .ci/run; git grep -lE '^\#!.*(bash|/sh)' -- tests deploy)

lint: all ## no warnings; clang-format, clang-tidy, cppcheck, shellcheck
	@deploy/install-packages.sh $(LINT_PKGS)
	$(call say,WARN,'all programs below $(BUILD)/warnings')
	$(Q)$(MAKE) -s --no-print-directory BUILD=$(BUILD)/warnings WERROR=1 V=1 all tests > /dev/null
	$(call say,FORMAT,'$(words $(C_FILES)) files')
	$(Q)clang-format --dry-run --Werror $(C_FILES)
	$(call say,ROOMS,correlator)
	$(Q)tests/rooms.sh
	$(call say,TIDY,correlator)
	$(Q)clang-tidy --quiet $(SRCS) -- -std=gnu11 -D_GNU_SOURCE -Iinclude -Icorrelator \
		-I$(BUILD)/bpf -DRSTSCOPE_VERSION='""' 2>/dev/null
	$(call say,CPPCHECK,correlator)
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
		--suppressions-list=deploy/cppcheck.txt \
		-D'LIBBPF_OPTS(type,name,...)=struct type name = { __VA_ARGS__ }' \
		-D'bpf_object__for_each_program(p,o)=while ((p = next(o)))' \
		-D'bpf_object__for_each_map(m,o)=while ((m = next(o)))' \
		-D'mnl_attr_for_each(a,n,o)=while ((a = next(n, o)))' \
		-Iinclude -Icorrelator $(SRCS)
	$(call say,SHELL,'$(words $(sort $(SH_FILES))) files')
	$(Q)shellcheck -x $(sort $(SH_FILES))

docs: all ## make docs/causes.md and the manual page of causes anew
	$(Q)$(BUILD)/rstscope causes --format=markdown > docs/causes.md
	$(Q)$(BUILD)/rstscope causes --format=man > docs/rstscope-causes.7

format: ## reformat all C files
	$(Q)clang-format -i $(C_FILES)

# --- installation -------------------------------------------------------------------------

install: all ## install below PREFIX (default /usr/local)
	install -Dm755 $(BUILD)/rstscope $(DESTDIR)$(PREFIX)/sbin/rstscope
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/rstscope $(BUILD)/bpf/rst_tc.bpf.o \
		$(BUILD)/bpf/rst_xdp.bpf.o
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man8 docs/rstscope.8
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man7 docs/rstscope-causes.7
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/doc/rstscope docs/report.schema.json docs/causes.md \
		docs/attach.md docs/coexist.md docs/impact.md docs/recording.md docs/status.md docs/store.md README.md
	install -Dm644 deploy/rstscope.bash-completion \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rstscope

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort | while IFS='	' read -r t d; do \
		printf '  %-14s %s\n' "$$t" "$$d"; done

.PHONY: all help clean install packages check-packages demo test matrix benign day soak-attach tests check check-asan thread-tests \
	check-built coverage bench bench-explain bench-join bench-recall fuzz fuzz-replays fuzzers lint docs format
