// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab storm: many short connections that all end well, in every closing
 * order. None of them may cause a reset.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

#define MESSAGE 64
#define PORTS 16 /* of each worker, with --sport */

enum order {
	CLIENT_FIRST, /* the server sees the end and closes */
	SERVER_FIRST,
	BOTH_AT_ONCE,	    /* FINs may cross */
	HALF_CLOSED_CLIENT, /* the answer comes after the client's FIN */
	HALF_CLOSED_SERVER,
	NO_DATA,
	N_ORDERS
};

struct tally {
	atomic_uint served;
	atomic_uint errors;
};

static bool put_all(int fd, const void *data, size_t n)
{
	return send(fd, data, n, 0) == (ssize_t)n;
}

static bool get_all(int fd, void *data, size_t n)
{
	return recv(fd, data, n, MSG_WAITALL) == (ssize_t)n;
}

static bool at_end(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

static bool serve(int fd)
{
	char m[MESSAGE];
	ssize_t r = recv(fd, m, 1, 0);

	if (r == 0) /* NO_DATA */
		return true;
	if (r < 0 || !get_all(fd, m + 1, sizeof(m) - 1))
		return false;
	switch (m[0]) {
	case SERVER_FIRST:
	case BOTH_AT_ONCE:
		return put_all(fd, m, sizeof(m));
	case HALF_CLOSED_CLIENT:
		return at_end(fd) && put_all(fd, m, sizeof(m));
	case HALF_CLOSED_SERVER:
		return put_all(fd, m, sizeof(m)) && !shutdown(fd, SHUT_WR) && at_end(fd);
	default:
		return put_all(fd, m, sizeof(m)) && at_end(fd);
	}
}

static bool talk(int fd, enum order order)
{
	char m[MESSAGE] = { order };

	if (order == NO_DATA)
		return true;
	if (!put_all(fd, m, sizeof(m)))
		return false;
	if (order == HALF_CLOSED_CLIENT && shutdown(fd, SHUT_WR))
		return false;
	if (!get_all(fd, m, sizeof(m)))
		return false;
	if (order == CLIENT_FIRST || order == BOTH_AT_ONCE)
		return true;
	return at_end(fd);
}

static void server_worker(int listener, struct tally *t)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (fd < 0)
			die("accept: %s", strerror(errno));
		if (!serve(fd))
			atomic_fetch_add(&t->errors, 1);
		close(fd);
		atomic_fetch_add(&t->served, 1);
	}
}

/* Where ports are used again, the server must be the one that keeps the TIME_WAIT socket. */
static enum order order_of(const struct options *o, unsigned int i)
{
	if (o->sport)
		return i / o->workers % 2 ? SERVER_FIRST : HALF_CLOSED_SERVER;
	return i % N_ORDERS;
}

/* With --sport each worker takes its few ports in turn, so that each SYN meets a TIME_WAIT. */
static bool bind_port(const struct options *o, int fd, sa_family_t family, unsigned int i)
{
	union sa from = { .sa.sa_family = family };

	if (!o->sport)
		return true;
	sa_set_port(&from, o->sport + i % (o->workers * PORTS));
	return !bind(fd, &from.sa, sa_len(&from));
}

/* The last use of the port may not be over: its FIN is not acknowledged yet. */
static int connect_again(const struct options *o, const union sa *to, unsigned int i)
{
	for (int try = 0; try < 1000; try++) {
		int fd = tcp_socket(o, o->client_ns, to->sa.sa_family);

		if (bind_port(o, fd, to->sa.sa_family, i) && !connect(fd, &to->sa, sa_len(to)))
			return fd;
		close(fd);
		if (errno != EADDRNOTAVAIL && errno != EADDRINUSE)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return -1;
}

static void client_worker(const struct options *o, unsigned int first, struct tally *t)
{
	union sa to;

	sa_parse(&to, o->addr, o->port);
	for (unsigned int i = first; i < o->count; i += o->workers) {
		int fd = connect_again(o, &to, i);

		if (fd < 0 || !talk(fd, order_of(o, i))) {
			fprintf(stderr, "storm: connection %u order %u: %s\n", i, order_of(o, i),
				strerror(errno));
			atomic_fetch_add(&t->errors, 1);
		}
		close(fd);
	}
	_exit(0);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_clients(const pid_t *clients, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		waitpid(clients[i], NULL, 0);
}

/* A server killed with unread data would reset: let every one finish. */
static void wait_served(const struct tally *t, unsigned int count)
{
	for (int i = 0; i < 2500 && atomic_load(&t->served) < count; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/*
 * On several CPUs an ACK may be overtaken by the end of its connection and
 * then meet only the listener, which resets: rare, harmless, but real. On one
 * CPU packets keep their order.
 */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity: %s", strerror(errno));
}

int cmd_storm(const struct options *o)
{
	pid_t servers[64], clients[64];
	int listener = tcp_listen(o, 1024);
	long start = now_ms();
	struct tally *t;

	if (!o->workers || o->workers > ARRAY_SIZE(servers))
		die("1 to %zu workers", ARRAY_SIZE(servers));
	if (o->one_cpu)
		stay_here();
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (unsigned int i = 0; i < o->workers; i++) {
		servers[i] = fork();
		if (!servers[i])
			server_worker(listener, t);
		clients[i] = fork();
		if (!clients[i])
			client_worker(o, i, t);
		if (servers[i] < 0 || clients[i] < 0)
			die("fork: %s", strerror(errno));
	}
	wait_clients(clients, o->workers);
	wait_served(t, o->count);
	for (unsigned int i = 0; i < o->workers; i++)
		kill(servers[i], SIGKILL);
	wait_clients(servers, o->workers);
	say("storm connections %u errors %u ms %ld", atomic_load(&t->served),
	    atomic_load(&t->errors), now_ms() - start);
	return atomic_load(&t->errors) || atomic_load(&t->served) != o->count;
}
