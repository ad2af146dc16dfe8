/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared parts of the lab tool that provokes TCP resets on a live kernel. */
#ifndef LAB_H
#define LAB_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

union sa {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct options {
	const char *client_ns; /* NULL: the namespace we were started in */
	const char *server_ns;
	const char *addr; /* where the client connects to */
	uint16_t port;
	uint16_t listen_port; /* differs from port behind a DNAT */
	const char *client_addr;
	uint16_t sport;	      /* 0: any */
	bool mptcp;	      /* both ends */
	unsigned int timeout; /* seconds, for the whole command */
	/* storm */
	unsigned int count;
	unsigned int workers;
	bool one_cpu;
	/* race-close */
	unsigned int delay_us;
	/* sniff */
	const char *ifname;
	const char *ready_file;
};

struct segment {
	union sa src, dst;
	uint32_t seq, ack;
	uint8_t flags;
	uint8_t ttl;
	uint16_t win;
	uint16_t len;
	uint8_t opt[40]; /* TCP options, padded to whole words */
	uint8_t optlen;
};

/* lab.c */
extern const char *lab_doing; /* what to name when the time is up */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *errno_name(int err);
unsigned long number(const char *what, const char *text);

/* lab_net.c */
void enter_ns(const char *name);
socklen_t sa_len(const union sa *a);
uint16_t sa_port(const union sa *a);
void sa_set_port(union sa *a, uint16_t port);
void sa_parse(union sa *a, const char *text, uint16_t port);
const char *sa_ip(const union sa *a);
void say_tuple(const char *what, const union sa *a, const union sa *b);
int tcp_socket(const struct options *o, const char *ns, int family);
int tcp_listen(const struct options *o, int backlog);
void source_for(union sa *src, const struct options *o, const union sa *dst);
void tcp_repair(int fd, int on);
void set_isn(int fd, uint32_t isn);
void read_seq(int fd, uint32_t *snd, uint32_t *rcv);
void send_segment(const char *ns, const struct segment *s);
uint8_t parse_flags(const char *text, size_t len);
const char *flags_text(uint8_t flags);

/* one file a command */
int cmd_play(const struct options *o, int argc, char **argv);
int cmd_storm(const struct options *o);
int cmd_sniff(const struct options *o);
int cmd_race(const struct options *o, bool closing);
int cmd_tcx(int argc, char **argv);
void play_help(void);

#endif
