// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_event.c - any bytes as events of the BPF programs, through decoding, joining and classifying.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/classify.h"
#include "live/decode.h"
#include "fuzz.h"
#include "live/join.h"
#include "rst_event.h"

static const char *name_reason(void *ctx, int value)
{
	(void)ctx;
	return value == 1 ? "NO_SOCKET" : NULL;
}

static void name_frame(void *ctx, uint64_t addr, struct frame *ret)
{
	(void)ctx;
	*ret = (struct frame){ .name = addr & 1 ? "tcp_close" : NULL, .module = "", .addr = addr };
}

static void on_opened(void *ctx, struct reset_case *c)
{
	(void)ctx;
	(void)c;
}

static void on_completed(void *ctx, struct reset_case *c)
{
	(void)ctx;
	classify(c);
}

/* The first two bytes of each are its length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kernel_names names = { name_reason, name_frame, NULL };
	static const struct join_ops ops = { .opened = on_opened, .completed = on_completed };
	static struct join *j;
	static struct event ev;
	static uint64_t buf[512];

	if (!j)
		j = join__new(&ops);
	while (j && size > 2) {
		size_t n = (size_t)(data[0] << 8 | data[1]) % sizeof(buf);

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		memcpy(buf, data, n);
		if (!decode_event(buf, n, &names, &ev))
			join__event(j, &ev);
		data += n;
		size -= n;
	}
	join__flush(j);
	return 0;
}
