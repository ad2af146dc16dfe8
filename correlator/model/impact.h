/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impact.h - what a reset did to its connection, in numbers.
 */
#ifndef IMPACT_H
#define IMPACT_H

#include <stdbool.h>
#include <stdint.h>

/* What became of a RST that arrived for this host. */
enum effect {
	EFFECT_UNKNOWN,	   /* or it is not for this host */
	EFFECT_TAKEN,	   /* TCP ended the connection */
	EFFECT_IGNORED,	   /* TCP dropped it: the connection goes on, or there was none */
	EFFECT_CHALLENGED, /* a challenge ACK was sent (RFC 5961, 3.2), the connection goes on */
};

enum impact_kind {
	IMPACT_UNKNOWN,
	IMPACT_HARMFUL,
	IMPACT_REFUSED,
	IMPACT_NONE,
	IMPACT_PROBE,
	IMPACT_IGNORED,
	N_IMPACTS,
};

/* Why it is what it is; impact_texts.c has the sentences. */
enum impact_reason {
	REASON_NOT_SEEN,     /* no packets of the flow, and no socket */
	REASON_ONE_WAY,	     /* packets of one side only */
	REASON_NO_DATA_SEEN, /* the data before it was not seen: was a request waiting? */
	REASON_LOST,
	REASON_SYN_REFUSED,
	REASON_NOT_SERVED, /* the side that accepted it reset it before any data */
	REASON_FINISHED,
	REASON_IDLE,
	REASON_FAREWELL, /* what was lost is what the sender said after the end */
	REASON_RESET_BEFORE,
	REASON_GIVEN_UP, /* the side that opened it did not wait for a response */
	REASON_NO_DATA,	 /* the side that opened it reset it before any data */
	REASON_GOES_ON,
	REASON_NO_CONNECTION, /* a RST for none */
	N_REASONS,
};

/* A request on a connection that the other side was closing, or had closed, for it was idle. */
enum keepalive_race {
	RACE_NONE,
	RACE_CROSSED,	/* sent before the FIN, or the RST, had come: its sender could not know */
	RACE_AFTER_FIN, /* its sender had acknowledged the FIN */
};

struct impact {
	enum impact_kind kind;
	enum impact_reason reason;
	bool unacked_known;
	uint32_t
		sender_unacked; /* bytes of the RST's sender that the other end has not acknowledged, */
	uint32_t receiver_unacked; /* and of its receiver */
	bool unread_known;
	uint32_t
		unread; /* bytes that the RST's sender had received, and its application had not read */
	bool unanswered_known;
	bool unanswered; /* the side that opened the connection waited for a response */
	bool idle_known;
	enum keepalive_race race;
	uint64_t timer_ns; /* of a race: from the last data to the FIN */
	uint64_t idle_ns;  /* from the last data to what ended the silence: a request, or the RST */
};

/* What the flight recorder, or the rest of a capture, has of the connection after the RST. */
struct after_rst {
	bool looked;
	bool challenged; /* the receiver repeated its last ACK at once */
	bool went_on;	 /* the receiver sent more of the connection */
	bool reopened;	 /* a SYN came: what follows is another connection */
};

#endif
