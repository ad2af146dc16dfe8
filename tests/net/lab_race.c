// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab race-handshake, race-close: connections whose segments are worked on by two processors
 * at the same time.
 *
 * Nothing is crafted. What comes from the server goes through a netem delay (set up by the
 * script), so it is its timer, on CPU 0, that brings the client its SYN-ACK or FIN; the answering
 * ACK is made and received on CPU 0 too. Meanwhile the client's application, woken up by the same
 * segment, sends the next one on CPU 1. Both sides wait in poll(2): a socket that somebody holds
 * in a system call would have its segments put aside.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

#define MAX_CONNECTIONS 400
#define WAIT_MS 2000

struct race {
	const struct options *o;
	bool closing; /* race-close; else race-handshake */
	atomic_bool over;
	unsigned int n; /* connections that the server has accepted */
	int listener;
	struct pollfd served[MAX_CONNECTIONS + 1]; /* the first is the listener */
	int clients[MAX_CONNECTIONS];
};

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %d: %s", cpu, strerror(errno));
}

static bool wait_event(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, WAIT_MS) > 0;
}

/* --- the server: one byte comes; it answers with another, or closes --- */

static void serve(struct race *r, struct pollfd *p)
{
	char c;

	if (recv(p->fd, &c, 1, 0) == 1 && !r->closing)
		send(p->fd, &c, 1, 0);
	if (r->closing) {
		close(p->fd);
		p->fd = -1;
	}
	p->events = 0; /* it stays open, so that nothing more is sent */
}

static void accept_one(struct race *r)
{
	int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0 && r->n < MAX_CONNECTIONS)
		r->served[++r->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void *server(void *arg)
{
	struct race *r = arg;
	unsigned int i;

	stay_on(0);
	r->served[0] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
	while (!atomic_load(&r->over)) {
		if (poll(r->served, r->n + 1, 50) <= 0)
			continue;
		if (r->served[0].revents)
			accept_one(r);
		for (i = 1; i <= r->n; i++)
			if (r->served[i].revents & POLLIN)
				serve(r, &r->served[i]);
	}
	return NULL;
}

/* --- the client --- */

/* Bound, so that its port is known whatever happens. */
static int client_socket(const struct options *o, union sa *from, union sa *to)
{
	socklen_t len = sizeof(*from);
	int fd;

	sa_parse(to, o->addr, o->port);
	source_for(from, o, to);
	fd = tcp_socket(o, o->client_ns, to->sa.sa_family);
	if (bind(fd, &from->sa, sa_len(from)) || getsockname(fd, &from->sa, &len))
		die("bind the client: %s", strerror(errno));
	return fd;
}

static const char *outcome(int fd)
{
	char c;
	ssize_t n;

	if (!wait_event(fd, POLLIN))
		return "SILENCE";
	n = recv(fd, &c, 1, MSG_DONTWAIT);
	return n < 0 ? errno_name(errno) : n ? "DATA" : "EOF";
}

/* The SYN leaves from CPU 0, so the handshake ends there; the first byte leaves from CPU 1. */
static const char *shake_hands(int fd, const union sa *to)
{
	stay_on(0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, &to->sa, sa_len(to)) && errno != EINPROGRESS)
		return errno_name(errno);
	stay_on(1);
	if (!wait_event(fd, POLLOUT))
		return "SILENCE";
	if (send(fd, "x", 1, 0) != 1)
		return errno_name(errno);
	return outcome(fd);
}

static void pass_us(unsigned int us)
{
	struct timespec t;
	long end;

	clock_gettime(CLOCK_MONOTONIC, &t);
	end = t.tv_sec * 1000000 + t.tv_nsec / 1000 + us;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while (t.tv_sec * 1000000 + t.tv_nsec / 1000 < end);
}

/*
 * The server closes first; the client closes as soon as it knows. A reset of its FIN must have
 * the number after the server's FIN, which is the only thing that the server ever sends.
 */
static const char *close_second(int fd, const struct options *o, const union sa *to,
				uint32_t *ret_fin_ack)
{
	uint32_t snd, rcv;
	const char *got;

	stay_on(1);
	if (connect(fd, &to->sa, sa_len(to)))
		return errno_name(errno);
	read_seq(fd, &snd, &rcv);
	*ret_fin_ack = rcv + 1;
	if (send(fd, "x", 1, 0) != 1)
		return errno_name(errno);
	got = outcome(fd);
	pass_us(o->delay_us);
	close(fd);
	return got;
}

static void play_one(struct race *r, unsigned int i)
{
	union sa from, to;
	int fd = client_socket(r->o, &from, &to);
	uint32_t fin_ack = 0;
	const char *got;

	if (!r->closing) {
		got = shake_hands(fd, &to);
		r->clients[i] = fd;
	} else {
		got = close_second(fd, r->o, &to, &fin_ack);
		r->clients[i] = -1;
	}
	say("conn %s %u %s %u got %s fin-ack %u", sa_ip(&from), sa_port(&from), sa_ip(&to),
	    sa_port(&to), got, fin_ack);
}

/* No FIN and no reset comes from what is still open. A socket that was reset needs nothing. */
static void end_quietly(int fd)
{
	int on = TCP_REPAIR_ON;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
	close(fd);
}

int cmd_race(const struct options *o, bool closing)
{
	static struct race r;
	pthread_t thread;
	unsigned int i;

	if (!o->count || o->count > MAX_CONNECTIONS)
		die("1 to %d connections", MAX_CONNECTIONS);
	r.o = o;
	r.closing = closing;
	r.listener = tcp_listen(o, 128);
	if (pthread_create(&thread, NULL, server, &r))
		die("no thread");
	for (i = 0; i < o->count; i++)
		play_one(&r, i);
	usleep(100000); /* what the last connection still has under way */
	atomic_store(&r.over, true);
	pthread_join(thread, NULL);
	for (i = 0; i < o->count; i++)
		end_quietly(r.clients[i]);
	for (i = 1; i <= r.n; i++)
		end_quietly(r.served[i].fd);
	return 0;
}
