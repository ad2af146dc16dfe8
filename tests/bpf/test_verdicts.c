// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_verdicts.c - of several programs, those that the verifier of the running kernel refuses are left
 * out, and take none of the others along.
 */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>

#include "harness.h"
#include "rst_verdicts.skel.h"

struct loading {
	struct shared_maps maps;
	unsigned int opened;
	unsigned int configured;
};

static struct bpf_object *open_object(void *ctx)
{
	struct loading *l = ctx;
	const void *elf;
	size_t size;

	l->opened++;
	elf = rst_verdicts__elf_bytes(&size);
	return embedded_open(elf, size, "rst_verdicts", NULL, &l->maps);
}

static void configure(void *ctx, struct bpf_object *obj)
{
	struct loading *l = ctx;

	(void)obj;
	l->configured++;
}

static struct bpf_object *load(struct loading *l, struct program_choice *choices, unsigned int n)
{
	struct embedded_programs programs = { open_object, configure, l, choices, n };

	memset(l, 0, sizeof(*l));
	shared_maps_init(&l->maps, 1, 64);
	return embedded_load_granted(&programs, &l->maps);
}

static bool has(const struct bpf_object *obj, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, name)) >= 0;
}

static void test_some_refused(void)
{
	struct program_choice choices[] = {
		{ .name = "bad_helper" },
		{ .name = "good_first" },
		{ .name = "bad_pointer" },
		{ .name = "good_second" },
	};
	struct loading l;
	struct bpf_object *obj = load(&l, choices, 4);

	ok(obj, "what the verifier takes is loaded beside what it refuses");
	ok(obj && has(obj, "good_first") && has(obj, "good_second"), "... all of it");
	ok(choices[0].err == -EINVAL && choices[2].err == -EACCES, "... and each refusal is named");
	ok(!choices[1].err && !choices[3].err, "... and nothing else");
	ok(l.opened == 6 && l.configured == 6, "... in one try for each, and two for all");
	bpf_object__close(obj);
	shared_maps_close(&l.maps);
}

static void test_none_refused(void)
{
	struct program_choice choices[] = { { .name = "good_second" } };
	struct loading l;
	struct bpf_object *obj = load(&l, choices, 1);

	ok(obj && has(obj, "good_second") && !has(obj, "good_first"),
	   "only what is chosen is loaded");
	ok(l.opened == 1, "... at once where nothing is refused");
	bpf_object__close(obj);
	shared_maps_close(&l.maps);
}

static void test_all_refused(void)
{
	struct program_choice choices[] = { { .name = "bad_pointer" }, { .name = "bad_helper" } };
	struct loading l;

	ok(!load(&l, choices, 2), "where all are refused there is no object");
	ok(choices[0].err == -EACCES && choices[1].err == -EINVAL,
	   "... and each has its own error");
	ok(!load(&l, choices, 1) && l.opened == 1, "one alone is not tried again");
	shared_maps_close(&l.maps);
}

int main(void)
{
	if (!begin("the verifier's verdicts"))
		return 0;
	test_some_refused();
	test_none_refused();
	test_all_refused();
	return finish();
}
