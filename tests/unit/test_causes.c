// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_causes.c - the catalogue as a table: ids, templates, masks, order.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "child.h"
#include "scene.h"

/* Released with design.md section 3: may grow, never lose one. */
static const char *const released[] = {
	"linger-zero",
	"unread-data",
	"linger2",
	"fin-wait2-timeout",
	"out-of-memory",
	"too-many-orphans",
	"keepalive-timeout",
	"user-timeout",
	"socket-killed",
	"disconnect",
	"listener-closed",
	"data-after-close",
	"closed-port",
	"no-socket",
	"listener-stray",
	"ehash-race-handshake",
	"ehash-race-timewait",
	"early-demux-clash",
	"dnat-invalid",
	"nat-skipped-forward",
	"conntrack-expired",
	"nat-remapped",
	"raw-socket",
	"bpf-program",
	"guest",
	"timewait",
	"accept-overflow",
	"embryonic",
	"syn-sent-bad-ack",
	"netfilter-reject",
	"mptcp",
	"remote",
	"forged",
	"forwarded",
	"unknown",
};

#define ALL_FACTS (((fact_set)1 << FACT_MAX) - 1)
#define WIRE_ONLY                                                                               \
	(FACT(SEGMENT_KNOWN) | FACT(SEGMENT_SYN) | FACT(SEGMENT_HAS_SYN) | FACT(SEGMENT_DATA) | \
	 FACT(FLOW_SEEN) | FACT(FORGED))

static bool is_kebab(const char *id)
{
	size_t len = strlen(id);

	return len && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && *id != '-' &&
	       id[len - 1] != '-' && !strstr(id, "--");
}

static bool is_released(const char *id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(released); i++)
		if (!strcmp(released[i], id))
			return true;
	return false;
}

static void test_ids(void)
{
	size_t i;

	for (i = 0; i < n_causes; i++) {
		check(is_kebab(causes[i].id), "'%s' is written in kebab-case", causes[i].id);
		check(cause_find(causes[i].id) == &causes[i], "'%s' stands there once",
		      causes[i].id);
		check(is_released(causes[i].id), "'%s' is an id of the contract", causes[i].id);
	}
	check_str(causes[n_causes - 1].id, "unknown", "unknown stands last");
	check(!cause_find("no-such-cause"), "an id that does not exist is not found");
	check(!cause_find(""), "the empty id is not found");
	check(n_causes - 1 <= CASE_CAUSES_MAX, "every cause has room among the candidates (%zu)",
	      n_causes - 1);
	check(n_causes <= 64, "the summary of watch has room for every cause (%zu)", n_causes);
}

static bool is_good_template(const char *s)
{
	size_t open = 0, end = 0;
	const char *p;

	for (p = s; s && *p; p++) {
		open += *p == '{';
		end += *p == '}';
	}
	return s && *s && open == end && template_is_known(s);
}

static void test_templates(const struct cause *cause)
{
	unsigned int i;

	check(is_good_template(cause->title), "the title of %s has only placeholders that exist",
	      cause->id);
	check(cause->reference && *cause->reference, "%s names its reference", cause->id);
	for (i = 0; i < CAUSE_ADVICE_MAX && cause->advice[i].action; i++) {
		const struct advice *a = &cause->advice[i];

		check(is_good_template(a->action) && is_good_template(a->price) &&
			      is_good_template(a->undo),
		      "advice %u of %s has an action, a price and an undo", i + 1, cause->id);
		check(!strchr(a->price, '{') && !strchr(a->undo, '{'),
		      "price and undo of advice %u of %s need no details", i + 1, cause->id);
	}
	if (strcmp(cause->id, "unknown"))
		check(i > 0, "%s comes with advice", cause->id);
}

static void test_masks(const struct cause *cause)
{
	unsigned int i;

	for (i = 0; i < CAUSE_WAYS_MAX && cause->ways[i].confidence; i++) {
		const struct way *w = &cause->ways[i];
		int f;

		check(!((w->needs | w->forbids) & ~ALL_FACTS),
		      "way %u of %s needs only facts that exist", i + 1, cause->id);
		check(!(w->needs & w->forbids), "way %u of %s can be taken at all", i + 1,
		      cause->id);
		check(w->needs, "way %u of %s needs something", i + 1, cause->id);
		if (w->confidence == CONF_CERTAIN)
			check(w->needs & ~WIRE_ONLY,
			      "way %u of %s is certain by the kernel or by the path", i + 1,
			      cause->id);
		for (f = 0; f < FACT_MAX; f++) {
			if (w->needs >> f & 1 && !fact_texts[f].yes)
				check(false, "way %u of %s can say why", i + 1, cause->id);
			if (w->forbids >> f & 1 && !fact_texts[f].no)
				check(false, "way %u of %s can say what it rules out", i + 1,
				      cause->id);
		}
	}
	check_int(i > 0, strcmp(cause->id, "unknown") != 0, "%s has a way, unless it is unknown",
		  cause->id);
}

/* A way that holds only where an earlier row already held can never name its cause. */
static void test_order(void)
{
	size_t late, early;
	unsigned int i, k;

	for (late = 0; late < n_causes; late++) {
		for (i = 0; i < CAUSE_WAYS_MAX && causes[late].ways[i].confidence; i++) {
			const struct way *w = &causes[late].ways[i];
			const char *hides = NULL;

			for (early = 0; early < late; early++)
				for (k = 0; k < CAUSE_WAYS_MAX && causes[early].ways[k].confidence;
				     k++) {
					const struct way *e = &causes[early].ways[k];

					if (!(e->needs & ~w->needs) && !(e->forbids & ~w->forbids))
						hides = causes[early].id;
				}
			check_str(hides, NULL, "no earlier row hides way %u of %s", i + 1,
				  causes[late].id);
		}
	}
}

/* What `rstscope causes ...` prints, with its messages in front. */
static char *output_of(const char *first, const char *second, int *ret_status)
{
	const char *args[] = { first, second, NULL };
	const struct child *c =
		child_run(&(struct child_setup){ .command = cmd_causes, .args = args });
	static char text[sizeof(c->out) + sizeof(c->err)];

	*ret_status = c->status;
	strcpy(stpcpy(text, c->err), c->out);
	return text;
}

/* "{seg.dport}", which should have become words; not "{ type filter" of a command. */
static bool has_placeholder(const char *text)
{
	while ((text = strchr(text, '{'))) {
		size_t len = strspn(++text, "abcdefghijklmnopqrstuvwxyz._");

		if (len && text[len] == '}')
			return true;
	}
	return false;
}

static void test_explanations(void)
{
	char *text;
	int status;
	size_t i;

	for (i = 0; i < n_causes; i++) {
		text = output_of(causes[i].id, NULL, &status);
		check_int(status, EXIT_OK, "`rstscope causes %s` succeeds", causes[i].id);
		check(!has_placeholder(text), "`rstscope causes %s` shows no raw placeholder",
		      causes[i].id);
		check_has(text, "\nIn a lab\n", "`rstscope causes %s` tells how to provoke it",
			  causes[i].id);
		check_lacks(text, "\033", "`rstscope causes %s` colours nothing in a file",
			    causes[i].id);
	}
	text = output_of("no-such-cause", NULL, &status);
	check_int(status, EXIT_USAGE, "a cause that does not exist is wrong usage");
	text = output_of("dnat-invalidd", NULL, &status);
	check_int(status, EXIT_USAGE, "a misspelt cause is wrong usage");
	check_has(text, "did you mean 'dnat-invalid'?", "a misspelt cause gets a suggestion");
}

static void test_formats(void)
{
	json_t *all;
	char *text;
	int status;

	text = output_of("--format=markdown", "closed-port", &status);
	check_has(text, "# closed-port\n", "--format=markdown explains one cause");
	text = output_of("--format=man", NULL, &status);
	check_has(text, ".TH RSTSCOPE-CAUSES 7", "--format=man makes the manual page");
	output_of("--format=html", NULL, &status);
	check_int(status, EXIT_USAGE, "a format that does not exist is wrong usage");
	output_of("closed-port", "no-socket", &status);
	check_int(status, EXIT_USAGE, "two causes are wrong usage");
	output_of("--no-such-option", NULL, &status);
	check_int(status, EXIT_USAGE, "an option that does not exist is wrong usage");
	all = json_loads(output_of("--json", NULL, &status), 0, NULL);
	check_int(json_array_size(all), n_causes, "--json has every cause");
	json_decref(all);
	all = json_loads(output_of("--json", "closed-port", &status), 0, NULL);
	check_str(json_string_value(json_object_get(all, "id")), "closed-port",
		  "--json has one cause");
	json_decref(all);
}

static void test_command(void)
{
	char *text;
	int status;
	size_t i;

	text = output_of(NULL, NULL, &status);
	check_int(status, EXIT_OK, "`rstscope causes` succeeds");
	for (i = 0; i < n_causes; i++)
		check_has(text, causes[i].id, "`rstscope causes` lists %s", causes[i].id);
	test_explanations();
	test_formats();
	check_int(child_run(&(struct child_setup){ .command = cmd_causes,
						   .args = CHILD_ARGS("remote"),
						   .output = "/dev/full" })
			  ->status,
		  EXIT_RUNTIME, "to a full disk is a failure");
}

int main(void)
{
	size_t i;

	test_ids();
	for (i = 0; i < n_causes; i++) {
		test_templates(&causes[i]);
		test_masks(&causes[i]);
	}
	test_order();
	test_command();
	return test_done();
}
