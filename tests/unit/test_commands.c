// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_commands.c - `rstscope`, `explain` and `report` as their users see them: output, files and exit status.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>

#include "child.h"

#define CASES "tests/cases/"
#define INVALID CASES "dnat-invalid/6.18.44-tracepoint-v4.json"
#define CLOSED CASES "closed-port/6.18.44-tracepoint-v6.json"

static char dir[] = "/tmp/rstscope-commands.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned int n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

static char *text_of(const char *path)
{
	static char text[4 << 20];
	int fd = open(path, O_RDONLY);

	text[0] = 0;
	if (fd >= 0)
		child_text(fd, text, sizeof(text));
	return text;
}

static const struct child *explain(const char *const *args)
{
	return child_run(&(struct child_setup){ .command = cmd_explain, .args = args });
}

static const struct child *report(const char *const *args)
{
	return child_run(&(struct child_setup){ .command = cmd_report, .args = args });
}

static unsigned int lines_of(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* --- explain ---------------------------------------------------------------------------------------------- */

static void test_explain_forms(void)
{
	const struct child *c = explain(CHILD_ARGS("-r", INVALID));
	json_t *o;

	check_int(c->status, EXIT_OK, "explain: a reset that is found is no failure");
	check_has(c->out, "RST 10.0.2.1:1112 → 10.0.2.11:45709\n", "explain shows the reset");
	check_has(c->out, "\n  dnat-invalid (certain, passive, local)\n", "... and its cause");
	check_str(c->err, "1 reset, 1 dnat-invalid\nimpact: 1 harmful\n",
		  "... and counts on standard error");

	c = explain(CHILD_ARGS("--brief", "-r", INVALID, "-r", CLOSED));
	check_int(c->status, EXIT_OK, "explain --brief succeeds");
	check_int(lines_of(c->out), 2, "explain --brief prints a line for each reset");
	check_has(c->out,
		  " 10.0.2.1:1112 → 10.0.2.11:45709 dnat-invalid (certain) impact=harmful\n",
		  "explain --brief names flow, cause and confidence");
	check_str(c->err, "2 resets, 1 dnat-invalid, 1 closed-port\nimpact: 1 harmful, 1 refused\n",
		  "... in the order of the causes");

	c = explain(CHILD_ARGS("--json", "-r", INVALID));
	o = json_loads(c->out, 0, NULL);
	check_str(json_string_value(json_object_get(o, "cause")), "dnat-invalid",
		  "explain --json prints an object");
	check_str(c->err, "", "... and no counts");
	json_decref(o);

	c = explain(CHILD_ARGS("--quiet", "-r", INVALID));
	check_str(c->out, "1 reset, 1 dnat-invalid\nimpact: 1 harmful\n",
		  "explain --quiet prints only the counts");

	c = explain(CHILD_ARGS("--brief", "--only", "refused,none", "-r", INVALID, "-r", CLOSED));
	check_int(lines_of(c->out), 1, "explain --only leaves out the other impacts");
	check_has(c->out, " closed-port (certain) impact=refused\n", "... and reports these");
	check_str(c->err,
		  "1 reset, 1 closed-port, 1 not reported (--only)\nimpact: 1 harmful, 1 refused\n",
		  "... and counts all");
	check_int(explain(CHILD_ARGS("--only", "harmless", "-r", INVALID))->status, EXIT_USAGE,
		  "an impact that is none is wrong usage");
	c = explain(CHILD_ARGS("--brief", "--cause", "closed-port", "-r", INVALID, "-r", CLOSED));
	check_int(lines_of(c->out), 1, "explain --cause leaves out the other causes");
	c = explain(CHILD_ARGS("-q", "--owner", "nobody", "--cause", "closed-port", "-r", CLOSED));
	check_has(c->out, "0 resets, 1 not reported (--cause, --owner)", "... and --owner others");
	check_int(explain(CHILD_ARGS("--cause", "bad-luck", "-r", INVALID))->status, EXIT_USAGE,
		  "a cause that is none is wrong usage");
}

static void test_explain_findings(void)
{
	check_int(explain(CHILD_ARGS("-q", "-r", INVALID, "--fail-on", "dnat-invalid"))->status,
		  EXIT_FINDINGS, "explain --fail-on: what was found is status 3");
	check_int(explain(CHILD_ARGS("-q", "-r", INVALID, "--fail-on", "closed-port,dnat-invalid"))
			  ->status,
		  EXIT_FINDINGS, "explain --fail-on takes a list");
	check_int(explain(CHILD_ARGS("-q", "-r", INVALID, "--fail-on", "closed-port"))->status,
		  EXIT_OK, "explain --fail-on: another cause is no finding");
}

static void test_explain_input(void)
{
	struct child_setup s = { .command = cmd_explain, .args = CHILD_ARGS("-b", "-r", "-") };
	const struct child *c;

	s.input = INVALID;
	c = child_run(&s);
	check_int(c->status, EXIT_OK, "explain reads standard input");
	check_has(c->out, "dnat-invalid", "... and what is in it");
	write_file(in_dir("empty"), "");
	write_file(in_dir("rubbish"), "rubbish");
	write_file(in_dir("half"), "{\"evidence\": {\"rst\": ");
	write_file(in_dir("wrong"), "{\"evidence\": {\"rst\": 1}}");
	write_file(in_dir("two"), "{\"evidence\": {}} \n\t{\"evidence\": {}}\n\n");
	c = explain(CHILD_ARGS("-r", in_dir("none")));
	check_int(c->status, EXIT_RUNTIME, "explain: a file that does not exist is a failure");
	check_has(c->err, "/none': -ENOENT", "... which names it");
	c = explain(CHILD_ARGS("-r", in_dir("empty")));
	check(c->status == EXIT_RUNTIME && strstr(c->err, "/empty: "),
	      "explain: so is an empty file");
	c = explain(CHILD_ARGS("-r", in_dir("rubbish")));
	check(c->status == EXIT_RUNTIME && strstr(c->err, "/rubbish: "),
	      "explain: so is a file of another kind");
	c = explain(CHILD_ARGS("-r", in_dir("half")));
	check(c->status == EXIT_RUNTIME && strstr(c->err, "/half: "),
	      "explain: so is evidence that is cut");
	c = explain(CHILD_ARGS("-r", in_dir("wrong")));
	check(c->status == EXIT_RUNTIME && strstr(c->err, "'rst'"),
	      "explain: so is evidence of another form");
	c = explain(CHILD_ARGS("-q", "-r", in_dir("two")));
	check(c->status == EXIT_OK && !strncmp(c->out, "2 resets", 8),
	      "explain: white space between two pieces of evidence is nothing");
}

static void test_explain_output(void)
{
	static const char *const forms[] = { "-b", "-j", "-q" };
	struct child_setup s = { .command = cmd_explain, .output = "/dev/full" };
	const struct child *c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		s.args = CHILD_ARGS("-r", INVALID, forms[i]);
		c = child_run(&s);
		check_int(c->status, EXIT_RUNTIME, "explain %s to a full disk is a failure",
			  forms[i]);
		check_has(c->err, "error: write to standard output: -ENOSPC",
			  "... that is reported (%s)", forms[i]);
	}
}

static void test_explain_pipe(void)
{
	const char *fifo = in_dir("fifo");
	int status;
	pid_t pid;

	if (!check(!mkfifo(fifo, 0600), "there is a pipe"))
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		static char whole[1 << 16];
		int from = open(INVALID, O_RDONLY), to = open(fifo, O_WRONLY);
		ssize_t n = read(from, whole, sizeof(whole));

		_exit(n > 0 && write(to, whole, (size_t)n) == n ? 0 : 1);
	}
	check_has(explain(CHILD_ARGS("-b", "-r", fifo))->out, "dnat-invalid",
		  "explain reads a pipe");
	waitpid(pid, &status, 0);
	check_int(status, 0, "... to its end");
}

/* --- report ----------------------------------------------------------------------------------------------- */

static void test_report_formats(void)
{
	static const struct {
		const char *name, *file, *has;
	} rows[] = {
		{ "text", "r.txt", "\n  dnat-invalid (certain, passive, local)\n" },
		{ "markdown", "r.md", "\n**dnat-invalid** (certain, passive, local)" },
		{ "json", "r.json", "\"dnat-invalid\"" },
		{ "html", "r.html", "<!doctype html" },
	};
	const struct child *c;
	char format[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(format, sizeof(format), "--format=%s", rows[i].name);
		c = report(CHILD_ARGS("-r", INVALID, format));
		check_int(c->status, EXIT_OK, "report --format=%s succeeds", rows[i].name);
		check_has(c->out, rows[i].has, "... to standard output");
		c = report(CHILD_ARGS("-r", INVALID, "-o", in_dir(rows[i].file)));
		check_int(c->status, EXIT_OK, "report -o %s succeeds", rows[i].file);
		check_str(c->out, "", "... and prints nothing");
		check_has(text_of(in_dir(rows[i].file)), rows[i].has,
			  "the suffix of %s is its format", rows[i].file);
	}
	report(CHILD_ARGS("-r", INVALID, "-o", in_dir("r.log")));
	check_has(text_of(in_dir("r.log")), rows[0].has, "a suffix without a meaning is text");
	report(CHILD_ARGS("--store", INVALID, "-o", in_dir("r.html"), "--format", "text"));
	check_has(text_of(in_dir("r.html")), rows[0].has, "--format goes before the suffix");
}

static void test_report_title(void)
{
	const struct child *c = report(CHILD_ARGS("-r", INVALID, "--title", "Mo<b>day & *more*"));

	check(!strncmp(c->out, "Mo<b>day & *more*\n", 17), "a title is text in text");
	c = report(CHILD_ARGS("-r", INVALID, "--title", "Mo<b>day & more", "--format=html"));
	check_lacks(c->out, "Mo<b>day", "... and no markup in HTML");
}

static void test_report_selection(void)
{
	/* 1970-01-01T01:04:17.160580779Z and a little earlier */
	static const struct {
		const char *name, *option, *value;
		bool one;
	} rows[] = {
		{ "its cause", "--cause", "dnat-invalid", true },
		{ "a list with its cause", "--cause", "closed-port,dnat-invalid", true },
		{ "another cause", "--cause", "closed-port", false },
		{ "a time before", "--since", "1970-01-01T01:04:17Z", true },
		{ "a time before, with a fraction", "--since", "1970-01-01T01:04:17.999Z", true },
		{ "a time before, elsewhere", "--since", "1970-01-01T03:04:17+0200", true },
		{ "a time before, without zone", "--since", "1970-01-01 01:04:17", true },
		{ "a time before all clocks", "--since", "1960-01-01T00:00:00Z", true },
		{ "a time after", "--since", "1970-01-01T01:04:18Z", false },
		{ "a time after, elsewhere", "--since", "1970-01-01T00:04:18-0100", false },
		{ "an end after", "--until", "1970-01-01T01:04:18Z", true },
		{ "an end before", "--until", "1970-01-01T01:04:17Z", false },
	};
	const struct child *c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		c = report(CHILD_ARGS("-r", INVALID, rows[i].option, rows[i].value));
		check_int(c->status, EXIT_OK, "report %s of %s succeeds", rows[i].option,
			  rows[i].name);
		check_int(!!strstr(c->out, "RST 10.0.2.1"), rows[i].one, "... and %s it",
			  rows[i].one ? "has" : "leaves out");
		check_int(!c->err[0], rows[i].one, "... and says when nothing is left");
	}
}

static unsigned int files_in_dir(void)
{
	static const char *const args[] = { "-c", NULL, NULL };
	char command[128];
	const char *const with[] = { args[0], command, NULL };

	snprintf(command, sizeof(command), "ls %s | wc -l", dir);
	return (unsigned int)atoi(
		child_run(&(struct child_setup){ .program = "/bin/sh", .args = with })->out);
}

static void mask_all_but_me(void)
{
	umask(077);
}

static unsigned int files_beginning(const char *prefix)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	unsigned int n = 0;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, prefix, strlen(prefix));
	if (d)
		closedir(d);
	return n;
}

/* Ctrl-C, once the report has begun. */
static void interrupt_later(void)
{
	pid_t report_pid = getpid();
	unsigned int tries;

	if (fork())
		return;
	for (tries = 0; !files_beginning("ended.html.") && tries < 1000; tries++)
		usleep(10000);
	kill(report_pid, SIGINT);
	_exit(0);
}

static void test_report_interrupted(void)
{
	const char *pipe = in_dir("pipe");
	struct child_setup s = { .command = cmd_report, .before = interrupt_later };
	const struct child *c;
	int writer;

	/* Somebody who writes nothing keeps it open. */
	check(!mkfifo(pipe, 0600), "a named pipe is made");
	writer = open(pipe, O_RDWR | O_CLOEXEC);
	s.args = CHILD_ARGS("-r", pipe, "-o", in_dir("ended.html"));
	c = child_run(&s);
	check_int(c->status, 1000 + SIGINT, "Ctrl-C ends a report that waits for its input");
	check_int(files_beginning("ended"), 0, "... and leaves no half a file");
	close(writer);
	unlink(pipe);
}

static void test_report_files(void)
{
	const char *kept = in_dir("kept.txt");
	struct child_setup s = { .command = cmd_report, .before = mask_all_but_me };
	const struct child *c;
	unsigned int before;
	struct stat st;

	write_file(kept, "yesterday's");
	before = files_in_dir();
	c = report(CHILD_ARGS("-r", INVALID, "-r", in_dir("none"), "-o", kept));
	check_int(c->status, EXIT_RUNTIME, "report: an input that cannot be read is a failure");
	check_str(text_of(kept), "yesterday's", "... and the older report stays");
	check_int(files_in_dir(), before, "... and nothing else is left");
	s.args = CHILD_ARGS("-r", INVALID, "-o", kept);
	check_int(child_run(&s)->status, EXIT_OK, "report replaces an older report");
	check(strstr(text_of(kept), "dnat-invalid") && files_in_dir() == before,
	      "... and leaves nothing else");
	check(!stat(kept, &st) && (st.st_mode & 0777) == 0600, "... with the user's mask");
	c = report(CHILD_ARGS("-r", INVALID, "-o", "/dev/full"));
	check_int(c->status, EXIT_RUNTIME, "report to a full disk is a failure");
	check_has(c->err, "write '/dev/full': -ENOSPC", "... that is reported");
	c = report(CHILD_ARGS("-r", INVALID, "-o", "/no/such/place.txt"));
	check_int(c->status, EXIT_RUNTIME, "report to a place that does not exist is a failure");
	check_has(c->err, "create '/no/such/place.txt': -ENOENT", "... that is reported");
}

/* --- all of them ------------------------------------------------------------------------------------------ */

static void test_usage(void)
{
	static const struct {
		int (*command)(int argc, char **argv);
		const char *args[6];
		const char *says;
	} rows[] = {
		{ cmd_explain, { NULL }, "-r FILE" },
		{ cmd_explain, { "-r", "x", "--fail-on", "nonsense" }, "'nonsense'" },
		{ cmd_explain, { "-r", "x", "-f", "closed-port,,remote" }, "--fail-on" },
		{ cmd_explain, { "--frobnicate" }, "" },
		{ cmd_explain, { "-r" }, "" },
		{ cmd_report, { NULL }, "-r FILE" },
		{ cmd_report, { "-r", "x", "--format", "pdf" }, "not 'pdf'" },
		{ cmd_report, { "-r", "x", "--cause", "remote,x" }, "'x'" },
		{ cmd_report, { "-r", "x", "--since", "yesterday" }, "--since" },
		{ cmd_report, { "-r", "x", "--since", "2026-11-26" }, "not '2026-11-26'" },
		{ cmd_report, { "-r", "x", "--until", "2026-11-26T10:00:00Zz" }, "--until" },
		{ cmd_report, { "-r", "x", "--until", "2026-11-26T10:00:00+x" }, "--until" },
		{ cmd_report, { "--frobnicate" }, "" },
	};
	const char *many[67] = { NULL };
	const struct child *c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		c = child_run(
			&(struct child_setup){ .command = rows[i].command, .args = rows[i].args });
		check_int(c->status, EXIT_USAGE, "%s %s is wrong usage",
			  rows[i].command == cmd_report ? "report" : "explain",
			  rows[i].args[0] ? rows[i].args[0] : "without arguments");
		check_has(c->err, rows[i].says, "... and the message has '%s'", rows[i].says);
		check_str(c->out, "", "... and nothing goes to standard output");
	}
	for (i = 0; i < 65; i++)
		many[i] = "-rx";
	check_int(explain(many)->status, EXIT_USAGE, "explain: 65 files are too many");
	check_int(report(many)->status, EXIT_USAGE, "report: 65 files are too many");
	check_int(explain(CHILD_ARGS("--help"))->status, EXIT_OK, "explain --help succeeds");
	check_int(report(CHILD_ARGS("--help"))->status, EXIT_OK, "report --help succeeds");
}

/* main() of the program that was built with this test. */
static void test_program(const char *program)
{
	static const struct {
		const char *args[4];
		int status;
		const char *out, *err; /* what they hold */
	} rows[] = {
		{ { NULL }, EXIT_USAGE, "", "rstscope COMMAND" },
		{ { "-h" }, EXIT_OK, "rstscope COMMAND", "" },
		{ { "--help" }, EXIT_OK, "  explain ", "" },
		{ { "help" }, EXIT_OK, "  causes ", "" },
		{ { "-V" }, EXIT_OK, "rstscope " RSTSCOPE_VERSION, "" },
		{ { "--version" }, EXIT_OK, "rstscope " RSTSCOPE_VERSION, "" },
		{ { "frobnicate" }, EXIT_USAGE, "", "'frobnicate'" },
		{ { "" }, EXIT_USAGE, "", "''" },
		{ { "causes", "remote", "--format=markdown" }, EXIT_OK, "# remote", "" },
		{ { "explain" }, EXIT_USAGE, "", "rstscope explain --help" },
		{ { "report", "-r", "/no/such" }, EXIT_RUNTIME, "", "-ENOENT" },
	};
	const struct child *c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		c = child_run(&(struct child_setup){ .program = program, .args = rows[i].args });
		check_int(c->status, rows[i].status, "`rstscope %s` ends with status %d",
			  rows[i].args[0] ? rows[i].args[0] : "", rows[i].status);
		check_has(c->out, rows[i].out, "... and prints '%s'", rows[i].out);
		check_has(c->err, rows[i].err, "... and reports '%s'", rows[i].err);
	}
}

int main(int argc, char **argv)
{
	char program[4096], command[128];

	(void)argc;
	if (!mkdtemp(dir))
		return 1;
	snprintf(program, sizeof(program), "%.*s/../rstscope",
		 (int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
	test_explain_forms();
	test_explain_findings();
	test_explain_input();
	test_explain_output();
	test_explain_pipe();
	test_report_formats();
	test_report_title();
	test_report_selection();
	test_report_files();
	test_report_interrupted();
	test_usage();
	test_program(program);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) || test_done();
}
