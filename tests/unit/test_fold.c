// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fold.c - of an incident the first reset and a few lines: no reset is lost, and storms are short.
 */
#include <stdlib.h>

#include "report/sink.h"
#include "scene.h"

static const struct scene scene = { .place = OUT, .call = CALL_ACTIVE, .state = TCP_CLOSE };

static struct reset_case a_case(uint64_t at_ns, unsigned int incident)
{
	struct reset_case c = scene_build(&scene, AF_INET);

	c.seen.rst.ts_ns = T0 + at_ns;
	classify(&c);
	c.incident = (struct membership){ .known = true,
					  .role = ROLE_SAME_SERVICE,
					  .because = "{rst.src} had no listener" };
	snprintf(c.incident.id, sizeof(c.incident.id), "%08x%024x", 1, incident);
	/* The hash is what follows the minute. */
	snprintf(c.incident.id + 8, sizeof(c.incident.id) - 8, "%08x%016x", incident, incident);
	return c;
}

struct count {
	unsigned int whole, lines, of_lines;
};

/* "+N resets of incident" */
static struct count count_of(const char *text)
{
	struct count n = { 0 };
	const char *at;

	for (at = text; (at = strstr(at, "  id ")); at++)
		n.whole++;
	for (at = text; (at = strchr(at, '+')); at++) {
		unsigned int more;
		char word[7];

		if ((at != text && at[-1] != '\n') || sscanf(at, "+%u %6s", &more, word) != 2 ||
		    strcmp(word, more == 1 ? "reset" : "resets") != 0)
			continue;
		n.lines++;
		n.of_lines += more;
	}
	return n;
}

/* @n resets, one each @every_ns, of so many incidents in turn. */
static struct count storm(unsigned int n, uint64_t every_ns, unsigned int incidents, bool fold,
			  char **ret_text)
{
	struct sink s = { .ops = &sink_text };
	struct count got;
	unsigned int i;
	size_t size;

	s.out = open_memstream(ret_text, &size);
	if (fold)
		sink_text_fold(&s);
	for (i = 0; i < n; i++) {
		struct reset_case c = a_case(i * every_ns, i % incidents);

		sink_text.emit(&s, &c, &sample_context);
	}
	sink_text_unfold(&s);
	fclose(s.out);
	got = count_of(*ret_text);
	return got;
}

int main(void)
{
	struct count n;
	char *text;

	n = storm(5000, 2 * MS, 1, true, &text);
	check_int(n.whole, 1, "of 5000 resets in 10 s the first is printed whole");
	check_int(n.of_lines, 4999, "... and the rest is counted");
	check(n.lines >= 3 && n.lines <= 12, "... in %u lines", n.lines);
	check_has(text, "+1 reset of incident", "... the first of which comes at once");
	check_has(text, "500 per second", "... with the rate");
	check_has(text, "192.0.2.1 had no listener", "... and the evidence");
	free(text);
	n = storm(3000, MS, 12, true, &text);
	check_int(n.whole, 12, "twelve incidents at once");
	check_int(n.of_lines, 3000 - 12, "... are counted each");
	free(text);
	n = storm(6000, MS, 3000, true, &text);
	check_int(n.whole + n.of_lines, 6000, "none is lost where there are too many incidents");
	free(text);
	n = storm(50, MS, 1, false, &text);
	check_int(n.whole, 50, "without folding each is printed whole");
	free(text);
	return test_done();
}
