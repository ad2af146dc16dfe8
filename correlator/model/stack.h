/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack.h - what the functions on a kernel stack say.
 *
 * The one place that knows them by name, and what a compiler makes of a name: a clone
 * ("name.isra.0", "name.constprop.0"), a part ("name.part.0"), or its cold code ("name.cold").
 */
#ifndef STACK_H
#define STACK_H

#include "model/kernel_event.h"

/** is_function() - does @symbol stand for code of the function @name? */
bool is_function(const char *symbol, const char *name);

/* What the compiler left of a function, the best to probe first. */
enum variant { VARIANT_ITSELF, VARIANT_CLONE, VARIANT_PART, N_VARIANTS };

/** function_variant() - what @symbol is of @name; -1 = cold code, or another function */
int function_variant(const char *symbol, const char *name);

/** is_of_probe() - is it a function of tracing, which no caller of the kernel's called? */
bool is_of_probe(const char *symbol);

/** call_name() - the kernel function, or "" */
const char *call_name(const struct kernel_event *k);

/** stack_first() - the frame that made the reset; before it are those of probes and wrappers */
unsigned int stack_first(const struct kernel_event *k);

/**
 * stack_own_frames() - how many frames belong to this call
 *
 * What lies beyond a softirq is the task that it interrupted. @ret_whole: the call is known down to
 * where it began, so absence is a fact. All frames that count have names.
 */
unsigned int stack_own_frames(const struct kernel_event *k, bool *ret_whole);

/** stack_has() - is code of the function @name among the first @n frames? */
bool stack_has(const struct kernel_event *k, unsigned int n, const char *name);

/* How a socket was destroyed from outside, by the functions that lead to it. */
enum killed_by { KILLED_NOT, KILLED_OTHERWISE, KILLED_BY_SOCK_DIAG, KILLED_BY_BPF };

/** stack_killed_by() - does the stack show that the running task destroyed the socket, and by what? */
enum killed_by stack_killed_by(const struct kernel_event *k);

/** killed_by_id() - NULL: neither */
const char *killed_by_id(enum killed_by how);

/** ran_as_owner() - does the stack prove that the running task was closing its own socket? */
bool ran_as_owner(const struct kernel_event *k);

#endif
