// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_socket_owner.c - whose socket it was, and whose it only seemed to be.
 */
#include <ctype.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/socket_owner.h"
#include "live/cgroup_names.h"
#include "model/stack.h"
#include "scene.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct {
	const char *name;
	const char *path;
	const char *want; /* NULL = none */
} paths[] = {
	{ "docker by systemd", "/system.slice/docker-" ID ".scope", ID },
	{ "docker by cgroupfs", "/docker/" ID, ID },
	{ "docker with a slice below", "/docker/" ID "/system.slice/nginx.service", ID },
	{ "containerd in Kubernetes",
	  "/kubepods.slice/kubepods-burstable.slice/"
	  "kubepods-burstable-pod8f0e6b4a_1111_2222_3333_444455556666.slice/"
	  "cri-containerd-" ID ".scope",
	  ID },
	{ "cri-o in Kubernetes", "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", ID },
	{ "Kubernetes by cgroupfs",
	  "/kubepods/burstable/pod8f0e6b4a-1111-2222-3333-444455556666/" ID, ID },
	{ "podman", "/machine.slice/libpod-" ID ".scope/container", ID },
	{ "podman of a user",
	  "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID },
	{ "a pod's own group is no container",
	  "/kubepods/besteffort/pod8f0e6b4a-1111-2222-3333-444455556666", NULL },
	{ "a service is no container", "/system.slice/nginx.service", NULL },
	{ "the root is no container", "/", NULL },
	{ "nothing is no container", "", NULL },
	{ "63 digits are no id",
	  "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", NULL },
	{ "65 digits are no id", "/docker/" ID "0", NULL },
	{ "capital letters are no id",
	  "/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", NULL },
	{ "an id that is a part of a longer word is none", "/x/" ID "g" ID "0", ID },
	{ "of nested containers the inner one is named (kind, docker in docker)",
	  "/docker/" ID "/kubelet.slice/cri-containerd-" ID2 ".scope", ID2 },
};

static void test_paths(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		char id[65] = "untouched";
		bool found = container_of_cgroup(paths[i].path, id);

		check_str(found ? id : NULL, paths[i].want, "%s", paths[i].name);
		if (!paths[i].want)
			check_str(id, "untouched", "... and the result stays as it was");
	}
}

#define POD "8f0e6b4a-1111-2222-3333-444455556666"

static void test_pods(void)
{
	static const struct {
		const char *path;
		const char *want; /* NULL = none */
	} rows[] = {
		{ "/kubepods.slice/kubepods-burstable.slice/"
		  "kubepods-burstable-pod8f0e6b4a_1111_2222_3333_444455556666.slice/"
		  "cri-containerd-" ID ".scope",
		  POD },
		{ "/kubepods/besteffort/pod" POD, POD },
		{ "/kubepods/pods/pod" POD "/" ID, POD },
		{ "/kubepods/tripod" POD, NULL },
		{ "/kubepods/pod8f0e6b4a-1111-2222-3333-44445555666", NULL },
		{ "/system.slice/podman.service", NULL },
		{ "", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char uid[37] = "untouched";
		bool found = pod_of_cgroup(rows[i].path, uid);

		check_str(found ? uid : NULL, rows[i].want, "the pod of '%s'", rows[i].path);
	}
}

static void test_names(void)
{
	struct rst_cgroup c = { .known = 1, .names = 2, .name = { "inner", "outer" } };
	char path[16] = "untouched";

	check(cgroup_path(&c, path, sizeof(path)), "the names of a cgroup are its path");
	check_str(path, "/outer/inner", "... the innermost last");
	check(!cgroup_path(&c, path, strlen("/outer/inner")), "... if there is room");
	c.known = 0;
	check(!cgroup_path(&c, path, sizeof(path)), "... and all of them are there");
	c = (struct rst_cgroup){ .known = 1, .names = RST_CGROUP_DEPTH + 1 };
	check(!cgroup_path(&c, path, sizeof(path)), "more than there can be are not read");
	c.names = 0;
	check(cgroup_path(&c, path, sizeof(path)), "the root has no name");
	check_str(path, "/", "... and a path");
}

static const struct {
	const char *name;
	const char *stack;
	bool want;
} stacks[] = {
	{ "close() by its own task",
	  "tcp_send_active_reset __tcp_close tcp_close inet_release __sock_release sock_close __fput "
	  "task_work_run syscall_exit_to_user_mode do_syscall_64 entry_SYSCALL_64_after_hwframe",
	  true },
	{ "close() on arm64",
	  "tcp_send_active_reset tcp_disconnect __tcp_close tcp_close inet_release __sock_release "
	  "sock_close __fput __arm64_sys_close invoke_syscall el0_svc_common do_el0_svc el0_svc",
	  true },
	{ "the end of a task",
	  "tcp_send_active_reset __tcp_close tcp_close inet_release sock_close __fput task_work_run "
	  "do_exit do_group_exit get_signal arch_do_signal_or_restart",
	  true },
	{ "connect(AF_UNSPEC) by its own task",
	  "tcp_send_active_reset tcp_disconnect __inet_stream_connect inet_stream_connect "
	  "__sys_connect __x64_sys_connect do_syscall_64",
	  true },
	{ "the last reference dropped by task work of an io_uring worker",
	  "tcp_send_active_reset __tcp_close tcp_close inet_release sock_close __fput task_work_run "
	  "io_wq_worker ret_from_fork",
	  true },
	{ "connect(AF_UNSPEC) by an io_uring worker, a thread of its own process",
	  "tcp_send_active_reset tcp_disconnect __inet_stream_connect inet_stream_connect "
	  "__sys_connect_file io_connect io_issue_sqe io_wq_submit_work io_worker_handle_work "
	  "io_wq_worker ret_from_fork",
	  true },
	{ "a timer on top of a task in a system call",
	  "tcp_send_active_reset tcp_keepalive_timer call_timer_fn __run_timers run_timer_softirq "
	  "handle_softirqs __irq_exit_rcu sysvec_apic_timer_interrupt do_syscall_64",
	  false },
	{ "a timer on an old kernel",
	  "tcp_send_active_reset tcp_keepalive_timer run_timer_softirq __do_softirq irq_exit_rcu "
	  "do_syscall_64",
	  false },
	{ "a timer where the compiler has cloned the functions between",
	  "tcp_send_active_reset tcp_keepalive_timer call_timer_fn.isra.0 run_timer_softirq "
	  "handle_softirqs.isra.0 irq_exit_rcu do_syscall_64",
	  false },
	{ "a segment that came in on top of a task",
	  "tcp_send_active_reset tcp_disconnect inet_child_forget inet_csk_reqsk_queue_add "
	  "tcp_check_req tcp_v4_rcv net_rx_action do_softirq do_syscall_64",
	  false },
	{ "a segment that came in by IPv6",
	  "tcp_send_active_reset tcp_disconnect inet_child_forget tcp_check_req tcp_v6_rcv "
	  "do_syscall_64",
	  false },
	{ "ss -K",
	  "tcp_send_active_reset tcp_abort tcp_diag_destroy sock_diag_destroy do_syscall_64",
	  false },
	{ "ss -K where tcp_diag_destroy was inlined",
	  "tcp_send_active_reset tcp_abort sock_diag_destroy inet_diag_cmd_exact netlink_sendmsg "
	  "do_syscall_64",
	  false },
	{ "bpf_sock_destroy() from an iterator",
	  "tcp_send_active_reset tcp_abort bpf_sock_destroy bpf_iter_run_prog bpf_iter_tcp_seq_show "
	  "bpf_seq_read vfs_read ksys_read do_syscall_64",
	  false },
	{ "a kernel thread that closes for somebody else",
	  "tcp_send_active_reset __tcp_close tcp_close inet_release sock_close __fput delayed_fput "
	  "process_one_work worker_thread kthread ret_from_fork",
	  false },
	{ "a socket of the kernel itself",
	  "tcp_send_active_reset tcp_disconnect __tcp_close tcp_close inet_release __sock_release "
	  "nvme_tcp_free_queue process_one_work worker_thread kthread",
	  false },
	{ "MPTCP's worker",
	  "tcp_send_active_reset mptcp_subflow_reset mptcp_worker process_one_work worker_thread "
	  "kthread",
	  false },
	{ "frames without names", "? ? ?", false },
	{ "a frame without a name before the system call", "tcp_send_active_reset ? do_syscall_64",
	  false },
	{ "no stack", "", false },
};

static void test_stacks(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		struct kernel_event k = { .call = CALL_ACTIVE };

		scene_stack(&k, stacks[i].stack);
		check_int(ran_as_owner(&k), stacks[i].want, "%s: the task that ran is %sthe owner",
			  stacks[i].name, stacks[i].want ? "" : "not ");
	}
}

/* A new case with the account. */
static struct reset_case case_of(const struct kernel_event *k)
{
	struct reset_case c;

	case_init(&c);
	c.seen.kernel = k;
	return c;
}

static void test_task(struct owner_cache *cache)
{
	struct kernel_event k = { .call = CALL_ACTIVE, .tgid = 4242, .comm = "nginx" };
	struct reset_case c = case_of(&k);

	scene_stack(&k, "tcp_send_active_reset tcp_close do_syscall_64");
	owner_find(cache, "", &c);
	check(!c.asked.owner.known, "without a socket there is no owner");
	k.sock.present = true;
	owner_find(cache, "", &c);
	check(!c.asked.owner.known, "a mini-socket has no owner");
	k.sock.full = true;
	owner_find(cache, "", &c);
	check(c.asked.owner.known && c.asked.owner.pid == 4242 &&
		      !strcmp(c.asked.owner.comm, "nginx"),
	      "a task that closes its own socket is its owner");
	c = case_of(&k);
	k.call = CALL_PASSIVE;
	owner_find(cache, "", &c);
	check(!c.asked.owner.known, "a passive reset never blames the task that ran");
	c = case_of(&k);
	k.call = CALL_ACTIVE;
	k.stack_len = 0;
	owner_find(cache, "", &c);
	check(!c.asked.owner.known, "without a stack an orphan has no owner");
}

static void test_unit_names(void)
{
	static const struct {
		const char *path;
		const char *want; /* NULL = none */
	} rows[] = {
		{ "/system.slice/nginx.service", "nginx.service" },
		{ "/system.slice/nginx.service/worker", "nginx.service" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/tool.service",
		  "tool.service" },
		{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope" },
		{ "/system.slice", NULL },
		{ "/system.slice/.service", NULL },
		{ "/", NULL },
		{ "", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char unit[96] = "untouched";
		bool found = unit_of_cgroup(rows[i].path, unit, sizeof(unit));

		check_str(found ? unit : NULL, rows[i].want, "the unit of '%s'", rows[i].path);
	}
}

/* Who closed it is known by what was noted then; who runs now by that number is another. */
static void test_closer(struct owner_cache *cache)
{
	struct kernel_event k = { .call = CALL_PASSIVE, .tgid = 1, .comm = "swapper" };
	struct reset_case c = case_of(&k);

	k.sock = (struct kernel_sock){ .present = true, .state = 6 };
	k.closer.task = (struct task){ .tgid = (uint32_t)getpid(), .tid = 4243 };
	snprintf(k.closer.task.comm, sizeof(k.closer.task.comm), "pool-1");
	snprintf(k.closer.task.process, sizeof(k.closer.task.process), "java");
	owner_find(cache, "", &c);
	check(c.asked.owner.known && c.asked.owner.pid == (uint32_t)getpid(),
	      "the owner of a closed socket is who closed it");
	check_str(c.asked.owner.comm, "java", "... named by its process");
	check_str(c.asked.owner.thread, "pool-1", "... with the thread beside it");
	check_str(c.asked.owner.command, "", "... without the command line of one that came later");
	k.closer.task.tgid = 0;
	c = case_of(&k);
	owner_find(cache, "", &c);
	check(!c.asked.owner.known, "... and nobody, if that was not seen");
}

static void test_killer(struct owner_cache *cache)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct kernel_event k = { .call = CALL_ACTIVE, .tgid = 77, .tid = 77, .comm = "ss" };
	struct reset_case c = case_of(&k);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		test_skip("a killer is not the owner: no socket to be had");
		return;
	}
	k.sock = (struct kernel_sock){ .present = true, .full = true, .ino = st.st_ino };
	scene_stack(&k, "tcp_send_active_reset tcp_abort tcp_diag_destroy inet_diag_cmd_exact "
			"netlink_sendmsg __sys_sendmsg do_syscall_64");
	check_int(stack_killed_by(&k), KILLED_BY_SOCK_DIAG, "ss -K kills over sock_diag");
	owner_find(cache, "", &c);
	killer_find(&c);
	check_int(c.asked.killer.pid, 77, "who killed a socket is the task that ran");
	check_int(c.asked.owner.pid, getpid(), "... and its owner is who had it");
	k.stack_len = 0;
	scene_stack(&k, "tcp_send_active_reset tcp_abort bpf_sock_destroy bpf_iter_run_prog "
			"bpf_iter_tcp_seq_show bpf_seq_read vfs_read ksys_read do_syscall_64");
	check_int(stack_killed_by(&k), KILLED_BY_BPF, "a BPF iterator kills, too");
	k.stack_len = 0;
	scene_stack(&k, "tcp_send_active_reset tcp_close do_syscall_64");
	c = case_of(&k);
	killer_find(&c);
	check(!c.asked.killer.known, "who closes its own socket is no killer");
	k.stack_len = 0;
	scene_stack(&k, "tcp_send_active_reset tcp_keepalive_timer call_timer_fn "
			"run_timer_softirq handle_softirqs tcp_abort do_syscall_64");
	check_int(stack_killed_by(&k), KILLED_NOT,
		  "a timer on top of a task that kills something is not killed by that");
	close(fd);
}

static void test_victim(struct owner_cache *cache)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct kernel_event k = { .call = CALL_RECEIVE, .tgid = 1, .comm = "swapper" };
	struct closer since = { .ts_ns = 5, .task = { .tgid = 4711 } };
	struct reset_case c;
	struct stat st;

	case_init(&c);
	c.seen.receive = &k;
	if (fd < 0 || fstat(fd, &st)) {
		test_skip("a victim is found by its socket: no socket to be had");
		return;
	}
	k.sock = (struct kernel_sock){ .present = true, .full = true, .ino = st.st_ino };
	owner_remember(cache, &k);
	close(fd);
	victim_find(cache, "", NULL, &c);
	check_int(c.asked.victim.pid, getpid(), "the victim is who had the socket at the reset");
	check(strstr(c.asked.victim.command, "test_socket_owner"),
	      "... with its command line, even when it is closed by then");
	check(!c.asked.owner.known, "... and owns no socket that sent a RST");
	snprintf(since.task.process, sizeof(since.task.process), "proxy");
	victim_find(cache, "", &since, &c);
	check_int(c.asked.victim.pid, 4711, "who closed it since has lost it");
	check_str(c.asked.victim.comm, "proxy", "... by the name that it had then");
}

static void test_removed(struct owner_cache *cache)
{
	struct kernel_event k = { .call = CALL_PASSIVE, .tgid = 1, .comm = "swapper" };
	struct reset_case c = case_of(&k);

	k.sock = (struct kernel_sock){ .present = true, .full = true, .cgroup = UINT64_MAX };
	owner_find(cache, "/pods/pod" POD "/" ID, &c);
	check(c.asked.owner.known, "a cgroup that was removed is the owner all the same");
	check_str(c.asked.owner.pod, POD, "... with its pod");
	check_str(c.asked.owner.container, ID, "... and container");
}

static void test_inode(struct owner_cache *cache)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct kernel_event k = { .call = CALL_PASSIVE, .tgid = 1, .comm = "swapper" };
	struct reset_case c = case_of(&k);
	struct owner_cache *fresh;
	char comm[64] = "";
	struct stat st;
	FILE *in;

	if (fd < 0 || fstat(fd, &st)) {
		test_skip("a socket is found by its inode: no socket to be had");
		return;
	}
	k.sock = (struct kernel_sock){ .present = true, .full = true, .ino = st.st_ino };
	owner_find(cache, "", &c);
	check_int(c.asked.owner.pid, getpid(), "a socket is found by its inode, whatever task ran");
	in = fopen("/proc/self/comm", "r");
	if (in && fgets(comm, sizeof(comm), in))
		comm[strcspn(comm, "\n")] = 0;
	if (in)
		fclose(in);
	check_str(c.asked.owner.comm, comm, "... and the owner has its name, without the new line");
	close(fd);
	c = case_of(&k);
	owner_find(cache, "", &c);
	check_int(c.asked.owner.pid, getpid(),
		  "the owner is remembered for a while, as /proc is slow");
	fresh = owner_cache__new();
	c = case_of(&k);
	owner_find(fresh, "", &c);
	check_int(c.asked.owner.pid, 0, "a socket that is closed has no owner any more");
	owner_cache__free(fresh);
}

int main(void)
{
	struct owner_cache *cache = owner_cache__new();

	test_paths();
	test_stacks();
	test_pods();
	test_names();
	test_task(cache);
	test_removed(cache);
	test_inode(cache);
	test_unit_names();
	test_closer(cache);
	test_killer(cache);
	test_victim(cache);
	owner_cache__free(cache);
	owner_cache__free(NULL);
	return test_done();
}
