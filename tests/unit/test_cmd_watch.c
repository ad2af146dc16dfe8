// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cmd_watch.c - `rstscope watch` from its arguments to its reports, on a kernel that is only played.
 *
 * libbpf loads the real programs; the test says what the kernel grants, and which events it reports. In a
 * network namespace of the test's own, so that interfaces are what it expects.
 */
#include <jansson.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "child.h"
#include "fake_kernel.h"
#include "namespace.h"
#include "samples.h"

static char dir[] = "/tmp/rstscope-watch.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned int n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static bool lo_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = !ioctl(s, SIOCSIFFLAGS, &request);

	close(s);
	return ok;
}

static const struct child *watch(const char *const *args)
{
	return child_run(&(struct child_setup){ .command = cmd_watch, .args = args });
}

/* --- what happens -------------------------------------------------------------------------------------- */

static struct rst_tuple tuple_on_wire(uint8_t src, uint16_t sport, uint8_t dst, uint16_t dport)
{
	struct rst_tuple t = { .sport = htons(sport), .dport = htons(dport), .family = AF_INET };

	set_host(t.saddr, AF_INET, src);
	set_host(t.daddr, AF_INET, dst);
	return t;
}

static struct rst_pkt packet_on_wire(bool from_peer, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct rst_pkt p = {
		.ts_ns = fake_now(),
		.sport = htons(from_peer ? 40000 : 81),
		.dport = htons(from_peer ? 81 : 40000),
		.seq = htonl(seq),
		.ack = htonl(ack),
		.meta = 1 | (from_peer ? RST_HOOK_TC_INGRESS : RST_HOOK_TC_EGRESS)
				    << RST_META_HOOK_SHIFT,
		.flags = flags,
		.ttl = 64,
	};

	set_host(p.saddr, AF_INET, from_peer ? PEER : LOCAL);
	set_host(p.daddr, AF_INET, from_peer ? LOCAL : PEER);
	return p;
}

/* A SYN for a port where nobody listens: the kernel's account, then the RST on lo. */
static size_t closed_port(unsigned int i, void *to)
{
	struct rst_ev_kernel k = {
		.hdr = { RST_EV_KERNEL, RST_ABI_VERSION, 0, fake_now(), 1, 0 },
		.skb = tuple_on_wire(PEER, 40000, LOCAL, 81),
		.has = RST_HAS_SKB | RST_HAS_NFCT,
		.skb_seq = 100,
		.skb_flags = FLAG_SYN,
		.func = RST_FUNC_PASSIVE,
	};
	struct rst_ev_wire w = {
		.hdr = { RST_EV_WIRE, RST_ABI_VERSION, 0, fake_now(), 2, 1 },
		.rst = packet_on_wire(false, FLAG_RST | FLAG_ACK, 0, 101),
		.answers = packet_on_wire(true, FLAG_SYN, 100, 0),
		.answer = RST_ANSWER_EXACT,
	};

	if (i == 0) {
		memcpy(to, &k, sizeof(k));
		return sizeof(k);
	}
	if (i == 1) {
		memcpy(to, &w, sizeof(w));
		return sizeof(w);
	}
	return 0;
}

/* Bytes that no program of ours sends. */
static size_t rubbish(unsigned int i, void *to)
{
	memset(to, 0xff, 40);
	return i < 3 ? 40 : 0;
}

static int refuse_all_loads(const char *name, uint32_t type, uint32_t attach_type)
{
	(void)name, (void)type, (void)attach_type;
	return EPERM;
}

static int refuse_all_links(const char *prog, uint32_t attach_type)
{
	(void)prog, (void)attach_type;
	return EINVAL;
}

/* --- reports ------------------------------------------------------------------------------------------- */

static void test_report(void)
{
	const struct child *c;
	json_t *o;

	fake_kernel.event = closed_port;
	c = watch(CHILD_ARGS("-i", "lo", "-c", "1", "--duration", "60"));
	check_int(c->status, EXIT_OK, "watch -c 1 ends with the first reset");
	check_has(c->out, " 192.0.2.1:81 → 192.0.2.2:40000\n", "... and reports it");
	check_has(c->out, "closed-port", "... with its cause");
	check_has(c->err, "lo", "... and the plan names the interface");
	c = watch(CHILD_ARGS("-i", "any", "-c", "1", "--duration", "60", "--json", "-q"));
	o = json_loads(c->out, 0, NULL);
	check_str(json_string_value(json_object_get(o, "cause")), "closed-port",
		  "watch --json reports it as an object");
	json_decref(o);
	check_lacks(c->err, "reset", "watch -q prints neither plan nor summary");
}

static void test_filters(void)
{
	fake_kernel.event = closed_port;
	check_has(watch(CHILD_ARGS("-ilo", "-c1", "--duration", "60", "port", "81"))->out,
		  "closed-port", "a filter passes what it describes");
	check_str(watch(CHILD_ARGS("-ilo", "-q", "--duration", "0.6", "port", "82"))->out, "",
		  "... and nothing else");
	check_str(watch(CHILD_ARGS("-ilo", "-q", "--duration", "0.6", "-Q", "in"))->out, "",
		  "-Q in leaves out what goes out");
	check_int(watch(CHILD_ARGS("-ilo", "port", "x"))->status, EXIT_USAGE,
		  "a filter that is none is wrong usage");
}

static void test_files(void)
{
	const struct child *c;

	fake_kernel.event = closed_port;
	c = watch(CHILD_ARGS("-ilo", "-c1", "--duration", "60", "-w", in_dir("r.pcapng"), "--store",
			     in_dir("r.db"), "--evidence", in_dir("r.ndjson")));
	check_int(c->status, EXIT_OK, "watch records, stores and keeps evidence at once");
	c = child_run(&(struct child_setup){ .command = cmd_explain,
					     .args = CHILD_ARGS("-q", "-r", in_dir("r.pcapng")) });
	check_str(c->out, "1 reset, 1 closed-port\nimpact: 1 refused\n",
		  "the recording has the reset");
	c = child_run(&(struct child_setup){ .command = cmd_explain,
					     .args = CHILD_ARGS("-q", "-r", in_dir("r.db")) });
	check_str(c->out, "1 reset, 1 closed-port\nimpact: 1 refused\n",
		  "... and so has the store");
	c = child_run(&(struct child_setup){ .command = cmd_explain,
					     .args = CHILD_ARGS("-q", "-r", in_dir("r.ndjson")) });
	check_str(c->out, "1 reset, 1 closed-port\nimpact: 1 refused\n", "... and the evidence");
	c = watch(CHILD_ARGS("-ilo", "-c1", "--duration", "60", "-w", "-"));
	check(c->status == EXIT_OK && !memcmp(c->out, "\x0a\x0d\x0d\x0a", 4),
	      "watch -w - writes the recording to standard output");
	c = watch(CHILD_ARGS("-ilo", "-c1", "--duration", "60", "--brief"));
	check(c->status == EXIT_OK && strchr(c->out, '\n') == c->out + strlen(c->out) - 1,
	      "watch --brief writes one line");
	check_has(c->out, " closed-port (", "... with the cause");
}

static void test_output_errors(void)
{
	static const char *const options[] = { "-w", "--store", "--evidence" };
	struct child_setup s = { .command = cmd_watch, .output = "/dev/full" };
	size_t i;

	fake_kernel.event = closed_port;
	for (i = 0; i < ARRAY_SIZE(options); i++)
		check_int(watch(CHILD_ARGS("-ilo", "-c1", "--duration", "60", options[i],
					   "/no/such/place"))
				  ->status,
			  EXIT_RUNTIME, "%s to a place that does not exist is a failure",
			  options[i]);
	s.args = CHILD_ARGS("-ilo", "-c1", "--duration", "60");
	check_int(child_run(&s)->status, EXIT_RUNTIME, "reports to a full disk are a failure");
	fake_kernel.event = NULL;
	check_int(watch(CHILD_ARGS("-ilo", "--duration", "60", "--ready-file", "/no/such/place"))
			  ->status,
		  EXIT_RUNTIME, "--ready-file in a place that does not exist is a failure");
}

/* --- what the kernel grants ---------------------------------------------------------------------------- */

static void test_views(void)
{
	static const char *const views[] = { "auto", "fentry", "kprobe", "tracepoint", "none" };
	const struct child *c;
	size_t i;

	fake_kernel.event = NULL;
	for (i = 0; i < ARRAY_SIZE(views); i++) {
		c = watch(CHILD_ARGS("-ilo", "--duration", "0.01", "-v", "--view", views[i]));
		check_int(c->status, EXIT_OK, "watch --view %s runs, and ends in time", views[i]);
		check_str(c->out, "", "... without a report of nothing");
	}
}

static void test_refusals(void)
{
	const struct child *c;

	fake_kernel.event = NULL;
	fake_kernel.refuse_load = refuse_all_loads;
	c = watch(CHILD_ARGS("-ilo", "--duration", "60"));
	check_int(c->status, EXIT_RUNTIME, "a kernel that loads nothing is a failure");
	check_has(c->err, "-EPERM", "... and the reason is reported");
	fake_kernel.refuse_load = NULL;
	fake_kernel.refuse_link = refuse_all_links;
	c = watch(CHILD_ARGS("-ilo", "--duration", "60"));
	check_int(c->status, EXIT_RUNTIME, "a kernel that attaches nothing is a failure");
	check_has(c->err, "'lo'", "... and the interface is named");
	c = watch(CHILD_ARGS("-iany", "--duration", "0.01"));
	check_int(c->status, EXIT_OK, "... unless any interface will do");
	fake_kernel.refuse_link = NULL;
	c = watch(CHILD_ARGS("-ieth99", "--duration", "60"));
	check_int(c->status, EXIT_RUNTIME, "an interface that does not exist is a failure");
	check_has(c->err, "'eth99'", "... and is named");
}

static void test_rubbish(void)
{
	const struct child *c;

	fake_kernel.event = rubbish;
	c = watch(CHILD_ARGS("-ilo", "--duration", "0.3"));
	check_int(c->status, EXIT_OK, "events that cannot be decoded are no failure");
	check_has(c->err, "3", "... and are counted");
}

static void test_other_things(void)
{
	const struct child *c;

	fake_kernel.event = NULL;
	c = watch(CHILD_ARGS("-D"));
	check_int(c->status, EXIT_OK, "watch -D succeeds");
	check_has(c->out, "lo", "... and lists the interfaces");
	check_int(watch(CHILD_ARGS("--netns", "/no/such"))->status, EXIT_RUNTIME,
		  "a namespace that does not exist is a failure");
	check_int(watch(CHILD_ARGS("-ilo", "--btf", "/dev/null"))->status, EXIT_RUNTIME,
		  "so is BTF that is none");
}

static void send_term_to_parent(void)
{
	pid_t watcher = getpid();

	if (!fork()) {
		/* It is ready when it says so. */
		while (access(in_dir("up"), F_OK) && getppid() == watcher)
			usleep(1000);
		kill(watcher, SIGTERM);
		_exit(0);
	}
}

static void test_signal(void)
{
	struct child_setup s = { .command = cmd_watch, .before = send_term_to_parent };

	fake_kernel.event = NULL;
	s.args = CHILD_ARGS("-ilo", "--ready-file", in_dir("up"), "--duration", "60");
	check_int(child_run(&s)->status, EXIT_OK, "SIGTERM ends it as it should");
}

int main(void)
{
	char command[128];

	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		test_skip("watch: this kernel has no BTF");
		return test_done();
	}
	if (!mkdtemp(dir) || !namespace_enter(CLONE_NEWNET | CLONE_NEWNS))
		return test_done();
	/* To a kernel that is only played nothing is attached: notes of sensors would be deleted. */
	if (!check(namespace_own_run(), "there is a /run of the test's own"))
		return test_done();
	check(lo_up(), "there is lo, and it is up");
	test_report();
	test_filters();
	test_files();
	test_output_errors();
	test_views();
	test_refusals();
	test_rubbish();
	test_other_things();
	test_signal();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) || test_done();
}
