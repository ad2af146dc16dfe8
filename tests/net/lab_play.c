// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab play: run the steps of a scenario one after the other.
 *
 * A step is [WHO:]VERB[=ARGUMENT]. WHO is client, server or listener; client
 * and server mean those of the current pair, which "pair=N" changes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"

#define MAX_PAIRS 64
#define WAIT_MS 5000

struct pair {
	int client, server;
	union sa from, to; /* as the client sees them */
	uint32_t heard;	   /* segments, when "mark" looked */
};

struct play {
	const struct options *o;
	int listener;
	unsigned int now; /* the current pair */
	uint16_t port;	  /* where the next client connects to */
	uint16_t sport;	  /* and from; 0: any */
	uint32_t isn;	  /* of the next client; 0: the kernel's */
	int ttl;	  /* that its socket has; 0: the system's */
	struct pair pairs[MAX_PAIRS];
};

struct step {
	struct play *p;
	struct pair *pair;
	int *fd; /* of WHO; NULL when none was named */
	const char *who;
	const char *arg; /* NULL when there is none */
};

static const char *owner_ns(const struct step *s)
{
	return s->fd == &s->pair->client ? s->p->o->client_ns : s->p->o->server_ns;
}

static unsigned long arg_or(const struct step *s, unsigned long otherwise)
{
	return s->arg ? number("argument", s->arg) : otherwise;
}

static void set(const struct step *s, int level, int name, int value)
{
	if (setsockopt(*s->fd, level, name, &value, sizeof(value)))
		die("setsockopt: %s", strerror(errno));
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* Conditions that no poll(2) reports are looked at again and again. */
static void wait_until(const struct step *s, bool (*met)(const struct step *))
{
	for (int i = 0; i < WAIT_MS / 2; i++) {
		if (met(s))
			return;
		nap();
	}
	die("the condition was not met within %d s", WAIT_MS / 1000);
}

/* --- making connections --- */

static void do_listen(const struct step *s)
{
	s->p->listener = tcp_listen(s->p->o, arg_or(s, 128));
}

static void set_ttl(int fd, int family, int ttl)
{
	int err = family == AF_INET ?
			  setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) :
			  setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));

	if (err)
		die("set the TTL: %s", strerror(errno));
}

/* The next number in the file $LAB_PORTS; 0 when there is no such file. A port that comes back within one script
 * would make two connections one to the checks, which find everything by its tuple. */
static uint16_t next_port(void)
{
	const char *path = getenv("LAB_PORTS");
	char text[16] = "";
	unsigned int port;
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) || read(fd, text, sizeof(text) - 1) < 0)
		die("%s: %s", path, strerror(errno));
	port = number("port", text);
	snprintf(text, sizeof(text), "%u", port < 60999 ? port + 1 : 32768);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	return port;
}

static void bind_client(union sa *from, int fd, uint16_t port)
{
	bool any = !port;

	do {
		sa_set_port(from, any ? next_port() : port);
		if (!bind(fd, &from->sa, sa_len(from)))
			return;
	} while (any && sa_port(from) && errno == EADDRINUSE);
	die("bind the client: %s", strerror(errno));
}

/* Bound before connect(), because a refused connection forgets its port. */
static void prepare_client(const struct step *s)
{
	const struct options *o = s->p->o;
	struct pair *c = s->pair;
	socklen_t len = sizeof(c->from);

	sa_parse(&c->to, o->addr, s->p->port);
	source_for(&c->from, o, &c->to);
	c->client = tcp_socket(o, o->client_ns, c->to.sa.sa_family);
	if (s->p->isn)
		set_isn(c->client, s->p->isn);
	if (s->p->ttl)
		set_ttl(c->client, c->to.sa.sa_family, s->p->ttl);
	bind_client(&c->from, c->client, s->p->sport);
	if (getsockname(c->client, &c->from.sa, &len))
		die("the client's port: %s", strerror(errno));
	say_tuple("tuple", &c->from, &c->to);
}

static void do_connect(const struct step *s)
{
	const char *got = "connected", *want = s->arg ? s->arg : got;

	prepare_client(s);
	if (connect(s->pair->client, &s->pair->to.sa, sa_len(&s->pair->to)))
		got = errno_name(errno);
	say("client %s", got);
	if (strcmp(got, want))
		die("expected %s, got %s", want, got);
}

/* For a handshake that something else is going to disturb. */
static void do_connect_start(const struct step *s)
{
	static const struct timeval tiny = { .tv_usec = 1000 };

	prepare_client(s);
	setsockopt(s->pair->client, SOL_SOCKET, SO_SNDTIMEO, &tiny, sizeof(tiny));
	if (connect(s->pair->client, &s->pair->to.sa, sa_len(&s->pair->to)) && errno != EINPROGRESS)
		die("%s", errno_name(errno));
}

static void do_accept(const struct step *s)
{
	union sa here, peer;
	socklen_t len = sizeof(peer);

	s->pair->server = accept4(s->p->listener, &peer.sa, &len, SOCK_CLOEXEC);
	if (s->pair->server < 0)
		die("%s", strerror(errno));
	len = sizeof(here);
	getsockname(s->pair->server, &here.sa, &len);
	say_tuple("server-tuple", &peer, &here);
}

static void do_open(const struct step *s)
{
	struct step plain = *s;

	plain.arg = NULL;
	if (s->p->listener < 0)
		do_listen(&plain);
	do_connect(&plain);
	do_accept(&plain);
}

static bool backlog_met(const struct step *s)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	getsockopt(s->p->listener, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_unacked >= arg_or(s, 1);
}

static void do_backlog(const struct step *s)
{
	wait_until(s, backlog_met);
}

static void do_pair(const struct step *s)
{
	unsigned long n = arg_or(s, 0);

	if (n >= MAX_PAIRS)
		die("at most %d pairs", MAX_PAIRS);
	s->p->now = n;
}

static void do_port(const struct step *s)
{
	s->p->port = arg_or(s, s->p->o->port);
}

static void do_sport(const struct step *s)
{
	s->p->sport = arg_or(s, 0);
}

static void do_isn(const struct step *s)
{
	s->p->isn = arg_or(s, 0);
}

static void do_ttl(const struct step *s)
{
	s->p->ttl = (int)arg_or(s, 0);
}

/* --- data --- */

static void send_bytes(int fd, size_t n)
{
	static char data[4096];
	ssize_t r;

	for (; n; n -= r) {
		r = send(fd, data, n < sizeof(data) ? n : sizeof(data), 0);
		if (r < 0)
			die("send: %s", errno_name(errno));
	}
}

static void recv_bytes(int fd, size_t n)
{
	char data[4096];
	ssize_t r;

	for (; n; n -= r) {
		r = recv(fd, data, n < sizeof(data) ? n : sizeof(data), 0);
		if (r <= 0)
			die("recv: %s", r ? errno_name(errno) : "end of file");
	}
}

static bool acked(const struct step *s)
{
	int left = 1;

	return !ioctl(*s->fd, SIOCOUTQ, &left) && !left;
}

static void do_send(const struct step *s)
{
	send_bytes(*s->fd, arg_or(s, 1));
}

/* Its reset has come already, and the error with it. */
static int reset_fd = -1;

static void do_poke(const struct step *s)
{
	if (send(*s->fd, "", 1, 0) >= 0)
		return;
	if (errno != ECONNRESET)
		die("send: %s", errno_name(errno));
	reset_fd = *s->fd;
}

static void do_recv(const struct step *s)
{
	recv_bytes(*s->fd, arg_or(s, 1));
}

static void do_acked(const struct step *s)
{
	wait_until(s, acked);
}

/* Data both ways, and nothing left unread or unacknowledged. */
static void do_exchange(const struct step *s)
{
	size_t n = arg_or(s, 10);
	struct step end = *s;

	send_bytes(s->pair->client, n);
	recv_bytes(s->pair->server, n);
	send_bytes(s->pair->server, n);
	recv_bytes(s->pair->client, n);
	end.fd = &s->pair->client;
	wait_until(&end, acked);
	end.fd = &s->pair->server;
	wait_until(&end, acked);
}

/* A delayed ACK goes out now. */
static void do_ack(const struct step *s)
{
	set(s, IPPROTO_TCP, TCP_QUICKACK, 1);
}

static bool has_unread(const struct step *s)
{
	int n = 0;

	return !ioctl(*s->fd, FIONREAD, &n) && n >= (int)arg_or(s, 1);
}

static void do_unread(const struct step *s)
{
	wait_until(s, has_unread);
}

static uint32_t segments_in(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		die("TCP_INFO: %s", strerror(errno));
	return info.tcpi_segs_in;
}

static bool heard_more(const struct step *s)
{
	return segments_in(*s->fd) > s->pair->heard;
}

static void do_mark(const struct step *s)
{
	s->pair->heard = segments_in(*s->fd);
}

/* Whatever the socket was given, be it meant for it or not. */
static void do_hear(const struct step *s)
{
	wait_until(s, heard_more);
}

/* --- socket options --- */

static void do_linger(const struct step *s)
{
	struct linger l = { .l_onoff = 1, .l_linger = arg_or(s, 0) };

	if (setsockopt(*s->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)))
		die("SO_LINGER: %s", strerror(errno));
}

static void do_linger2(const struct step *s)
{
	set(s, IPPROTO_TCP, TCP_LINGER2, s->arg ? atoi(s->arg) : -1);
}

static void do_user_timeout(const struct step *s)
{
	set(s, IPPROTO_TCP, TCP_USER_TIMEOUT, arg_or(s, 1000));
}

static void do_keepalive(const struct step *s)
{
	set(s, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(s, IPPROTO_TCP, TCP_KEEPIDLE, arg_or(s, 1));
	set(s, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set(s, IPPROTO_TCP, TCP_KEEPCNT, 1);
}

/* A socket for whose address and port another one may be named: TPROXY. */
static void do_transparent(const struct step *s)
{
	bool v4 = !strchr(s->p->o->addr, ':');

	set(s, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1);
}

/* --- endings --- */

static void do_close(const struct step *s)
{
	if (close(*s->fd))
		die("%s", strerror(errno));
	*s->fd = -1;
}

static void die_as_told(int signal, int go)
{
	char byte;

	if (read(go, &byte, 1) < 0)
		_exit(127);
	if (signal)
		raise(signal);
	_exit(3);
}

/* A process that alone has the socket ends without closing it: by a signal, or 0: exit(3). */
static void do_die(const struct step *s)
{
	int signal = (int)arg_or(s, SIGKILL), go[2], status;
	pid_t pid;

	if (pipe(go))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		close(go[1]);
		die_as_told(signal, go[0]);
	}
	do_close(s);
	close(go[0]);
	close(go[1]);
	if (waitpid(pid, &status, 0) != pid ||
	    (signal ? WTERMSIG(status) != signal : WEXITSTATUS(status) != 3))
		die("ended otherwise: status %#x", (unsigned int)status);
	printf("process %d\n", pid);
}

/* A socket in repair mode goes away without telling the peer. */
static void do_silent_close(const struct step *s)
{
	tcp_repair(*s->fd, TCP_REPAIR_ON);
	do_close(s);
}

static void do_shutdown(const struct step *s)
{
	int how = SHUT_WR;

	if (s->arg && !strcmp(s->arg, "rd"))
		how = SHUT_RD;
	else if (s->arg && !strcmp(s->arg, "rdwr"))
		how = SHUT_RDWR;
	if (shutdown(*s->fd, how))
		die("%s", strerror(errno));
}

static void do_disconnect(const struct step *s)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (connect(*s->fd, &none, sizeof(none)))
		die("%s", strerror(errno));
}

static const char *tcp_state(int fd)
{
	static const char *const names[] = {
		"?",	     "ESTABLISHED", "SYN_SENT",	    "SYN_RECV",	  "FIN_WAIT1",
		"FIN_WAIT2", "TIME_WAIT",   "CLOSE",	    "CLOSE_WAIT", "LAST_ACK",
		"LISTEN",    "CLOSING",	    "NEW_SYN_RECV",
	};
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ||
	    info.tcpi_state >= ARRAY_SIZE(names))
		return "?";
	return names[info.tcpi_state];
}

static bool state_met(const struct step *s)
{
	return !strcmp(tcp_state(*s->fd), s->arg);
}

static void do_state(const struct step *s)
{
	if (!s->arg)
		say("%s state %s", s->who, tcp_state(*s->fd));
	else
		wait_until(s, state_met);
}

static bool one_of(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (const char *at = list; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (!strncmp(at, name, len) && (!at[len] || at[len] == '|'))
			return true;
	}
	return false;
}

/* What the application experiences next. */
static const char *outcome(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;
	ssize_t r;

	if (fd == reset_fd) {
		reset_fd = -1;
		return "ECONNRESET";
	}
	if (!poll(&p, 1, WAIT_MS))
		return "SILENCE";
	r = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	if (r < 0)
		return errno_name(errno);
	/* A FIN that nobody has read keeps its ACK back. */
	if (!r)
		r = recv(fd, &c, 1, MSG_DONTWAIT);
	return r ? "DATA" : "EOF";
}

static void do_expect(const struct step *s)
{
	const char *got = outcome(*s->fd);

	say("%s %s", s->who, got);
	if (s->arg && !one_of(got, s->arg))
		die("%s: expected %s, got %s", s->who, s->arg, got);
}

/* --- hand-made segments --- */

static uint32_t seq_arg(const char *v, uint32_t base)
{
	if (*v == '+')
		return base + number("sequence number", v + 1);
	if (*v == '-')
		return base - number("sequence number", v + 1);
	return number("sequence number", v);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	if (!at)
		die("not a pair of hex digits");
	return at - digits;
}

static void options_field(struct segment *g, const char *hex)
{
	for (g->optlen = 0; *hex && g->optlen < sizeof(g->opt); hex += 2)
		g->opt[g->optlen++] = hex_digit(hex[0]) << 4 | hex_digit(hex[1]);
	if (*hex || g->optlen % 4)
		die("at most 40 bytes of options, and whole words");
}

static void segment_field(struct segment *g, const char **ns, const char *key, const char *v)
{
	if (!strcmp(key, "seq"))
		g->seq = seq_arg(v, g->seq);
	else if (!strcmp(key, "ack"))
		g->ack = seq_arg(v, g->ack);
	else if (!strcmp(key, "len"))
		g->len = number(key, v);
	else if (!strcmp(key, "ttl"))
		g->ttl = number(key, v);
	else if (!strcmp(key, "win"))
		g->win = number(key, v);
	else if (!strcmp(key, "sport"))
		sa_set_port(&g->src, number(key, v));
	else if (!strcmp(key, "dport"))
		sa_set_port(&g->dst, number(key, v));
	else if (!strcmp(key, "src"))
		sa_parse(&g->src, v, sa_port(&g->src));
	else if (!strcmp(key, "dst"))
		sa_parse(&g->dst, v, sa_port(&g->dst));
	else if (!strcmp(key, "opt"))
		options_field(g, v);
	else if (!strcmp(key, "ns"))
		*ns = v;
	else
		die("unknown segment field '%s'", key);
}

/* FLAGS[,KEY=VALUE]... ; '+' and '-' count from what g holds already. */
static void craft(struct segment *g, const char *ns, const char *text)
{
	char *copy = strdup(text), *save = NULL, *word, *eq;

	if (!copy)
		die("out of memory");
	g->ttl = 64;
	g->win = 500;
	word = strtok_r(copy, ",", &save);
	if (!word)
		die("a segment needs flags");
	g->flags = parse_flags(word, strlen(word));
	while ((word = strtok_r(NULL, ",", &save))) {
		eq = strchr(word, '=');
		if (!eq)
			die("'%s' is not KEY=VALUE", word);
		*eq = '\0';
		segment_field(g, &ns, word, eq + 1);
	}
	send_segment(ns, g);
	free(copy);
}

/* A segment of a live connection, as its owner would number it. */
static void do_segment(const struct step *s)
{
	struct segment g = { 0 };
	socklen_t len = sizeof(g.src), peer_len = sizeof(g.dst);

	if (getsockname(*s->fd, &g.src.sa, &len) || getpeername(*s->fd, &g.dst.sa, &peer_len))
		die("%s", strerror(errno));
	read_seq(*s->fd, &g.seq, &g.ack);
	craft(&g, owner_ns(s), s->arg ? s->arg : "A");
}

/*
 * A segment of no connection. "client:stray" and plain "stray" go from the
 * client's address to --addr and --port, "server:stray" the other way.
 */
static void do_stray(const struct step *s)
{
	const struct options *o = s->p->o;
	struct segment g = { .seq = 1000000, .ack = 2000000 };
	union sa client = s->pair->from, server;
	bool back = s->fd && s->fd == &s->pair->server;

	sa_parse(&server, o->addr, s->p->port);
	if (!client.sa.sa_family) {
		source_for(&client, o, &server);
		sa_set_port(&client, s->p->sport ? s->p->sport : 45678);
	}
	g.src = back ? server : client;
	g.dst = back ? client : server;
	say_tuple("tuple", &client, &server);
	craft(&g, back ? o->server_ns : o->client_ns, s->arg ? s->arg : "A");
}

static void do_seq(const struct step *s)
{
	uint32_t snd, rcv;

	read_seq(*s->fd, &snd, &rcv);
	say("%s snd_nxt %u rcv_nxt %u", s->who, snd, rcv);
}

/* --- the world outside --- */

static void put_env(const char *name, const char *value)
{
	if (setenv(name, value, 1))
		die("out of memory");
}

static void do_run(const struct step *s)
{
	char port[8];

	if (!s->arg)
		die("needs a command");
	if (s->pair->from.sa.sa_family) {
		put_env("LAB_CADDR", sa_ip(&s->pair->from));
		snprintf(port, sizeof(port), "%u", sa_port(&s->pair->from));
		put_env("LAB_CPORT", port);
	}
	fflush(stdout);
	if (system(s->arg))
		die("'%s' failed", s->arg);
}

/* A few microseconds to some seconds of real time, where time is the cause. */
static void do_pass(const struct step *s)
{
	unsigned long ms = arg_or(s, 10);

	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* Keep everything open until standard input ends. */
static void do_hold(const struct step *s)
{
	char c;

	(void)s;
	alarm(0);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	alarm(s->p->o->timeout);
}

/* --- the list of steps --- */

static const struct verb {
	const char *name;
	void (*run)(const struct step *s);
	int needs_who; /* 1: a socket, 0: optional or none */
	const char *help;
} verbs[] = {
	{ "listen", do_listen, 0, "[=BACKLOG]  the server listens" },
	{ "connect", do_connect, 0, "[=ERRNO]  the client connects (and must fail with ERRNO)" },
	{ "connect-start", do_connect_start, 0, "  only send the SYN" },
	{ "accept", do_accept, 0, "  the server accepts" },
	{ "open", do_open, 0, "  listen if nobody does, connect, accept" },
	{ "backlog", do_backlog, 0, "=N  wait until N connections wait for accept" },
	{ "pair", do_pair, 0, "=N  the next steps are about connection N" },
	{ "port", do_port, 0, "=N  the next client connects to this port" },
	{ "sport", do_sport, 0, "=N  the next client connects from this port" },
	{ "isn", do_isn, 0, "=N  the next client's initial sequence number" },
	{ "ttl", do_ttl, 0, "=N  the next client's IP_TTL or IPV6_UNICAST_HOPS" },
	{ "exchange", do_exchange, 0, "[=BYTES]  data both ways, all read and acknowledged" },
	{ "send", do_send, 1, "=BYTES" },
	{ "poke", do_poke, 1, "  send a byte, unless it was reset before" },
	{ "recv", do_recv, 1, "=BYTES" },
	{ "acked", do_acked, 1, "  wait until the peer acknowledged everything" },
	{ "ack", do_ack, 1, "  send a delayed ACK now" },
	{ "unread", do_unread, 1, "=BYTES  wait until so much is waiting unread" },
	{ "mark", do_mark, 1, "  remember how many segments it was given" },
	{ "hear", do_hear, 1, "  wait until it was given more" },
	{ "transparent", do_transparent, 1, "  IP_TRANSPARENT" },
	{ "linger", do_linger, 1, "=SECONDS" },
	{ "linger2", do_linger2, 1, "=SECONDS (-1)" },
	{ "user-timeout", do_user_timeout, 1, "=MS" },
	{ "keepalive", do_keepalive, 1, "=IDLE_SECONDS  one probe" },
	{ "close", do_close, 1, "" },
	{ "die", do_die, 1, "[=SIGNAL]  its process ends by it (9); 0: it exits" },
	{ "silent-close", do_silent_close, 1, "  no FIN, no RST" },
	{ "shutdown", do_shutdown, 1, "[=wr|rd|rdwr]" },
	{ "disconnect", do_disconnect, 1, "  connect(AF_UNSPEC)" },
	{ "state", do_state, 1, "[=STATE]  print it, or wait for it" },
	{ "expect", do_expect, 1,
	  "[=A|B]  what the application gets: DATA, EOF, SILENCE or an errno" },
	{ "seq", do_seq, 1, "  print snd_nxt and rcv_nxt" },
	{ "segment", do_segment, 1,
	  "=FLAGS[,seq=+N][,ack=-N][,len=N][,ttl=N][,win=N][,opt=HEX][,ns=NS]...  raw, numbered as WHO would" },
	{ "stray", do_stray, 0, "=FLAGS[,...]  raw, of no connection" },
	{ "run", do_run, 0, "=COMMAND  in the shell; knows $LAB_CADDR and $LAB_CPORT" },
	{ "pass", do_pass, 0, "=MS  let time pass" },
	{ "hold", do_hold, 0, "  until standard input ends" },
};

void play_help(void)
{
	puts("steps, [WHO:]VERB[=ARG] with WHO client, server or listener:");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %s%s%s\n", verbs[i].needs_who ? "WHO:" : "", verbs[i].name,
		       verbs[i].help);
}

static const struct verb *find_verb(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strlen(verbs[i].name) == len && !strncmp(verbs[i].name, name, len))
			return &verbs[i];
	die("unknown step; see lab play --help");
}

static int *find_who(struct play *p, const char *name, size_t len)
{
	struct pair *pair = &p->pairs[p->now];

	if (len == 6 && !strncmp(name, "client", len))
		return &pair->client;
	if (len == 6 && !strncmp(name, "server", len))
		return &pair->server;
	if (len == 8 && !strncmp(name, "listener", len))
		return &p->listener;
	die("WHO is client, server or listener");
}

static void run_step(struct play *p, char *text)
{
	size_t word = strcspn(text, ":=");
	const char *name = text;
	struct step s = { .p = p, .pair = &p->pairs[p->now], .who = "-" };
	const struct verb *v;

	lab_doing = text;
	if (text[word] == ':') {
		s.fd = find_who(p, text, word);
		s.who = s.fd == &s.pair->client ? "client" :
			s.fd == &s.pair->server ? "server" :
						  "listener";
		name = text + word + 1;
		word = strcspn(name, "=");
	}
	if (name[word] == '=')
		s.arg = name + word + 1;
	v = find_verb(name, word);
	if (v->needs_who && (!s.fd || *s.fd < 0))
		die("this step needs an open client, server or listener");
	v->run(&s);
}

/*
 * What is still open when the scenario is over must not add resets or FINs
 * of its own, which would be taken for the scenario's.
 */
static void end_quietly(struct play *p)
{
	int on = TCP_REPAIR_ON;

	for (int i = 0; i < MAX_PAIRS; i++) {
		int fd[] = { p->pairs[i].client, p->pairs[i].server };

		for (int j = 0; j < 2; j++) {
			if (fd[j] < 0)
				continue;
			setsockopt(fd[j], IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
			close(fd[j]);
		}
	}
}

int cmd_play(const struct options *o, int argc, char **argv)
{
	static struct play p;

	p.o = o;
	p.listener = -1;
	p.port = o->port;
	p.sport = o->sport;
	for (int i = 0; i < MAX_PAIRS; i++)
		p.pairs[i].client = p.pairs[i].server = -1;
	say("pid %d", getpid());
	for (int i = 0; i < argc; i++)
		run_step(&p, argv[i]);
	/* The kernel may still have to answer a crafted segment; the listener must outlive that. */
	usleep(100000);
	end_quietly(&p);
	return 0;
}
