// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_usage.c - every option that --help lists is in the manual page and in the completion for bash.
 */
#include <ctype.h>

#include "child.h"

static char manual[128 << 10], completion[32 << 10];

static void read_file(const char *path, char *to, size_t room)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		abort();
	child_text(fd, to, room);
}

/* The text between two marks, or up to the end; the caller's to free. "" if the first is missing. */
static char *between(const char *text, const char *from, const char *until)
{
	const char *at = strstr(text, from), *end;

	if (!at)
		return strdup("");
	at += strlen(from);
	end = strstr(at, until);
	return end ? strndup(at, (size_t)(end - at)) : strdup(at);
}

/* Is it there, and not only as the beginning of a longer word? */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *at;

	for (at = text; (at = strstr(at, word)); at += len)
		if (!isalnum((unsigned char)at[len]) && at[len] != '-')
			return true;
	return false;
}

static void check_option(const char *command, const char *option, const char *page,
			 const char *completes)
{
	char macro[80];

	/* mdoc's Fl writes one hyphen itself. */
	snprintf(macro, sizeof(macro), "Fl %s", option + 1);
	check(has_word(page, macro), "%s: %s is in the manual page", command, option);
	check(has_word(completes, option), "%s: bash completes %s", command, option);
}

/* Of a line such as "  -i, --interface=IF         Watch this interface": up to the description. */
static unsigned int check_line(const char *command, char *line, const char *page,
			       const char *completes)
{
	size_t indent = strspn(line, " "), len;
	char *at = line + indent, option[64];
	unsigned int n = 0;

	if (indent < 2 || indent > 6)
		return 0;
	for (; *at == '-'; at += strspn(at, ", ")) {
		len = 1 + strcspn(at + 1, " ,=");
		snprintf(option, sizeof(option), "%.*s", (int)len, at);
		at += len;
		/* The manual page has those of every command at one place. */
		if (strcmp(option, "-?") && strcmp(option, "--help") && strcmp(option, "--usage")) {
			check_option(command, option, page, completes);
			n++;
		}
		if (*at != ',')
			break;
	}
	return n;
}

static unsigned int check_options(const char *command, char *help, const char *page,
				  const char *completes)
{
	unsigned int n = 0;
	char *line, *rest;

	for (line = strtok_r(help, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		n += check_line(command, line, page, completes);
	return n;
}

static void test_command(const char *name, int (*command)(int argc, char **argv))
{
	const struct child *c = child_run(
		&(struct child_setup){ .command = command, .args = CHILD_ARGS("--help") });
	char *help = strdup(c->out), from[64], *page, *completes;

	snprintf(from, sizeof(from), ".Ss Options of %s\n", name);
	page = between(manual, from, "\n.El\n");
	snprintf(from, sizeof(from), strcmp(name, "watch") ? "\n\t%s)\n" : "\n_rstscope_%s()\n",
		 name);
	completes = between(completion, from, strcmp(name, "watch") ? "\n\t\t;;\n" : "\n}\n");
	check(check_options(name, help, page, completes) > 1, "%s --help lists options", name);
	check(has_word(completes, "--help") && has_word(completes, "--usage"),
	      "%s: bash completes --help and --usage", name);
	free(completes);
	free(page);
	free(help);
}

int main(void)
{
	read_file("docs/rstscope.8", manual, sizeof(manual));
	read_file("deploy/rstscope.bash-completion", completion, sizeof(completion));
	test_command("watch", cmd_watch);
	test_command("attach", cmd_attach);
	test_command("detach", cmd_detach);
	test_command("explain", cmd_explain);
	test_command("report", cmd_report);
	test_command("status", cmd_status);
	test_command("causes", cmd_causes);
	return test_done();
}
