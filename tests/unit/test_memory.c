// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_memory.c - memory that runs out, at each allocation in turn: an error or the same result, no crash,
 * and nothing left behind.
 *
 * The linker gives the correlator's calls of malloc() and its kin to this file (--wrap); libraries keep theirs.
 */
#include <errno.h>
#include <fcntl.h>

#include "archive/recording.h"
#include "capture/flow_table.h"
#include "child.h"
#include "diagnose/classify.h"
#include "host/socket_owner.h"
#include "live/join.h"
#include "live/kernel_names.h"
#include "report/document.h"
#include "report/timeline.h"
#include "scene.h"
#include "wire.h"

/* --- the memory -------------------------------------------------------------------------------------------- */

#define BLOCKS_MAX 65536

static struct {
	void *blocks[BLOCKS_MAX]; /* that the correlator has, by hash */
	unsigned int used;
	unsigned long calls, fail_at; /* 0 = never */
	bool watched;
} memory;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void __wrap_free(void *p);

static bool fails(void)
{
	if (!memory.watched || ++memory.calls != memory.fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

static void **place_of(const void *p)
{
	size_t i = ((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15ull >> 48;

	while (memory.blocks[i % BLOCKS_MAX] && memory.blocks[i % BLOCKS_MAX] != p)
		i++;
	return &memory.blocks[i % BLOCKS_MAX];
}

static void forget(const void *p)
{
	void **at = place_of(p), *q;
	size_t i;

	if (!p || !*at)
		return;
	memory.used--;
	*at = NULL;
	/* Those behind it may have wanted its place. */
	for (i = (size_t)(at - memory.blocks) + 1; (q = memory.blocks[i % BLOCKS_MAX]); i++) {
		memory.blocks[i % BLOCKS_MAX] = NULL;
		*place_of(q) = q;
	}
}

static void *keep(void *p)
{
	if (p && memory.watched && memory.used < BLOCKS_MAX / 2) {
		*place_of(p) = p;
		memory.used++;
	}
	return p;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : keep(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : keep(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	void *q;

	if (fails())
		return NULL;
	q = __real_realloc(p, n);
	if (q) {
		forget(p);
		keep(q);
	}
	return q;
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : keep(__real_strdup(s));
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : keep(__real_strndup(s, n));
}

void __wrap_free(void *p)
{
	forget(p);
	__real_free(p);
}

/* --- what needs it --------------------------------------------------------------------------------------- */

static struct wire one_capture;
static char capture[64], again[64];

static int count_case(void *ctx, struct reset_case *c, const struct report_context *report)
{
	(void)c, (void)report;
	++*(unsigned int *)ctx;
	return 0;
}

static int read_files(const char *const *files, unsigned int n, unsigned int want)
{
	unsigned int cases = 0;
	char why[512];
	struct reader_config cfg = {
		.files = files, .n_files = n, .on_case = count_case, .ctx = &cases
	};
	int err = reader_read(&cfg, why, sizeof(why));

	return err ? err : cases == want ? 0 : -EBADMSG;
}

static int read_capture(void)
{
	return read_files((const char *const[]){ capture }, 1, 1);
}

static int read_two_captures(void)
{
	return read_files((const char *const[]){ capture, again }, 2, 1);
}

static int read_evidence(void)
{
	return read_files(
		(const char *const[]){ "tests/cases/dnat-invalid/6.18.44-tracepoint-v4.json" }, 1,
		1);
}

static int error_of(const void *made)
{
	return made ? 0 : -errno;
}

static void no_case(void *ctx, struct reset_case *c)
{
	(void)ctx, (void)c;
}

static int make_join(void)
{
	struct join *j = join__new(&(struct join_ops){ .opened = no_case, .completed = no_case });
	int err = error_of(j);

	join__free(j);
	return err;
}

static int make_flow_table(void)
{
	struct flow_table *t = flow_table__new(1);
	int err = error_of(t);

	flow_table__free(t);
	return err;
}

static int make_owner_cache(void)
{
	struct owner_cache *cache = owner_cache__new();

	errno = ENOMEM;
	owner_cache__free(cache);
	return error_of(cache);
}

static int read_symbols(void)
{
	struct symbols *s = symbols__read("/proc/self/fd/100", "/dev/null");
	struct kernel_enums *e = s ? kernel_enums__new(NULL, s) : NULL;
	int err = error_of(e);

	kernel_enums__free(e);
	symbols__free(s);
	return err;
}

static struct reset_case race(void)
{
	static const struct scene scene = { .call = CALL_PASSIVE,
					    .state = TCP_LISTEN,
					    .seg = "PA",
					    .seg_len = 10,
					    .history = "<S >SA <A",
					    .window = WINDOW_HANDSHAKE,
					    .window_from = 12,
					    .window_to = 4 };
	struct reset_case c = scene_build(&scene, AF_INET);

	classify(&c);
	return c;
}

static int make_timeline(void)
{
	struct reset_case c = race();
	struct timeline t = timeline_make(&c, &sample_context);

	errno = ENOMEM;
	timeline_free(&t);
	return t.n || t.moments ? -EINVAL : 0;
}

static int make_document(const struct document_ops *ops)
{
	struct document d = { .ops = ops, .title = "t", .out = fopen("/dev/null", "w") };
	struct reset_case c = race();
	struct summary *s;
	int err;

	d.spool = tmpfile();
	s = summary__new();
	err = error_of(s);
	if (!err)
		err = ops->begin(&d);
	if (!err) {
		summary__add(s, &c, &sample_context);
		err = ops->add(&d, &c, &sample_context);
	}
	if (!err)
		err = ops->end(&d, s);
	ops->free(&d);
	summary__free(s);
	fclose(d.out);
	fclose(d.spool);
	return err;
}

static int make_text(void)
{
	return make_document(&document_text);
}

static int make_markdown(void)
{
	return make_document(&document_markdown);
}

static int make_json(void)
{
	return make_document(&document_json);
}

static int make_html(void)
{
	return make_document(&document_html);
}

/* --- all of it, again and again -------------------------------------------------------------------------- */

/* Fails the allocation of that number; false: there are not so many. */
static bool run_out(int (*what)(void), unsigned long at, int *ret_err, unsigned int *ret_left)
{
	memory.calls = 0;
	memory.fail_at = at;
	memory.watched = true;
	memset(memory.blocks, 0, sizeof(memory.blocks));
	memory.used = 0;
	*ret_err = what();
	memory.watched = false;
	*ret_left = memory.used;
	return memory.calls >= at;
}

static void test_running_out(const char *name, int (*what)(void))
{
	unsigned int left, leaks = 0, wrong = 0;
	unsigned long at, n;
	int err;

	/* Once for what a thread keeps for ever. */
	run_out(what, 0, &err, &left);
	run_out(what, 0, &err, &left);
	n = memory.calls;
	check(!err && n > 0, "%s: nothing fails while there is memory (%lu allocations)", name, n);
	check_int(left, 0, "... and nothing is left behind");
	for (at = 1; run_out(what, at, &err, &left); at++) {
		if (err && err != -ENOMEM && wrong++ < 5)
			printf("#   without allocation %lu: %d\n", at, err);
		if (left && leaks++ < 5)
			printf("#   without allocation %lu: %u blocks are left\n", at, left);
	}
	check_int(wrong, 0, "%s: what fails says -ENOMEM", name);
	check_int(leaks, 0, "... and leaves nothing behind");
}

static void *forgotten;

static int forget_a_block(void)
{
	forgotten = malloc(1);
	return forgotten ? 0 : -EINVAL;
}

/* That a block is missed, and an error of another kind seen. */
static void test_the_test(void)
{
	unsigned int left;
	int err;

	check(run_out(forget_a_block, 2, &err, &left) == false && !err && left == 1,
	      "a block that is left behind is noticed");
	free(forgotten);
	check(run_out(forget_a_block, 1, &err, &left) && err == -EINVAL && !left,
	      "an allocation can be made to fail");
}

static void make_capture(void)
{
	static const struct wire_segment segments[] = {
		{ .us = 0, .flags = "S", .seq = 100 },
		{ .us = 10, .from_server = true, .flags = "SA", .seq = 500, .ack = 101 },
		{ .us = 20, .flags = "A", .seq = 101, .ack = 501 },
		{ .us = 30, .flags = "PA", .seq = 101, .ack = 501, .len = 10 },
		{ .us = 40, .from_server = true, .flags = "R", .seq = 501 },
	};
	static struct wire packet;
	size_t i;

	wire_pcap_header(&one_capture, 101);
	for (i = 0; i < ARRAY_SIZE(segments); i++) {
		packet.n = 0;
		wire_ip(&packet, &segments[i], AF_INET);
		wire_record(&one_capture, segments[i].us, &packet, 65535);
	}
	wire_file(one_capture.bytes, one_capture.n, capture);
	wire_file(one_capture.bytes, one_capture.n, again);
}

static void make_symbols(void)
{
	static const char text[] = "ffffffff81000000 T _stext\nffffffff81000010 T tcp_v4_rcv\n"
				   "ffffffff81000020 T tcp_v4_send_reset\n";
	char path[64];
	int fd = wire_file(text, sizeof(text) - 1, path);

	if (dup2(fd, 100) < 0)
		abort();
}

int main(void)
{
	make_capture();
	make_symbols();
	test_the_test();
	test_running_out("a capture", read_capture);
	test_running_out("two captures", read_two_captures);
	test_running_out("evidence", read_evidence);
	test_running_out("the join", make_join);
	test_running_out("the table of flows", make_flow_table);
	test_running_out("the cache of owners", make_owner_cache);
	test_running_out("symbols", read_symbols);
	test_running_out("a timeline", make_timeline);
	test_running_out("a text", make_text);
	test_running_out("Markdown", make_markdown);
	test_running_out("JSON", make_json);
	test_running_out("HTML", make_html);
	return test_done();
}
