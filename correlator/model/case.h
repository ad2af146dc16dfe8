/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case.h - the values that travel through the correlator: one reset and all we know of it.
 *
 * Nothing here knows where the facts came from: the live sensor and a recording fill the same
 * structures.
 */
#ifndef CASE_H
#define CASE_H

#include "model/conversation.h"
#include "model/impact.h"
#include "model/incident.h"
#include "model/kernel_event.h"
#include "model/packet.h"
#include "model/user_stack.h"

#define CASE_SIGHTINGS_MAX 8
#define CASE_HISTORY_MAX 32
#define CASE_CAUSES_MAX 40

/* FACT() masks, facts.h */
__extension__ typedef unsigned __int128 fact_set;

enum answer_match { ANSWER_NONE, ANSWER_NEWEST, ANSWER_EXACT };

/* Does the network namespace have NAT rules, of iptables or nftables? */
enum nat_rules {
	NAT_RULES_NOT_READ, /* not looked up, or a recording from before they were */
	NAT_RULES_NONE,	    /* nor a conntrack that could apply any */
	NAT_RULES_PRESENT,
	NAT_RULES_UNKNOWN, /* the kernel did not answer */
};

/* The socket that the RST's flow had when the RST left. */
struct socket_now {
	bool asked;
	bool full;     /* neither request nor TIME_WAIT: the numbers hold */
	uint8_t state; /* TCP_*; 0 = none, or only a listener */
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
};

/* Whose the RST's buffer was when it left, or came in: enum rst_maker of rst_event.h. */
enum maker {
	MAKER_NOT_ASKED, /* or recorded before there was such a thing */
	MAKER_NONE,
	MAKER_TCP,
	MAKER_ANSWERER, /* a raw socket of protocol TCP: TCP's own for IPv4, or somebody's */
	MAKER_RAW,
	MAKER_PACKET,
	MAKER_QUEUE, /* of a tun, tap or macvtap device */
	MAKER_OTHER,
	MAKER_CAME_IN, /* by the interface observed.came_by */
	MAKER_TURNED,  /* the socket's that the RST is for */
};

/* Who else could have made the RST: looked up where the kernel's own code did not. */
struct suspects {
	bool asked;
	char processes
		[256];	    /* that have a socket of that kind: "tcpkill (pid 7), ..."; "" = none */
	char programs[256]; /* of BPF, of others, on that hook: "filter 'x' (program 7), ..." */
	bool programs_known; /* "" = there is none */
	char guest[64];	  /* it came in by a tap: who holds that: "qemu (pid 7)"; "" = by no tap */
	bool guest_is_vm; /* which runs a virtual machine of KVM */
};

#define CASE_COMMAND_MAX 200

/* A process, as far as it is known: of a socket that is, the rest is not. */
struct owner {
	bool known;
	uint32_t pid;
	char comm[CASE_NAME_MAX]; /* of the process: of its first thread */
	uint32_t tid;		  /* the thread that acted; 0 = not known */
	char thread[16];	  /* its name */
	char command
		[CASE_COMMAND_MAX]; /* line, with blanks between the arguments, maybe cut; "" = not known */
	char unit[96];		    /* of systemd, from the cgroup; "" = none */
	char cgroup[512];
	char container[65];
	char pod[37]; /* UID of a Kubernetes pod; "" = none */
};

/* The network namespace that made the RST; of one that came from elsewhere, that took it. */
struct case_netns {
	uint32_t ino; /* 0 = not known */
	bool foreign; /* not the one whose interfaces are watched */
	bool leaked; /* to it, by the watched one, which should have translated; asked.ct says so */
	bool unreachable; /* it could not be entered: nothing was asked of it */
	char name[64];	  /* as `ip netns` has it; "" = it has none */
};

enum origin { ORIGIN_UNKNOWN, ORIGIN_LOCAL, ORIGIN_FORWARDED, ORIGIN_REMOTE };
enum reset_type { TYPE_UNKNOWN, TYPE_ACTIVE, TYPE_PASSIVE, TYPE_NETFILTER };
enum confidence { CONF_NONE, CONF_POSSIBLE, CONF_LIKELY, CONF_CERTAIN };

/* What the sensor can see at all; absence is evidence only where these say so. */
enum coverage {
	COVERS_PASSIVE = 0x01, /* every passive reset of TCP is reported */
	COVERS_ACTIVE = 0x02,
	COVERS_RECEIVE = 0x04,
	COVERS_REJECT = 0x08, /* nf_send_reset is probed for both families */
	COVERS_NF_DROP = 0x10,
	COVERS_CLOSE = 0x20,   /* entry of __tcp_close */
	COVERS_INVALID = 0x40, /* conntrack's INVALID reports */
	COVERS_WINDOWS = 0x80, /* exchanges in the socket hash table, begin and end */
	COVERS_CLASH = 0x100,  /* sockets that were given another connection's SYN */
};

struct cause;

struct ruled_out {
	const struct cause *cause;
	int fact; /* the fact that contradicts it */
};

/* Mostly a RST; but a SYN that the wrong socket took stalls a handshake without one. */
enum case_kind { CASE_RESET, CASE_STALL };

/* A NAT mapping that conntrack has dropped. */
struct gone_mapping {
	bool known;
	bool by_request;  /* somebody deleted it; else it timed out or had to make room */
	uint64_t ts_ns;	  /* when, CLOCK_MONOTONIC */
	uint32_t by_port; /* by_request: netlink port of who asked; 0 = not known */
	struct conntrack ct;
};

/*
 * What was observed: by the join of what the kernel reports, or by the flow tracker of a capture.
 *
 * The kernel's accounts are references, never NULL: where there is none it is no_account. Whoever
 * made the case keeps them as long as the case is valid: the join until "completed" returns, the
 * holder of a case that was read (struct stored_case) as long as it lives.
 */
struct observed {
	enum case_kind kind;
	uint64_t first_ts; /* of the first event, CLOCK_MONOTONIC */
	struct packet rst; /* of a stall: the SYN */
	struct sighting sightings[CASE_SIGHTINGS_MAX];
	unsigned int n_sightings;
	enum answer_match answer_match;
	struct packet answers;
	const struct kernel_event *kernel;  /* of who made the RST */
	const struct kernel_event *receive; /* of the socket that took the RST */
	const struct kernel_event
		*clash; /* of a socket here that took what was another connection's */
	struct socket_now now;
	enum maker maker;
	uint32_t came_by;  /* MAKER_CAME_IN */
	bool before_start; /* recorded before anybody watched: without the kernel's account */
	struct conversation conversation;
};

/* Idle connections that the RST's service, here, had closed before: a sample. */
struct own_closes {
	uint32_t seen; /* 0 = nothing was learned, or nothing asked */
	uint32_t same; /* as long after the last data as the RST's own connection */
};

/* What was looked up for it: conntrack, routes, owner, history, and what may be missing. */
struct looked_up {
	struct gone_mapping gone; /* of the segment's tuple */
	struct conntrack ct;	  /* of the kernel view, else as ctnetlink answered */
	bool ct_asked;		  /* ctnetlink gave an answer, also "no entry" */
	bool ct_tracking; /* recordings of old, in place of nat_rules: conntrack has entries */
	enum nat_rules nat_rules;
	int src_local; /* is rst's source an address of ours? 1, 0, -1 = not known */
	int dst_local;
	struct case_netns netns; /* that was asked for all of this */
	struct owner owner;
	struct owner victim; /* who has the socket that took the RST */
	const struct user_stack
		*user_stack; /* of the task that made the RST; NULL = not asked for */
	struct owner killer; /* of somebody else's socket: owner is whose that was */
	struct suspects suspects;
	struct packet history[CASE_HISTORY_MAX]; /* oldest first, without the RST */
	struct after_rst after;
	struct own_closes closes;
	struct packet *kept; /* more of the flow, for a recording; whoever watches frees it */
	unsigned int n_history;
	unsigned int n_kept;
	uint32_t views; /* enum coverage */
	bool hurried; /* too many at once: neither history, owner nor conntrack's entry was looked up */
	uint64_t history_since_ns; /* what came before is overwritten; 0 = nothing was */
	uint64_t lost_events;	   /* while this case was open */
	uint64_t lost_packets;	   /* records overwritten while the history was read */
};

/* What follows from both; written by classify() alone. */
struct diagnosis {
	fact_set facts_yes;
	fact_set facts_no;
	const struct cause *cause;
	enum confidence confidence;
	enum origin origin;
	enum reset_type type;
	enum effect effect;
	struct impact impact;
	const struct cause *candidates[CASE_CAUSES_MAX];
	unsigned int n_candidates;
	struct ruled_out ruled_out[CASE_CAUSES_MAX];
	unsigned int n_ruled_out;
};

struct reset_case {
	struct diagnosis diagnosis;
	struct membership incident; /* written by incidents__add() alone */
	struct observed seen;
	struct looked_up asked;
};

/** is_made_next_door() - by another namespace of this host than the one whose interfaces are watched? */
bool is_made_next_door(const struct reset_case *c);

/** case_init() - a case of which nothing is known yet */
void case_init(struct reset_case *c);

/**
 * case_choose_answer() - the segment of the history that the RST answers
 *
 * The newest whose numbers fit, else the newest at all; an exact match that is there already stays.
 */
void case_choose_answer(struct reset_case *c);

/**
 * after_see() - a packet of the flow after the RST
 * @acked: the highest ACK number that the receiver had sent before; NULL = none was seen
 * @under_way_ns: what it had sent before the RST reached it may be seen so long after it
 */
void after_see(struct after_rst *after, const struct packet *rst, const uint32_t *acked,
	       uint64_t under_way_ns, const struct packet *p);

/** choose_answer() - the same, of a case that is none yet */
void choose_answer(const struct packet *rst, const struct packet *history, unsigned int n_history,
		   struct packet *answers, enum answer_match *match);

#define CASE_IMAGES_MAX 12

/**
 * case_images() - the RST's ends as it was seen, then as they are elsewhere: at its other sightings,
 * at the socket, and on the other side of a translation that conntrack has or had
 *
 * Return: how many there are in @ret, no two of them equal; at least 1.
 */
unsigned int case_images(const struct reset_case *c, struct tuple ret[CASE_IMAGES_MAX]);

/** case_images_now() - the same, without what a mapping that was dropped would have made of it */
unsigned int case_images_now(const struct reset_case *c, struct tuple ret[CASE_IMAGES_MAX]);

/** case_segment() - the segment that was answered as TCP saw it; NULL when nobody knows. */
const struct tuple *case_segment(const struct reset_case *c);

#endif
