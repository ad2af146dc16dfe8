// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow.c - a conversation of a capture: what its segments have shown of it so far.
 */
#include "capture/flow.h"

#include <string.h>

bool flow_is_over(const struct flow *f)
{
	return ((f->half[0].seen | f->half[1].seen) & SEEN_RST) ||
	       (f->half[0].seen & f->half[1].seen & SEEN_FIN);
}

static void add_letter(struct flow *f, unsigned int side, char letter)
{
	if (f->n_letters < LETTERS_MAX)
		f->letters[f->n_letters++] =
			side == f->opened && letter != '^' ? (char)(letter - 'a' + 'A') : letter;
}

void flow_see(struct flow *f, unsigned int side, enum seen what, char letter)
{
	if (f->half[side].seen & what)
		return;
	f->half[side].seen |= (uint8_t)what;
	add_letter(f, side, letter);
}

/* A SYN that opens another connection between the same two ports. */
static bool begins_anew(const struct flow *f, unsigned int side, const struct segment *s)
{
	const struct half *h = &f->half[side];

	if ((s->flags & (FLAG_SYN | FLAG_ACK | FLAG_RST)) != FLAG_SYN)
		return false;
	return h->seen && (!(h->seen & SEEN_SYN) || s->seq != h->isn || flow_is_over(f));
}

static void begin_anew(struct flow *f, unsigned int side, uint64_t ts_ns)
{
	memset(f->half, 0, sizeof(f->half));
	f->n_letters = 0;
	f->opened = (uint8_t)side;
	f->first_ns = ts_ns;
	f->pending = 0;
}

/* Who answers a SYN has not opened the connection, though its segment is the first that we see. */
static void guess_opener(struct flow *f, unsigned int side, const struct segment *s)
{
	if (f->half[0].seen || f->half[1].seen)
		return;
	f->opened = (uint8_t)side;
	if ((s->flags & (FLAG_SYN | FLAG_ACK)) == (FLAG_SYN | FLAG_ACK)) {
		f->opened = !side;
		add_letter(f, side, '^');
	}
}

void flow_open(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns)
{
	if (begins_anew(f, side, s))
		begin_anew(f, side, ts_ns);
	guess_opener(f, side, s);
}

static bool is_probe(const struct half *h, const struct segment *s)
{
	return h->seen && !(s->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) && s->len <= 1 &&
	       s->seq == h->next - 1;
}

static void follow_sequence(struct flow *f, unsigned int side, const struct segment *s)
{
	struct half *h = &f->half[side];
	uint32_t end = s->seq + s->len + !!(s->flags & FLAG_SYN) + !!(s->flags & FLAG_FIN);

	if (!h->seen) {
		h->isn = s->seq;
		h->next = end;
		h->wscale = WSCALE_NONE;
	} else if (is_probe(h, s)) {
		h->probes += h->probes < UINT8_MAX;
	} else if (seq_is_after(end, h->next)) {
		h->next = end;
	} else if (end != s->seq) {
		flow_see(f, side, SEEN_AGAIN, 't');
	}
	if (s->flags & FLAG_ACK && (!h->has_acked || seq_is_after(s->ack, h->acked))) {
		h->acked = s->ack;
		h->has_acked = true;
	}
}

static void follow_flags(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns)
{
	if (s->flags & FLAG_SYN)
		flow_see(f, side, s->flags & FLAG_ACK ? SEEN_SYN_ACK : SEEN_SYN,
			 s->flags & FLAG_ACK ? 'h' : 's');
	else if (s->flags & FLAG_ACK && !s->len && !(s->flags & FLAG_FIN))
		flow_see(f, side, SEEN_ACK, 'a');
	if (s->len)
		flow_see(f, side, SEEN_DATA, 'd');
	if (s->flags & FLAG_FIN && !(f->half[side].seen & SEEN_FIN)) {
		flow_see(f, side, SEEN_FIN, 'f');
		f->half[side].fin_ms = (uint32_t)((ts_ns - f->first_ns) / 1000000);
	}
	if (!s->window && s->flags & FLAG_ACK && !(s->flags & FLAG_SYN))
		flow_see(f, side, SEEN_NO_WINDOW, 'w');
}

void flow_follow(struct flow *f, unsigned int side, const struct segment *s, uint64_t ts_ns)
{
	struct half *h = &f->half[side];

	follow_sequence(f, side, s);
	if (s->flags & FLAG_SYN && s->wscale != WSCALE_NONE)
		h->wscale = s->wscale;
	h->window = s->window;
	f->half[!side].probes = 0;
	follow_flags(f, side, s, ts_ns);
}

const char *flow_state(const struct flow *f, unsigned int side)
{
	const struct half *opener = &f->half[f->opened], *other = &f->half[!f->opened];
	bool established = opener->seen & SEEN_SYN && other->seen & SEEN_SYN_ACK;

	if (side == f->opened && established)
		return "RSTO";
	if (side == f->opened)
		return opener->seen & SEEN_SYN ? "RSTOS0" : "OTH";
	if (established)
		return "RSTR";
	if (opener->seen & SEEN_SYN)
		return "REJ";
	return other->seen & SEEN_SYN_ACK ? "RSTRH" : "OTH";
}

enum tristate flow_in_window(const struct flow *f, unsigned int side, const struct packet *seg)
{
	const struct half *h = &f->half[side];
	unsigned int scale = h->wscale;
	uint32_t edge;

	if (!h->has_acked || !(h->seen & (SEEN_SYN | SEEN_SYN_ACK)))
		return KNOWN_NOTHING;
	/* Scaling holds only if both have offered it. */
	if (scale == WSCALE_NONE || f->half[!side].wscale == WSCALE_NONE)
		scale = 0;
	edge = h->acked + ((uint32_t)h->window << scale);
	return seq_is_after(seg->seq + seg->len, edge) ||
			       seq_is_after(h->acked, seg->seq + seg->len) ?
		       KNOWN_NO :
		       KNOWN_YES;
}
