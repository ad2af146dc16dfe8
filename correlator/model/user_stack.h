/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * user_stack.h - an application's own stack at a reset, as text: the copy of its memory from which it
 * was made is never kept.
 */
#ifndef USER_STACK_MODEL_H
#define USER_STACK_MODEL_H

#define USER_FRAMES_MAX 32
#define USER_FRAME_TEXT 192
#define USER_END_TEXT 96

/* One call, innermost first: "name+0xOFFSET/0xSIZE [module] file:line", or what is known of that. */
struct user_frame {
	char text[USER_FRAME_TEXT];
};

struct user_stack {
	unsigned int n;
	struct user_frame frames[USER_FRAMES_MAX];
	char end[USER_END_TEXT]; /* why it stops before the first function; "" = it does not */
};

#endif
