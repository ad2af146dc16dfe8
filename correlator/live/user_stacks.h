/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * user_stacks.h - the stacks of applications that made resets, unwound as they come, the newest 64.
 */
#ifndef USER_STACKS_H
#define USER_STACKS_H

#include <stddef.h>
#include <stdint.h>

#include "model/user_stack.h"

struct user_stacks;

/** user_stacks__new() - NULL with errno; @counts: map with what the BPF side skipped */
struct user_stacks *user_stacks__new(int counts);

/**
 * user_stacks__sample() - unwind a struct rst_user_stack, and forget its bytes
 *
 * For ring_buffer__add(). At once, while the process is there; but for a part of the time only.
 */
int user_stacks__sample(void *stacks, void *data, size_t len);

/** user_stacks__find() - of the event with this id; NULL = there is none. Holds until the next sample. */
const struct user_stack *user_stacks__find(const struct user_stacks *s, uint64_t event_id);

/** user_stacks__skipped() - by the BPF side or by us, too many at once */
uint64_t user_stacks__skipped(const struct user_stacks *s);

/** user_stacks__free() - takes NULL */
void user_stacks__free(struct user_stacks *s);

#endif
