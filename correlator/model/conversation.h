/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conversation.h - what a capture tells of a connection, where no kernel was asked.
 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

enum tristate { KNOWN_NOTHING, KNOWN_NO, KNOWN_YES };

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

#endif
