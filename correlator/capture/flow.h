/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow.h - a conversation of a capture: what its segments have shown of it so far.
 */
#ifndef FLOW_H
#define FLOW_H

#include "capture/dissect.h"

enum seen {
	SEEN_SYN = 0x01,
	SEEN_SYN_ACK = 0x02,
	SEEN_ACK = 0x04,
	SEEN_DATA = 0x08,
	SEEN_FIN = 0x10,
	SEEN_RST = 0x20,
	SEEN_AGAIN = 0x40,
	SEEN_NO_WINDOW = 0x80,
};

/* What one side has sent. */
struct half {
	uint32_t isn;	 /* of its SYN, else of the first that was seen */
	uint32_t next;	 /* after the last that it has sent */
	uint32_t acked;	 /* the highest ACK number that it has sent */
	uint32_t fin_ms; /* since the conversation began */
	uint16_t window;
	uint8_t wscale;
	uint8_t seen;	   /* enum seen; 0 = nothing has come from it */
	uint8_t probes;	   /* keepalive probes since the other side was last heard */
	uint8_t has_acked; /* acked holds */
	uint8_t aborted;   /* by a RST that answers nothing */
	uint8_t pad;
};

#define LETTERS_MAX 17

struct flow {
	uint64_t first_ns;
	uint64_t last_ns;
	uint8_t addr[2][16]; /* [0] sent the first segment */
	uint16_t port[2];
	struct half half[2];
	uint32_t record;  /* number of its newest, its low 32 bits */
	uint32_t pending; /* number of its newest reset that waits, plus 1; 0 = none */
	uint8_t family;	  /* 0 = a free slot, whose `record` is the next free one */
	uint8_t opened;	  /* which side has, or is taken to have */
	uint8_t n_letters;
	char letters[LETTERS_MAX];
};

_Static_assert(sizeof(struct flow) == 128, "two cache lines");

/** seq_is_after() - of sequence numbers, which come round */
static inline bool seq_is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/** flow_is_over() - by a RST, or by the FINs of both sides */
bool flow_is_over(const struct flow *f);

/** flow_see() - note what @side has sent, for the first time by its letter in the history too */
void flow_see(struct flow *f, unsigned int side, enum seen what, char letter);

/** flow_open() - a segment of @side is next: it may open another connection between the same ports */
void flow_open(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns);

/** flow_follow() - any segment of @side but a RST */
void flow_follow(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns);

/** flow_state() - as Zeek's conn_state says it, once @side has sent a RST */
const char *flow_state(const struct flow *f, unsigned int side);

/** flow_in_window() - was @seg, of the other side, within the window that @side had offered? */
enum tristate flow_in_window(const struct flow *f, unsigned int side, const struct packet *seg);

#endif
