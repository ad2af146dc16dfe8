/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * case.h - the values that travel through the correlator: one reset and all we know of it.
 *
 * Everything is in host byte order except addresses. Nothing here knows where the facts came
 * from: the live sensor and a recording fill the same structures.
 */
#ifndef CASE_H
#define CASE_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

#define CASE_SIGHTINGS_MAX 8
#define CASE_HISTORY_MAX 32
#define CASE_STACK_MAX 32
#define CASE_CAUSES_MAX 40
#define CASE_NAME_MAX 64

enum tcp_flag {
	FLAG_FIN = 0x01,
	FLAG_SYN = 0x02,
	FLAG_RST = 0x04,
	FLAG_PSH = 0x08,
	FLAG_ACK = 0x10,
};

enum hook { HOOK_XDP, HOOK_TC_INGRESS, HOOK_TC_EGRESS, HOOK_PCAP };

/* Of a captured packet, "ifindex" has the capture above these bits, and its place in them. */
#define CAPTURE_PLACE_BITS 16

/* Of a captured packet, where the capture tells. */
enum heading { HEADING_UNKNOWN, HEADING_IN, HEADING_OUT };

/* Addresses take 16 bytes; IPv4 stands in the last four, the rest is zero. */
struct tuple {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t family; /* AF_INET, AF_INET6, 0 = not known */
};

/* What a capture tells beyond that; no mark: it does not tell. Of SYNs and RSTs only. */
enum packet_mark {
	MARK_MPTCP = 0x01, /* it carries an option of MPTCP, or */
	MARK_NO_MPTCP = 0x02,
	MARK_LABEL = 0x04, /* an IPv6 flow label, or */
	MARK_NO_LABEL = 0x08,
};

struct packet {
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	struct tuple tuple;
	uint32_t seq;
	uint32_t ack;
	uint32_t len; /* payload bytes */
	uint32_t ifindex;
	uint32_t cpu;
	uint16_t window;
	uint16_t ipid;
	uint8_t flags; /* enum tcp_flag */
	uint8_t ttl;
	uint8_t marks; /* enum packet_mark; HOOK_PCAP */
	enum hook hook;
	enum heading heading; /* HOOK_PCAP */
	bool gso;
	bool forwarded; /* seen leaving, after it had come in by an interface */
};

enum answer_match { ANSWER_NONE, ANSWER_NEWEST, ANSWER_EXACT };

/* One RST is often seen on several interfaces; these are the places. */
struct sighting {
	uint64_t ts_ns;
	struct tuple tuple;
	uint32_t ifindex;
	enum hook hook;
	enum heading heading; /* HOOK_PCAP */
	uint8_t ttl;
	bool forwarded;
};

enum tristate { KNOWN_NOTHING, KNOWN_NO, KNOWN_YES };

/* FACT() masks, facts.h */
__extension__ typedef unsigned __int128 fact_set;

/*
 * What a capture tells of the connection, where no kernel was asked: up to the RST, of the side
 * that sent it ("sender") and of the other one.
 */
struct conversation {
	bool known;
	char state[8];	    /* Zeek's conn_state: RSTO, RSTR, REJ, ... */
	char history[24];   /* Zeek's letters, those of the side that opened it in capitals */
	bool whole;	    /* it was seen from its SYN on */
	bool sender_opened; /* the sender had sent the SYN */
	bool sender_finished;
	bool peer_finished;
	bool sender_silent;   /* nothing but its SYN ACK had come from it */
	uint64_t finished_ns; /* when the sender's FIN was seen */
	uint32_t sender_isn;
	bool none_missing; /* the RST's number is the sender's next: the capture has all that it sent */
	enum tristate received;	 /* had the sender received data? By what the RST acknowledges */
	uint32_t probes;	 /* of the sender, since the peer was last heard */
	bool syn_sent;		 /* nothing but SYNs had come from it */
	enum tristate in_window; /* was the segment that is answered within the sender's window? */
	enum tristate port_open; /* had the sender's port accepted a connection in this capture? */
	bool reset_before;	 /* a RST of the sender had gone before, or */
	bool aborted_before;	 /* one that it sent on its own: not as an answer */
	bool went_on;		 /* the sender's segments went on after its RST */
	uint8_t went_on_ttl;
	bool absent_at_sender; /* the RST is not in a capture nearer to the sender: */
	uint32_t nearer_ifindex;
};

enum ct_state { CT_UNKNOWN, CT_NONE, CT_INVALID, CT_NEW, CT_ESTABLISHED, CT_RELATED, CT_UNTRACKED };

/* Does the network namespace have NAT rules, of iptables or nftables? */
enum nat_rules {
	NAT_RULES_NOT_READ, /* not looked up, or a recording from before they were */
	NAT_RULES_NONE,	    /* nor a conntrack that could apply any */
	NAT_RULES_PRESENT,
	NAT_RULES_UNKNOWN, /* the kernel did not answer */
};

/* What conntrack thinks of the segment that was answered. */
struct conntrack {
	enum ct_state state;
	bool has_entry; /* orig, reply, snat, dnat hold */
	bool snat;
	bool dnat;
	struct tuple orig;
	struct tuple reply;
	char why[CASE_NAME_MAX + 32]; /* conntrack's own words; "" = it did not tell */
};

enum kernel_call {
	CALL_NONE,
	CALL_PASSIVE,
	CALL_ACTIVE,
	CALL_RECEIVE,
	CALL_REJECT,
	CALL_NF_DROP,
	CALL_CHALLENGE, /* a challenge ACK for the SYN in kernel_view.segment */
	CALL_TIMEWAIT,	/* a TIME_WAIT socket was given the segment of another connection */
	CALL_WINDOW,	/* the hash window that the account join_id had found open has closed */
};

enum lookup {
	LOOKUP_UNKNOWN,
	LOOKUP_NONE,
	LOOKUP_LISTENER,
	LOOKUP_REQUEST,
	LOOKUP_ESTABLISHED,
	LOOKUP_TIMEWAIT,
	LOOKUP_OTHER,
};

struct kernel_sock {
	struct tuple tuple;  /* source = the local end */
	uint64_t flags;	     /* SOCK_* bits of the kernel */
	uint64_t lingertime; /* jiffies */
	uint64_t ino;
	uint64_t cgroup;
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
	uint32_t unread; /* bytes; valid if unread_known */
	int32_t linger2;
	uint32_t user_timeout; /* ms; 0 = not set */
	uint64_t mem_pages;    /* of TCP on this host; valid if memory_known */
	uint64_t mem_limit;    /* tcp_mem[2] */
	uint32_t wmem_queued;  /* bytes */
	uint8_t state;	       /* TCP_* */
	uint8_t shutdown;
	uint8_t tw_substate;
	bool present;
	bool full; /* neither request nor TIME_WAIT: flags and the rest hold */
	bool unread_known;
	bool memory_known;
};

/* In which one CPU exchanged a connection's socket in the hash table of established sockets. */
enum window_kind { WINDOW_NONE, WINDOW_HANDSHAKE, WINDOW_TIMEWAIT };

struct hash_window {
	enum window_kind kind;
	uint64_t start_ns;
	uint64_t end_ns; /* 0 = still open when last heard of */
	uint32_t cpu;
	uint32_t rcv_nxt; /* of the connection */
	uint32_t snd_nxt;
};

/* The socket that the RST's flow had when the RST left. */
struct socket_now {
	bool asked;
	bool full;     /* neither request nor TIME_WAIT: the numbers hold */
	uint8_t state; /* TCP_*; 0 = none, or only a listener */
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
};

/* One call on the kernel's stack. The names are owned by the symbol table. */
struct frame {
	const char *name;   /* NULL = not known; then only addr holds */
	const char *module; /* "" = the kernel itself; NULL = not known */
	uint64_t addr;	    /* where it goes on, or was probed; 0 = not known, nor is the rest */
	uint32_t offset;    /* of addr in the function */
	uint32_t size;	    /* of the function; 0 = not known */
};

/* The kernel's own account of a reset. */
struct kernel_event {
	uint64_t id;
	uint64_t join_id; /* the wire event that it met on its CPU; 0 = none */
	uint64_t ts_ns;
	enum kernel_call call;
	enum lookup lookup;
	struct kernel_sock sock;
	bool has_segment; /* segment* hold */
	struct tuple segment;
	uint32_t segment_seq;
	uint32_t segment_ack;
	uint32_t segment_len;
	uint8_t segment_flags;
	bool nfct_known;	   /* conntrack's mark on the segment was read */
	uint8_t nfct;		   /* 0 none, 7 untracked, bit 3 set: entry, low bits ctinfo */
	bool invalid_reported;	   /* conntrack's INVALID report for this very segment was seen */
	uint8_t hook;		   /* of a REJECT */
	struct hash_window window; /* of the segment's connection */
	struct packet seen;	   /* CALL_CHALLENGE: the SYN on the wire */
	struct conntrack ct;
	char reason[CASE_NAME_MAX];	    /* without the enum's prefix; "" = none given */
	struct frame stack[CASE_STACK_MAX]; /* innermost first */
	unsigned int stack_len;
	uint32_t cpu;
	uint32_t tgid;	    /* the task that ran: not always the owner */
	uint32_t exit_code; /* as wait(2) has it; valid if exiting */
	bool exiting;	    /* that task */
	bool oom_killed;    /* it was the OOM killer's choice */
	uint64_t task_cgroup;
	char comm[16];
};

struct owner {
	bool known;
	uint32_t pid;
	char comm[CASE_NAME_MAX];
	char cgroup[512];
	char container[65];
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
	bool by_request; /* somebody deleted it; else it timed out or had to make room */
	uint64_t ts_ns;	 /* when, CLOCK_MONOTONIC */
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
	struct conversation conversation;
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
	struct owner owner;
	struct packet history[CASE_HISTORY_MAX]; /* oldest first, without the RST */
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
	const struct cause *candidates[CASE_CAUSES_MAX];
	unsigned int n_candidates;
	struct ruled_out ruled_out[CASE_CAUSES_MAX];
	unsigned int n_ruled_out;
};

struct reset_case {
	struct diagnosis diagnosis;
	struct observed seen;
	struct looked_up asked;
};

/* call == CALL_NONE and nothing else: the kernel gave no account. */
extern const struct kernel_event no_account;

/** case_init() - a case of which nothing is known yet */
void case_init(struct reset_case *c);

/** tuple_reverse() - the same connection seen from its other end. */
struct tuple tuple_reverse(const struct tuple *t);
bool tuple_equal(const struct tuple *a, const struct tuple *b);

/** tuple_same_source() - of a flow whose destination NAT may have changed */
bool tuple_same_source(const struct tuple *a, const struct tuple *b);
bool tuple_same_destination(const struct tuple *a, const struct tuple *b);

/** segment_end() - sequence number after the segment: SYN and FIN take one each. */
uint32_t segment_end(const struct packet *p);

/**
 * reset_answers() - must a reset that answers @segment look like @rst? (RFC 9293, 3.10.7.1)
 *
 * Looks at sequence numbers and flags only, not at the tuple.
 */
bool reset_answers(const struct packet *rst, const struct packet *segment);

/**
 * case_choose_answer() - the segment of the history that the RST answers
 *
 * The newest whose numbers fit, else the newest at all; an exact match that is there already stays.
 */
void case_choose_answer(struct reset_case *c);

/** choose_answer() - the same, of a case that is none yet */
void choose_answer(const struct packet *rst, const struct packet *history, unsigned int n_history,
		   struct packet *answers, enum answer_match *match);

/** case_segment() - the segment that was answered as TCP saw it; NULL when nobody knows. */
const struct tuple *case_segment(const struct reset_case *c);

#endif
