// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_join.c - what joining costs a reset, by how many there are a second.
 *
 * Each reset is an account of the kernel and a RST with its id, as the BPF programs send them; of the
 * second kind of row, no id was left and the numbers must do. Event time runs as fast as the machine
 * allows; the first second, in which the tables fill, is not counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "live/join.h"

#define NS_PER_S 1000000000ull
#define SECONDS 4

static uint64_t joined;

static void on_opened(void *ctx, struct reset_case *c)
{
	(void)ctx, (void)c;
}

static void on_completed(void *ctx, struct reset_case *c)
{
	(void)ctx;
	joined += c->asked.ct.has_entry;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static struct tuple tuple_of(uint32_t n, bool from_peer)
{
	struct tuple t = { .family = AF_INET };
	uint8_t *peer = from_peer ? t.saddr : t.daddr;

	memcpy(peer + 12, &n, 4);
	*(from_peer ? &t.sport : &t.dport) = (uint16_t)(n * 7);
	*(from_peer ? &t.dport : &t.sport) = 80;
	return t;
}

/* The @n-th reset, at @ts_ns: RST and account. */
static void set_reset(struct event *wire, struct event *kernel, uint32_t n, uint64_t ts_ns,
		      bool ids)
{
	uint32_t number = n * 2654435761u;

	wire->wire.id = 2 * (uint64_t)n + 2;
	wire->wire.join_id = ids ? 2 * (uint64_t)n + 1 : 0;
	wire->wire.rst.ts_ns = ts_ns;
	wire->wire.rst.seq = number;
	wire->wire.rst.tuple = tuple_of(n, false);
	kernel->kernel.id = 2 * (uint64_t)n + 1;
	kernel->kernel.ts_ns = ts_ns - 1000;
	kernel->kernel.segment_ack = number;
	kernel->kernel.segment = tuple_of(n, true);
}

static double measure(uint32_t rate, bool ids)
{
	struct join_ops ops = { .opened = on_opened, .completed = on_completed };
	static struct event wire = { .kind = EVENT_WIRE }, kernel = { .kind = EVENT_KERNEL };
	struct join *j = join__new(&ops);
	uint64_t begin = 0;
	uint32_t n;

	wire.wire.rst.flags = FLAG_RST;
	wire.wire.rst.hook = HOOK_TC_EGRESS;
	kernel.kernel.call = CALL_PASSIVE;
	kernel.kernel.segment_flags = FLAG_ACK;
	kernel.kernel.has_segment = kernel.kernel.ct.has_entry = true;
	joined = 0;
	for (n = 0; j && n < SECONDS * rate; n++) {
		uint64_t ts_ns = NS_PER_S + n * (NS_PER_S / rate);

		if (n == rate)
			begin = now_ns();
		set_reset(&wire, &kernel, n, ts_ns, ids);
		join__event(j, &kernel);
		join__event(j, &wire);
		join__tick(j, ts_ns);
	}
	begin = now_ns() - begin;
	if (!j)
		return -1;
	join__flush(j);
	join__free(j);
	return joined == SECONDS * rate ? (double)begin / 1000 / ((SECONDS - 1) * rate) : -1;
}

int main(void)
{
	static const uint32_t rates[] = { 100, 1000, 5000, 20000 };
	int status = EXIT_SUCCESS;
	size_t i;

	printf("%-12s  %-16s  %s\n", "resets/s", "us/reset by id", "us/reset by number");
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double by_id = measure(rates[i], true), by_number = measure(rates[i], false);

		printf("%-12" PRIu32 "  %-16.2f  %.2f\n", rates[i], by_id, by_number);
		if (by_id < 0 || by_number < 0)
			status = EXIT_FAILURE;
	}
	if (status)
		fputs("bench_join: not every reset was joined\n", stderr);
	return status;
}
