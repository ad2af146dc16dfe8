// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_options.c - the command line of `rstscope watch`.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/history_option.h"
#include "base/log.h"
#include "test.h"
#include "cmd/watch_options.h"

#define ARGS_MAX 80

static void parse(struct watch_options *o, const char *const *args)
{
	char *argv[ARGS_MAX] = { (char *)"rstscope watch" };
	int argc = 1;

	while (args[argc - 1]) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	log_threshold = LOG_NOTICE;
	watch_options_parse(o, argc, argv);
}

/* Exit status of a child that parses; 0 when parsing returned. */
static int status_of(const char *const *args)
{
	struct watch_options o;
	int status, fd;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fd = open("/dev/null", O_WRONLY);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		parse(&o, args);
		exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_defaults(void)
{
	struct watch_options o;

	parse(&o, (const char *const[]){ NULL });
	check(o.n_interfaces == 1 && !strcmp(o.interfaces[0], "any"),
	      "the default is all interfaces");
	check(!o.expression && !o.count && !(o.duration > 0) && o.tier == TIER_AUTO &&
		      o.direction == DIRECTION_BOTH && !o.json && !o.xdp && !o.quiet && !o.list,
	      "everything else is off");
}

static void test_values(void)
{
	struct watch_options o;

	parse(&o, ARGS("-i", "eth0", "-i", "eth1", "-c", "5", "--duration", "1.5", "-Q", "in",
		       "--json", "--xdp", "--netns", "web", "--view", "kprobe", "--btf", "/b",
		       "--vmlinux", "/v", "--ready-file", "/r", "-n", "-D"));
	check(o.n_interfaces == 2 && !strcmp(o.interfaces[1], "eth1"), "interfaces add up");
	check_int(o.count, 5, "-c is a count");
	check(o.duration > 1.4 && o.duration < 1.6, "--duration takes parts of a second");
	check_int(o.direction, DIRECTION_IN, "-Q in is in");
	check(o.json && o.xdp && o.list, "switches are on");
	check(!o.attached, "... and those that were not given off");
	check(!strcmp(o.netns, "web") && !strcmp(o.btf_path, "/b") && !strcmp(o.vmlinux, "/v") &&
		      !strcmp(o.ready_file, "/r"),
	      "names are kept");
	check_int(o.tier, TIER_KPROBE, "--view is understood");
	parse(&o, ARGS("--mark", "0x10/0xf0"));
	check(o.mark.value == 0x10 && o.mark.mask == 0xf0 && o.mark.active == 0x10,
	      "one mark is that of all resets");
	parse(&o, ARGS("--mark", "16/0xffffffff:0"));
	check(o.mark.value == 16 && o.mark.mask == UINT32_MAX && !o.mark.active,
	      "--mark takes a value for active resets");
	parse(&o, ARGS("-Q", "out"));
	check_int(o.direction, DIRECTION_OUT, "-Q out is out");
	parse(&o, ARGS("-Q", "inout"));
	check_int(o.direction, DIRECTION_BOTH, "-Q inout is both");
	parse(&o, ARGS("-v"));
	check_int(log_threshold, LOG_DEBUG, "-v says more");
	parse(&o, ARGS("-q"));
	check_int(log_threshold, LOG_WARNING, "-q says less");
	parse(&o, ARGS("-q", "-v"));
	check_int(log_threshold, LOG_DEBUG, "-v goes before -q");
	log_threshold = LOG_NOTICE;
}

static void test_files(void)
{
	struct watch_options o;

	parse(&o,
	      ARGS("-w", "r.pcapng", "-C", "100", "-W", "10", "--pre", "250", "--evidence", "e"));
	check(!strcmp(o.recording, "r.pcapng") && !strcmp(o.evidence_file, "e"),
	      "a recording and evidence have their names");
	check_int(o.recording_bytes, 100000000, "-C counts million bytes");
	check_int(o.recording_files, 10, "-W is a number of files");
	check_int(o.pre_packets, 250, "--pre is a number of packets");
	parse(&o, ARGS("--pre", "7p"));
	check(o.pre_packets == 7 && !o.pre_ns, "--pre 7p says so");
	parse(&o, ARGS("--pre", "2.5s"));
	check(o.pre_ns == 2500000000u && o.pre_packets > 1000, "--pre 2.5s is a time");
	parse(&o, ARGS("--pre", "300ms"));
	check_int(o.pre_ns, 300000000, "--pre 300ms is one too");
	parse(&o, ARGS("--store", "r.db", "--keep", "30d"));
	check(!strcmp(o.store, "r.db") && o.keep_ns == 30 * 86400000000000u && !o.keep_bytes,
	      "--keep 30d is an age");
	parse(&o, ARGS("--store", "r.db", "--keep", "500MB,1.5d"));
	check(o.keep_bytes == 500000000 && o.keep_ns == 129600000000000u,
	      "--keep takes size and age at once");
	parse(&o, ARGS("--store", "r.db", "--keep", "1d", "--keep", "2MB"));
	check(o.keep_bytes == 2000000 && o.keep_ns == 86400000000000u,
	      "... or one after the other");
	parse(&o, ARGS("-w", "-"));
	check_str(o.recording, "-", "-w - is standard output");
}

static void check_history(const char *arg, unsigned int cpus, unsigned int want)
{
	unsigned int slots = 0;
	char why[200] = "";
	int err = history_option_parse(arg, cpus, &slots, why, sizeof(why));

	if (want)
		check(!err && slots == want, "--history %s on %u CPUs is %u records", arg, cpus,
		      want);
	else
		check(err && *why, "--history '%s' on %u CPUs is refused: %s", arg, cpus, why);
}

static void test_history(void)
{
	check_history("8192", 1, 8192);
	check_history("8191", 1, 4096);
	check_history("64", 128, 64);
	check_history("63", 1, 0);
	check_history("8193", 1, 0);
	check_history("1M", 2, 4096);
	check_history("1M", 16, 0);
	check_history("2M", 16, 512);
	check_history("592K", 1, 4096);
	check_history("593K", 1, 8192);
	check_history("1M", 1, 8192);
	check_history("2M", 1, 0);
	check_history("4K", 2, 0);
	check_history("8M", 2, 0);
	check_history("1G", 2, 0);
	check_history("", 2, 0);
	check_history("0", 2, 0);
	check_history("-64", 2, 0);
	check_history("1T", 2, 0);
	check_history("1Mb", 2, 0);
	check_history("4294967296", 2, 0);
	check_history("99999999999999999999G", 2, 0);
	check_int(history_bytes(8192, 2), 1212544, "8192 records for each of 2 CPUs take 1.2 MB");
}

static void test_expression(void)
{
	struct watch_options o;

	parse(&o, ARGS("-i", "eth0", "port", "443"));
	check_str(o.expression, "port 443", "the words of a filter are joined");
	free(o.expression);
	parse(&o, ARGS("port 443 and host 1.2.3.4"));
	check_str(o.expression, "port 443 and host 1.2.3.4", "a filter in one word stays");
	free(o.expression);
	parse(&o, ARGS("port", "443", "--json"));
	check(!strcmp(o.expression, "port 443") && o.json, "options may follow the filter");
	free(o.expression);
	parse(&o, ARGS("--", "-x"));
	check_str(o.expression, "-x", "after -- everything is filter");
	free(o.expression);
	parse(&o, ARGS(""));
	check_str(o.expression, "", "an empty filter is an empty filter");
	free(o.expression);
}

static void test_errors(void)
{
	static const struct {
		const char *name;
		const char *args[4];
		int want;
	} rows[] = {
		{ "an option that does not exist", { "--frobnicate" }, EXIT_USAGE },
		{ "-c without a number", { "-c" }, EXIT_USAGE },
		{ "-c of nothing", { "-c", "" }, EXIT_USAGE },
		{ "-c of a word", { "-c", "five" }, EXIT_USAGE },
		{ "-c of a number and a word", { "-c", "5x" }, EXIT_USAGE },
		{ "-c 0", { "-c", "0" }, EXIT_USAGE },
		{ "-c -1", { "-c", "-1" }, EXIT_USAGE },
		{ "-c of a space and -1", { "-c", " -1" }, EXIT_USAGE },
		{ "-c beyond all numbers", { "-c", "99999999999999999999999" }, EXIT_USAGE },
		{ "--mark without a mask", { "--mark", "1" }, EXIT_USAGE },
		{ "--mark with an empty mask", { "--mark", "0/0" }, EXIT_USAGE },
		{ "--mark beyond its mask", { "--mark", "2/1" }, EXIT_USAGE },
		{ "--mark for active resets beyond its mask", { "--mark", "1/1:2" }, EXIT_USAGE },
		{ "--mark with nothing after the colon", { "--mark", "1/1:" }, EXIT_USAGE },
		{ "--mark with something after it", { "--mark", "1/1 " }, EXIT_USAGE },
		{ "--mark of a negative number", { "--mark", "-1/1" }, EXIT_USAGE },
		{ "--mark of 33 bits", { "--mark", "1/0x100000000" }, EXIT_USAGE },
		{ "--mark of a word", { "--mark", "web/1" }, EXIT_USAGE },
		{ "--duration of a word", { "--duration", "soon" }, EXIT_USAGE },
		{ "--duration 0", { "--duration", "0" }, EXIT_USAGE },
		{ "--duration -1", { "--duration", "-1" }, EXIT_USAGE },
		{ "--duration nan", { "--duration", "nan" }, EXIT_USAGE },
		{ "--duration inf", { "--duration", "inf" }, EXIT_USAGE },
		{ "--duration 1e400", { "--duration", "1e400" }, EXIT_USAGE },
		{ "-Q sideways", { "-Q", "sideways" }, EXIT_USAGE },
		{ "--view of a word that is none", { "--view", "xray" }, EXIT_USAGE },
		{ "--vmlinux without a file", { "--vmlinux" }, EXIT_USAGE },
		{ "-C without -w", { "-C", "1" }, EXIT_USAGE },
		{ "-W without -w", { "-W", "1" }, EXIT_USAGE },
		{ "-W without -C", { "-wr", "-W", "1" }, EXIT_USAGE },
		{ "-C 0", { "-wr", "-C", "0" }, EXIT_USAGE },
		{ "-C of a word", { "-wr", "-C", "big" }, EXIT_USAGE },
		{ "-C -1", { "-wr", "-C", "-1" }, EXIT_USAGE },
		{ "-C beyond all files", { "-wr", "-C", "1000001" }, EXIT_USAGE },
		{ "-W 1x", { "-wr", "-C1", "-W1x" }, EXIT_USAGE },
		{ "-C of standard output", { "-w-", "-C1" }, EXIT_USAGE },
		{ "--json with --brief", { "--json", "--brief" }, EXIT_USAGE },
		{ "--brief with -w -", { "-b", "-w-" }, EXIT_USAGE },
		{ "--pre 0", { "--pre", "0" }, EXIT_USAGE },
		{ "--pre -1", { "--pre", "-1" }, EXIT_USAGE },
		{ "--pre 1.5", { "--pre", "1.5" }, EXIT_USAGE },
		{ "--pre 5min", { "--pre", "5min" }, EXIT_USAGE },
		{ "--pre of more than there are", { "--pre", "20001" }, EXIT_USAGE },
		{ "--pre of nothing", { "--pre", "" }, EXIT_USAGE },
		{ "--attached with --xdp", { "--attached", "--xdp" }, EXIT_USAGE },
		{ "--keep without --store", { "--keep", "1d" }, EXIT_USAGE },
		{ "--keep of a number", { "--store=s", "--keep", "30" }, EXIT_USAGE },
		{ "--keep of a word", { "--store=s", "--keep", "long" }, EXIT_USAGE },
		{ "--keep 0d", { "--store=s", "--keep", "0d" }, EXIT_USAGE },
		{ "--keep 1dd", { "--store=s", "--keep", "1dd" }, EXIT_USAGE },
		{ "--keep 1d,", { "--store=s", "--keep", "1d," }, EXIT_USAGE },
		{ "--keep 1GB", { "--store=s", "--keep", "1GB" }, EXIT_USAGE },
		{ "-w without a file", { "-w" }, EXIT_USAGE },
		{ "--help", { "--help" }, EXIT_OK },
		{ "--usage", { "--usage" }, EXIT_OK },
	};
	const char *many[ARGS_MAX * 2] = { NULL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_int(status_of(rows[i].args), rows[i].want, "%s ends with status %d",
			  rows[i].name, rows[i].want);
	for (i = 0; i < MAX_INTERFACES + 1; i++)
		many[i] = "-ieth0";
	check_int(status_of(many), EXIT_USAGE,
		  "more interfaces than there is room for are refused");
	many[MAX_INTERFACES] = NULL;
	check_int(status_of(many), 0, "as many as there is room for are not");
}

static void test_tiers(void)
{
	static const struct {
		const char *word;
		int want;
		enum tier tier;
	} rows[] = {
		{ "auto", 0, TIER_AUTO },
		{ "none", 0, TIER_NONE },
		{ "fentry", 0, TIER_FENTRY },
		{ "kprobe", 0, TIER_KPROBE },
		{ "tracepoint", 0, TIER_TRACEPOINT },
	};
	static const char *const wrong[] = { "", "Auto", "kprobes", "fentry ", "tp" };
	enum tier tier;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		tier = (enum tier)99;
		check(tier_parse(rows[i].word, &tier) == rows[i].want && tier == rows[i].tier,
		      "view '%s' is understood", rows[i].word);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		tier = (enum tier)99;
		check(tier_parse(wrong[i], &tier) < 0 && tier == (enum tier)99,
		      "view '%s' is refused", wrong[i]);
	}
}

static void test_error_names(void)
{
	check_str(error_name(16), "-EBUSY (Device or resource busy)",
		  "an error has name and words");
	check_str(error_name(-16), "-EBUSY (Device or resource busy)", "... whatever its sign");
	check_str(error_name(99999), "error 99999", "an error without a name is a number");
}

int main(void)
{
	test_defaults();
	test_values();
	test_files();
	test_history();
	test_expression();
	test_errors();
	test_tiers();
	test_error_names();
	return test_done();
}
