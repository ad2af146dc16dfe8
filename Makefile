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
CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = @printf '  %-7s %s\n' $(1) $(2)

LIBS    := libxdp libbpf jansson libpcap libmnl libnetfilter_conntrack libcap
WARN    := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
CFLAGS  ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Iinclude -Icorrelator -I$(BUILD)/bpf \
	     -DRSTSCOPE_VERSION='"$(VERSION)"' -MMD -MP
LDLIBS   = $(shell pkg-config --libs $(LIBS))

# The objects run on any kernel from 5.10 on: no kernel headers, no running kernel's BTF.
ARCH    := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
BPF_CFLAGS = -O2 -g -target bpf -mcpu=v2 -D__TARGET_ARCH_$(ARCH) $(filter-out -Wshadow \
	     -Wmissing-prototypes -Wstrict-prototypes,$(WARN)) -Wno-unused-function \
	     -Iinclude -I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

BPF_SRCS := tc/rst_tc.bpf.c xdp/rst_xdp.bpf.c kprobe/rst_fentry.bpf.c kprobe/rst_kprobe.bpf.c \
	    kprobe/rst_tracepoint.bpf.c
BPF_OBJS := $(patsubst %.bpf.c,$(BUILD)/bpf/%.bpf.o,$(notdir $(BPF_SRCS)))
SKELS    := $(BPF_OBJS:.bpf.o=.skel.h)
# What needs libbpf or libxdp; all the rest runs without root, from recordings too.
LIVE_SRCS := $(addprefix correlator/,bpf_object.c cmd_watch.c kernel_names.c kernel_view.c log.c \
	     sensor.c wire_view.c)
SRCS     := $(wildcard correlator/*.c)
OBJS     := $(SRCS:correlator/%.c=$(BUILD)/obj/%.o)

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all help clean install packages check-packages
all: $(BUILD)/rstscope ## build the tool (default)

vpath %.bpf.c tc xdp kprobe tests/bpf tests/bench

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
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(LIVE_SRCS:correlator/%.c=$(BUILD)/obj/%.o): | $(SKELS)

$(BUILD)/rstscope: $(OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(OBJS) $(LDLIBS) $(LDFLAGS) -o $@

-include $(wildcard $(BUILD)/*/*.d)

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort | while IFS='	' read -r t d; do \
		printf '  %-14s %s\n' "$$t" "$$d"; done

check-packages:
	@true
