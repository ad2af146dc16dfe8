// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hook_order.c - who runs before ours, and when that is said.
 */
#include <stdlib.h>

#include "child.h"
#include "live/hook_order.h"

#define OURS 10
#define SECOND_WATCH 11

static bool is_rstscope(uint32_t prog_id)
{
	return prog_id == OURS || prog_id == SECOND_WATCH;
}

static struct hook_before tcx(unsigned int n, const uint32_t *ids)
{
	struct bpf_tcx order = { .n = n };

	memcpy(order.prog_id, ids, n * sizeof(*ids));
	return hook_before_of(&order, OURS, NULL, is_rstscope);
}

#define TCX(...) \
	tcx(sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t), (uint32_t[]){ __VA_ARGS__ })

static void test_who(void)
{
	struct clsact_order filters = { .ours = 2,
					.n_before = 1,
					.before = 1,
					.before_id = 7,
					.before_name = "cil_from_netdev" };
	struct bpf_tcx both = { .prog_id = { 1, SECOND_WATCH }, .n = 2 };
	struct hook_before b = TCX(OURS, 1, 2);

	check_int(b.n, 0, "who comes after ours does no harm");
	b = TCX(SECOND_WATCH, OURS);
	check_int(b.n, 0, "... nor does another watch before it");
	b = TCX(1, SECOND_WATCH, 2, OURS, 3);
	check_int(b.n, 2, "others before it do");
	check_str(b.last, "tcx program 2", "... the nearest is named");
	check(b.key != TCX(1, 3, OURS).key && b.key == TCX(1, 2, OURS, 4).key,
	      "... and it makes a difference who they are");
	b = hook_before_of(&both, 0, &filters, is_rstscope);
	check_int(b.n, 2, "all tcx programs come before a filter of ours");
	check_str(b.last, "filter 'cil_from_netdev' (pref 1)", "... as do filters of lower pref");
}

static int talk(int argc, char **argv)
{
	struct hook_order o = { .n = 0 };
	const struct hook_before steps[] = {
		TCX(OURS), TCX(1, OURS),    TCX(1, OURS), TCX(1, OURS, 9),
		TCX(OURS), TCX(2, 1, OURS), TCX(1, OURS),
	};
	size_t i;

	(void)argc, (void)argv;
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		hook_order__report(&o, &steps[i], "eth0", false);
	hook_order__report(&o, &steps[0], "eth0", false);
	hook_order__report(&o, &steps[1], "eth0", true);
	return 0;
}

static void test_words(void)
{
	const struct child *c = child_run(&(struct child_setup){
		.command = talk,
		.args = CHILD_ARGS(NULL),
	});
	const char *at = c->err;
	unsigned int lines = 0;

	while ((at = strchr(at, '\n'))) {
		at++;
		lines++;
	}
	check_int(lines, 5, "each change is said once, and one that helps a little is not");
	check_has(c->err,
		  "warning: 'eth0': tcx program 1 of others runs before ours at tc egress: what it",
		  "... who it is");
	check_has(c->err, "tcx program 1 and 1 more of others run before ours", "... how many");
	check_has(c->err, "no program of others runs before ours at tc egress any more",
		  "... that it is over");
	check_has(c->err,
		  "at tc ingress: what it accepts, drops or redirects is not recorded, and what it "
		  "changes is recorded as changed (--xdp comes before it)",
		  "... and what it means");
}

int main(void)
{
	test_who();
	test_words();
	return test_done();
}
