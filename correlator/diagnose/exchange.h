/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exchange.h - what the packets before a RST tell of its connection: who has sent what, and how
 * much of it was acknowledged.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "model/case.h"

/* The ends of the connection, as seen from the RST. NOBODY: not known. */
enum end { SENDER, RECEIVER, NOBODY };

static inline enum end other_end(enum end e)
{
	return e == SENDER ? RECEIVER : SENDER;
}

/* What one end has sent. */
struct end_view {
	bool heard; /* the rest holds */
	bool syn;
	bool fin;
	bool data;
	bool has_acked;
	uint32_t next;	   /* after the last that it has sent */
	uint32_t acked;	   /* the highest ACK number that it has sent */
	uint32_t last_len; /* bytes of its newest segment with data */
	uint32_t shortest; /* bytes of the shortest one */
};

struct exchange {
	struct end_view end[2];
	enum end opener; /* of the connection */
	bool whole;	 /* its SYN was seen: what is not here was not sent */
	/* The newest run of data in one direction; nothing of it came from the other end since. */
	enum end last_from;
	uint64_t run_ns; /* when it began */
	uint64_t last_data_ns;
	uint64_t data_before_ns; /* when the data before the run ended; 0 = there was none */
	uint32_t run_bytes;
	unsigned int runs;	 /* so far, with this one */
	uint32_t first_runs[2];	 /* bytes of the first two */
	uint64_t fin_ns[2];	 /* when it was first seen; 0 = was not */
	uint64_t fin_idle_ns[2]; /* how long there had been no data before it */
	uint32_t run_ack;	 /* ACK number of the first segment of the run */
	bool reset_before;
	bool lost_before; /* something was under way when that RST came */
	bool data_since;  /* and something was sent after it */
};

/** exchange_read() - follow the packets of @c's history, and the RST's own numbers */
void exchange_read(const struct reset_case *c, struct exchange *ret);

/**
 * exchange_unacked() - bytes of data that @e has sent and the other end has not acknowledged
 *
 * Return: false if the packets do not show it.
 */
bool exchange_unacked(const struct exchange *x, enum end e, uint32_t *ret);

#endif
