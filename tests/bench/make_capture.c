// SPDX-License-Identifier: GPL-2.0-only
/*
 * make_capture.c PACKETS CONVERSATIONS EVERY [SEED [SECONDS]] - a capture for measuring: many connections
 * at a time, with data both ways; one of EVERY ends by a RST of the server, the others by FINs. SECONDS
 * since 1970 is when it begins.
 *
 * The same arguments give the same bytes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#define AT_ONCE 20000
#define PAYLOAD 200
#define FIRST_US 1795600000000000ull

struct conversation {
	uint32_t client, server;
	uint16_t port;
	uint32_t seq[2];
	uint32_t step;
};

static uint64_t state = 20261126;

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((state >> 33) % n);
}

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

static void write_packet(uint64_t us, const struct conversation *c, int from_server, uint8_t flags,
			 uint32_t len)
{
	uint32_t record[4] = { (uint32_t)(us / 1000000), (uint32_t)(us % 1000000), 54 + len,
			       54 + len };
	uint8_t p[54 + PAYLOAD] = { 0 };

	p[12] = 8;
	p[14] = 0x45;
	put16(p + 16, 40 + len);
	p[20] = 0x40;
	p[22] = 64;
	p[23] = 6;
	put32(p + 26, from_server ? c->server : c->client);
	put32(p + 30, from_server ? c->client : c->server);
	put16(p + 34, from_server ? 443 : c->port);
	put16(p + 36, from_server ? c->port : 443);
	put32(p + 38, c->seq[from_server]);
	put32(p + 42, flags & 0x10 ? c->seq[!from_server] : 0);
	p[46] = 0x50;
	p[47] = flags;
	put16(p + 48, flags & 4 ? 0 : 500);
	fwrite(record, sizeof(record), 1, stdout);
	fwrite(p, 54 + len, 1, stdout);
}

/* Returns whether it is over. */
static int advance(struct conversation *c, bool is_reset, uint32_t packets, uint64_t us)
{
	uint32_t step = c->step++, last = packets - 1;
	int from_server = step & 1;

	if (step == 0) {
		write_packet(us, c, 0, 2, 0);
		c->seq[0]++;
	} else if (step == last && is_reset) {
		write_packet(us, c, 1, 4, 0);
	} else if (step == last) {
		write_packet(us, c, from_server, 0x11, 0);
	} else if (step == 1) {
		write_packet(us, c, 1, 0x12, 0);
		c->seq[1]++;
	} else if (step == 2) {
		write_packet(us, c, 0, 0x10, 0);
	} else {
		write_packet(us, c, from_server, 0x18, PAYLOAD);
		c->seq[from_server] += PAYLOAD;
	}
	return step == last;
}

int main(int argc, char **argv)
{
	uint32_t header[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };
	uint32_t packets = argc >= 4 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	uint32_t n = argc >= 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	uint32_t every = argc >= 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
	static struct conversation open[AT_ONCE];
	static uint32_t numbers[AT_ONCE];
	uint32_t n_open = 0, begun = 0, each;
	uint64_t us = argc > 5 ? strtoull(argv[5], NULL, 10) * 1000000 : FIRST_US;

	if (argc > 4)
		state = strtoull(argv[4], NULL, 10);
	if (!n || !every || packets / n < 2) {
		fprintf(stderr,
			"usage: make_capture PACKETS CONVERSATIONS EVERY [SEED [SECONDS]], two packets each at least\n");
		return 2;
	}
	each = packets / n;
	fwrite(header, sizeof(header), 1, stdout);
	while (n_open || begun < n) {
		uint32_t i;

		for (; n_open < AT_ONCE && begun < n; n_open++, begun++) {
			numbers[n_open] = begun;
			open[n_open] = (struct conversation){
				.client = 0x0a000000 + begun / 50000 * 65536 + random_below(65536),
				.server = 0x0b000001 + begun % 7,
				.port = (uint16_t)(1024 + begun % 60000),
				.seq = { random_below(UINT32_MAX), random_below(UINT32_MAX) },
			};
		}
		i = random_below(n_open);
		us += 1 + random_below(10);
		if (advance(&open[i], numbers[i] % every == 0, each, us)) {
			n_open--;
			open[i] = open[n_open];
			numbers[i] = numbers[n_open];
		}
	}
	return fflush(stdout) || ferror(stdout);
}
