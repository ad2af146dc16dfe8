/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * facts.h - what a case proves, disproves, or leaves open.
 *
 * Three values: in facts_yes, in facts_no, or in neither when nobody could see. A cause names
 * the facts that it needs and those that forbid it; the sentences here are its evidence.
 */
#ifndef FACTS_H
#define FACTS_H

#include "model/case.h"

enum fact {
	/* the wire */
	FACT_SENT_HERE, /* left by an interface of ours and had not come in by one */
	FACT_PASSED_THROUGH,
	FACT_FOR_ANOTHER,  /* came in for an address that is not ours */
	FACT_ARRIVED_HERE, /* came in for an address of ours */
	FACT_SEGMENT_KNOWN,
	FACT_SEGMENT_SYN,     /* SYN without ACK */
	FACT_SEGMENT_HAS_SYN, /* with or without ACK */
	FACT_SEGMENT_DATA,
	FACT_SEGMENT_BARE, /* ACK and nothing else */
	FACT_FLOW_SEEN,	   /* both directions carried traffic before, and nothing had ended it */
	FACT_FOLLOWS,	   /* the connection had been reset already; aftermath.c */
	FACT_FOREIGN_TTL,  /* arrived with another TTL than all that the peer had sent */
	FACT_NEAR_TTL,	   /* with one that differs by a hop or two */
	/* whether the RST is the peer's own work: what speaks for another sender; facts_forged.c */
	FACT_SET_TTL,	 /* the peer's application sets the TTL, which its kernel's resets lack */
	FACT_ODD_FIELDS, /* fields are filled in that kernels leave 0 */
	FACT_NO_TRIGGER, /* nothing is left that it could answer: the peer had acknowledged it */
	FACT_FOREIGN_ID, /* its IP id is not of the peer's sequence */
	FACT_TOO_SOON,	 /* it came sooner than anything can from the peer */
	FACT_OTHER_INTERFACE, /* than all that the peer had sent */
	FACT_SILENT_BEFORE, /* from another hop, to what broke a long silence: no witness, but a hint */
	FACT_FORGED,	    /* the verdict: these agree */
	FACT_DOUBTFUL,	    /* or do not, though some speak for it */
	FACT_MADE_BY_LEAK, /* came for an address that NAT here hides from the sender */
	/* who made it */
	FACT_PASSIVE,
	FACT_ACTIVE,
	FACT_REJECT,
	FACT_NF_DROP,
	FACT_TCP_SILENT, /* TCP reported no reset of its own, and would have */
	/* what its packet buffer tells; facts_maker.c */
	FACT_BY_RAW,	     /* of a raw or packet socket, */
	FACT_BY_ANSWERER,    /* a raw one of protocol TCP, by which TCP reported no answer, */
	FACT_BY_TCP,	     /* of TCP's, */
	FACT_BY_QUEUE,	     /* of a macvtap device's, */
	FACT_WITHOUT_SOCKET, /* or of none */
	FACT_OF_ANOTHER,     /* our TCP reported nothing, nor is the source's address ours */
	FACT_TURNED,	     /* of the socket that it is for */
	FACT_OF_ARRIVAL,     /* it had come in as another packet */
	FACT_HOLDERS,	     /* some process has such a socket */
	FACT_PROGRAM_THERE,  /* BPF programs of others stand where that was */
	FACT_FROM_TAP,
	FACT_FROM_VM,
	/* the socket */
	FACT_NO_SOCKET,
	FACT_LISTENER,
	FACT_SYN_SENT,
	FACT_TIMEWAIT,
	FACT_FIN_WAIT2_MINI,
	FACT_DEAD_SOCKET,  /* a full socket that its application had closed */
	FACT_OTHER_SOCKET, /* the socket has another tuple than the segment */
	FACT_CLASH, /* a socket here took another connection's segment, and its answer did this */
	/* the socket hash table */
	FACT_SOCKET_NOW,     /* the connection has a socket when the RST leaves, or */
	FACT_TIMEWAIT_NOW,   /* its TIME_WAIT remnant */
	FACT_RACE_HANDSHAKE, /* the look-up overlapped an exchange of the socket on another CPU */
	FACT_RACE_TIMEWAIT,
	FACT_LINGER_ZERO,
	FACT_UNREAD,
	FACT_LINGER2_NEGATIVE,
	FACT_USER_TIMEOUT, /* TCP_USER_TIMEOUT is set */
	FACT_IN_FIN_WAIT2, /* and closed by its application */
	/* the way to tcp_send_active_reset() or tcp_v4_send_reset() */
	FACT_IN_CLOSE,
	FACT_IN_DISCONNECT,
	FACT_IN_LISTEN_STOP,
	FACT_IN_ABORT,
	FACT_IN_KEEPALIVE,
	FACT_IN_RETRANSMIT,
	FACT_IN_CHECK_REQ,
	FACT_IN_DO_RCV, /* the socket that the look-up found took the segment itself */
	FACT_IN_MPTCP,
	FACT_IN_RESOURCES, /* tcp_out_of_resources() */
	FACT_IN_EXIT,	   /* the process was exiting: the kernel closed what it had open */
	FACT_SIGNALLED,	   /* because a signal killed it, */
	FACT_CRASHED,	   /* one that a program brings upon itself, */
	FACT_OOM_KILLED,   /* or the OOM killer's */
	FACT_OVER_MEMORY,  /* more pages than tcp_mem allows */
	FACT_REASON_MEMORY,
	FACT_REASON_LINGER,
	FACT_REASON_CLOSE,
	/* conntrack */
	FACT_NOT_TRACKED, /* the segment carried no conntrack entry */
	FACT_REFUSED, /* conntrack reported the segment as INVALID, or we could not have seen it */
	FACT_UNTRANSLATED, /* conntrack maps this tuple, the segment kept it */
	FACT_MAPPING_GONE, /* conntrack had a mapping for this tuple, and dropped it */
	FACT_REMAPPED,	   /* it had mapped the same connection to another backend before */
	/* what a capture alone shows; facts_capture.c */
	FACT_SHAPE_ANSWER,    /* its numbers are those of an answer to the segment */
	FACT_PORT_OPEN,	      /* the RST's source had accepted a connection before */
	FACT_SENDER_FINISHED, /* had sent its FIN, less than a FIN_WAIT2 ago */
	FACT_BAD_SYN_ANSWER, /* the sender had sent a SYN; the segment acknowledges another number */
	FACT_JUST_OPENED,    /* the sender had sent nothing but its SYN ACK */
	FACT_OUT_OF_WINDOW,  /* the segment lay outside of the sender's window */
	FACT_PROBED,	     /* the sender's keepalive probes had stayed unanswered */
	FACT_WENT_ON,	     /* the sender's segments went on after it */
	FACT_UNLABELLED,     /* IPv6, and no flow label: netfilter's resets have none */
	FACT_ABSENT_AT_SENDER, /* a capture nearer to the sender has the segment and not the RST */
	FACT_MADE_ON_PATH,     /* its source's segments come through here, but it began here */
	FACT_RESET_BEFORE,     /* a RST of the sender for this connection had gone before, or */
	FACT_ABORTED_BEFORE,   /* one that it sent on its own */
	FACT_CAPTURE,	       /* no kernel was asked */
	FACT_MAX,
};

_Static_assert(FACT_MAX <= 128, "facts stand in 128-bit masks");

#define FACT(name) ((fact_set)1 << FACT_##name)

/* Part of the evidence whenever they hold, whatever the cause needs. */
#define FACTS_OF_NOTE                                                                      \
	(FACT(IN_EXIT) | FACT(FOLLOWS) | FACT(NEAR_TTL) | FACT(HOLDERS) | FACT(DOUBTFUL) | \
	 FACT(SILENT_BEFORE))

/** fact_in() - is @f in @set? */
static inline bool fact_in(fact_set set, enum fact f)
{
	return set >> f & 1;
}

/** fact_first() - the first one in @set; -1 if there is none */
static inline int fact_first(fact_set set)
{
	uint64_t low = (uint64_t)set, high = (uint64_t)(set >> 64);

	return low ? __builtin_ctzll(low) : high ? 64 + __builtin_ctzll(high) : -1;
}

/** fact_count() - how many are in @set? */
static inline int fact_count(fact_set set)
{
	return __builtin_popcountll((uint64_t)set) + __builtin_popcountll((uint64_t)(set >> 64));
}

struct fact_text {
	const char *yes; /* templates, see template.h */
	const char *no;
	const char *missing; /* what would have told */
};

extern const struct fact_text fact_texts[FACT_MAX];

/**
 * facts_forged_gather() - is the RST its source's own work? After all other facts: it weighs them
 */
void facts_forged_gather(struct reset_case *c);

/** witness_facts() - the facts that speak for a forged RST, and those that speak against it */
void witness_facts(const struct reset_case *c, fact_set *ret_for, fact_set *ret_against);

/** peer_segment() - the newest of the RST's source at the same place; NULL if there is none */
const struct packet *peer_segment(const struct reset_case *c);

/** round_trip_ns() - the shortest that the RST's source took to acknowledge something; 0 = not known */
uint64_t round_trip_ns(const struct reset_case *c);

/** answer_delay_ns() - from the oldest segment that the RST may answer; if there is an exact one */
uint64_t answer_delay_ns(const struct reset_case *c);

/** silence_ns() - of the connection, before the first segment that the RST may answer; 0 = not known */
uint64_t silence_ns(const struct reset_case *c);

/** mapping_is_due() - is NAT due for a segment that still has this tuple? */
bool mapping_is_due(const struct conntrack *ct, const struct tuple *seg);

/**
 * is_made_by_leak() - does @rst answer a segment that @ct should have translated?
 *
 * A RST that arrives for the address behind DNAT, or leaves the network for the masqueraded one, can
 * only answer a segment that had left this gateway without being translated.
 */
bool is_made_by_leak(const struct conntrack *ct, const struct tuple *rst);

/**
 * is_remapped() - had the mapping that was dropped another backend for the client's side of the RST?
 * @ret: if so, the RST's ends at its new backend; may be NULL
 */
bool is_remapped(const struct reset_case *c, struct tuple *ret);

/**
 * race_overlap_ns() - how long the kernel's exchange of the socket (kernel.window) and the
 * look-up, which lies between the segment's arrival and the reset, went on side by side
 */
uint64_t race_overlap_ns(const struct reset_case *c);

/** facts_set() - for those that gather facts */
void facts_set(struct reset_case *c, enum fact f, bool value);

/** facts_capture_gather() - what only a capture's view of the whole conversation tells */
void facts_capture_gather(struct reset_case *c);

/** facts_shape_gather() - what the numbers of a RST tell of who made it, and of the segment it answers */
void facts_shape_gather(struct reset_case *c);

/** facts_nat_gather() - what conntrack tells of the segment and its connection */
void facts_nat_gather(struct reset_case *c);

/** is_made_of_arrival() - did the RST leave in the buffer of a packet that had come in as another? */
bool is_made_of_arrival(const struct reset_case *c);

/** facts_maker_gather() - what the RST's packet buffer tells of who made it */
void facts_maker_gather(struct reset_case *c);

/** facts_gather() - fill facts_yes and facts_no from what the case holds. */
void facts_gather(struct reset_case *c);

#endif
