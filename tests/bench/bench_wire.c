// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_wire.c - nanoseconds that the wire view costs per TCP segment.
 *
 * BPF_PROG_TEST_RUN repeats each program on one CPU with segments of a few flows, in turns with
 * an empty program and one that only reads the clock; the CPU time of this thread counts, so
 * that other work on the machine disturbs little. What is printed is the median of the rounds;
 * all figures include the kernel's own loop, which is about what "empty" shows.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/utsname.h>

#include "baseline.skel.h"
#include "harness.h"
#include "packet.h"

#define FLOWS 8
#define MAX_ROUNDS 99

struct options {
	unsigned int rounds;
	unsigned int repeat; /* per round */
	bool json;
};

struct contest {
	const char *name;
	const char *baseline; /* program; NULL: one of ours */
	enum entry entry;     /* its hook, too, of a baseline */
	int family;
	int fd;
	double ns[MAX_ROUNDS];
	double median;
};

static struct contest contests[] = {
	{ .name = "empty tc", .baseline = "empty_tc", .entry = TC_INGRESS, .family = 4 },
	{ .name = "clock tc", .baseline = "clock_tc", .entry = TC_INGRESS, .family = 4 },
	{ .name = "tc ingress IPv4", .entry = TC_INGRESS, .family = 4 },
	{ .name = "tc ingress IPv6", .entry = TC_INGRESS, .family = 6 },
	{ .name = "tc egress IPv4", .entry = TC_EGRESS, .family = 4 },
	{ .name = "tc egress IPv6", .entry = TC_EGRESS, .family = 6 },
	{ .name = "empty XDP", .baseline = "empty_xdp", .entry = XDP, .family = 4 },
	{ .name = "clock XDP", .baseline = "clock_xdp", .entry = XDP, .family = 4 },
	{ .name = "XDP IPv4", .entry = XDP, .family = 4 },
	{ .name = "XDP IPv6", .entry = XDP, .family = 6 },
};

#define N_CONTESTS (sizeof(contests) / sizeof(contests[0]))

static uint64_t cpu_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A data segment with timestamps, the most usual there is. */
static int run_flow(struct bed *b, const struct contest *c, unsigned int flow, unsigned int repeat)
{
	const struct recipe recipe = {
		.client = (uint8_t)(flow + 1),
		.sport = 40000 + flow,
		.seq = flow,
		.payload = 1000,
		.tcp_options = 12,
	};
	struct run run = { .repeat = (int)repeat };
	int fd = b->fd[c->entry], err;
	struct outcome out;
	static struct packet p;

	packet_build(&p, &recipe, c->family, true);
	run.data = p.bytes;
	run.len = p.len;
	b->fd[c->entry] = c->fd;
	err = bed__run(b, c->entry, &run, &out);
	b->fd[c->entry] = fd;
	return err;
}

static int run_round(struct bed *b, struct contest *c, unsigned int round, unsigned int repeat)
{
	uint64_t since = cpu_time_ns();
	unsigned int flow;
	int err = 0;

	for (flow = 0; flow < FLOWS && !err; flow++)
		err = run_flow(b, c, flow, repeat / FLOWS);
	c->ns[round] = (double)(cpu_time_ns() - since) / (repeat / FLOWS * FLOWS);
	return err;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run_all(struct bed *b, const struct options *o)
{
	unsigned int round;
	size_t i;
	int err;

	for (round = 0; round < o->rounds; round++) {
		for (i = 0; i < N_CONTESTS; i++) {
			err = run_round(b, &contests[i], round, o->repeat);
			if (err)
				return err;
		}
	}
	for (i = 0; i < N_CONTESTS; i++) {
		qsort(contests[i].ns, o->rounds, sizeof(double), compare);
		contests[i].median = contests[i].ns[o->rounds / 2];
	}
	return 0;
}

/* Or else we have measured something else. */
static bool has_recorded(const struct bed *b, const struct options *o)
{
	uint64_t expected = 0;
	size_t i;

	for (i = 0; i < N_CONTESTS; i++)
		if (!contests[i].baseline)
			expected += (uint64_t)o->rounds * (o->repeat / FLOWS * FLOWS);
	if (bed__head(b) != expected)
		fprintf(stderr, "error: %" PRIu64 " of %" PRIu64 " segments recorded\n",
			bed__head(b), expected);
	return bed__head(b) == expected;
}

static struct bpf_object *find_programs(struct bed *b)
{
	struct bpf_object *obj;
	const void *elf;
	size_t size, i;

	elf = baseline__elf_bytes(&size);
	obj = bpf_object__open_mem(elf, size, NULL);
	if (!obj || bpf_object__load(obj)) {
		bpf_object__close(obj);
		return NULL;
	}
	for (i = 0; i < N_CONTESTS; i++) {
		struct contest *c = &contests[i];

		c->fd = b->fd[c->entry];
		if (c->baseline)
			c->fd = bpf_program__fd(bpf_object__find_program_by_name(obj, c->baseline));
	}
	return obj;
}

/* The median of a baseline of the hook that @c runs at. */
static double baseline(const struct contest *c, const char *kind)
{
	size_t i;

	for (i = 0; i < N_CONTESTS; i++)
		if (contests[i].baseline && (contests[i].entry == XDP) == (c->entry == XDP) &&
		    !strncmp(contests[i].name, kind, strlen(kind)))
			return contests[i].median;
	return 0;
}

static void read_cpu_model(char *buf, size_t size)
{
	FILE *in = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(buf, size, "unknown");
	while (in && fgets(line, sizeof(line), in)) {
		if (strncmp(line, "model name", 10) || !strchr(line, ':'))
			continue;
		snprintf(buf, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"),
			 strchr(line, ':') + 2);
		break;
	}
	if (in)
		fclose(in);
}

static void print_table(const char *cpu, const char *kernel, const char *date,
			const struct options *o)
{
	size_t i;

	printf("%s, Linux %s, %s\n", cpu, kernel, date);
	printf("%u rounds of %u segments, %u flows; medians (best round in brackets)\n\n",
	       o->rounds, o->repeat, FLOWS);
	printf("%-18s %18s %10s %10s\n", "program", "ns per packet", "x clock", "x empty");
	for (i = 0; i < N_CONTESTS; i++) {
		const struct contest *c = &contests[i];

		printf("%-18s %8.1f (%7.1f) %10.2f %10.2f\n", c->name, c->median, c->ns[0],
		       c->median / baseline(c, "clock"), c->median / baseline(c, "empty"));
	}
}

/* None of these strings needs escaping. */
static void print_json(const char *cpu, const char *kernel, const char *date,
		       const struct options *o)
{
	size_t i;

	printf("{\"cpu\":\"%s\",\"kernel\":\"%s\",\"date\":\"%s\",\"rounds\":%u,\"repeat\":%u,"
	       "\"flows\":%u,\"results\":[",
	       cpu, kernel, date, o->rounds, o->repeat, FLOWS);
	for (i = 0; i < N_CONTESTS; i++) {
		const struct contest *c = &contests[i];

		printf("%s{\"program\":\"%s\",\"ns\":%.2f,\"best_ns\":%.2f,\"to_clock\":%.3f,"
		       "\"to_empty\":%.3f}",
		       i ? "," : "", c->name, c->median, c->ns[0], c->median / baseline(c, "clock"),
		       c->median / baseline(c, "empty"));
	}
	printf("]}\n");
}

static void print(const struct options *o)
{
	char cpu[128], date[32];
	struct utsname uts;
	time_t now = time(NULL);
	struct tm tm;

	read_cpu_model(cpu, sizeof(cpu));
	uname(&uts);
	strftime(date, sizeof(date), "%Y-%m-%d", gmtime_r(&now, &tm));
	if (o->json)
		print_json(cpu, uts.release, date, o);
	else
		print_table(cpu, uts.release, date, o);
}

static bool parse_number(const char *word, unsigned int min, unsigned int max, unsigned int *ret)
{
	char *end;
	unsigned long value = strtoul(word, &end, 10);

	if (*end || !*word || value < min || value > max)
		return false;
	*ret = (unsigned int)value;
	return true;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "repeat", required_argument, NULL, 'n' },
		{ 0 },
	};
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'j')
			o->json = true;
		else if (c == 'r')
			good &= parse_number(optarg, 1, MAX_ROUNDS, &o->rounds);
		else if (c == 'n')
			good &= parse_number(optarg, FLOWS, 100000000, &o->repeat);
		else
			good = false;
	}
	if (!good || optind != argc)
		fprintf(stderr, "usage: bench_wire [--json] [--rounds N] [--repeat N]\n");
	return good && optind == argc;
}

int main(int argc, char **argv)
{
	struct options o = { .rounds = 9, .repeat = 1000000 };
	const struct bed_config cfg = { 0 };
	struct bpf_object *obj;
	struct bed *b;
	int err;

	if (!parse_options(argc, argv, &o))
		return 2;
	if (!begin("nanoseconds per packet"))
		return 0;
	b = bed__open(&cfg, -1);
	obj = b ? find_programs(b) : NULL;
	if (!obj) {
		fprintf(stderr, "error: load the programs: %s\n", strerror(errno));
		bed__close(b);
		return 1;
	}
	err = run_all(b, &o);
	if (!err && !has_recorded(b, &o))
		err = -EPROTO;
	if (err)
		fprintf(stderr, "error: run the programs: %s\n", strerror(-err));
	else
		print(&o);
	bpf_object__close(obj);
	bed__close(b);
	return err ? 1 : 0;
}
