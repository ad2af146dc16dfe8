// SPDX-License-Identifier: GPL-2.0-only
/*
 * placeholders_segment.c - of the RST, of the segment that triggered it, and of where they were seen.
 */
#include "report/placeholders.h"

#include <inttypes.h>
#include <string.h>

#include "diagnose/facts.h"
#include "report/report_lines.h"

/* If the direction is not known, the first sighting is the one before forwarding. */
static bool is_way_in(const struct reset_case *c, unsigned int i)
{
	const struct sighting *s = &c->seen.sightings[i];

	if (s->hook != HOOK_PCAP)
		return s->hook != HOOK_TC_EGRESS;
	return s->heading == HEADING_UNKNOWN ? i == 0 : s->heading == HEADING_IN;
}

static void print_way(FILE *out, const struct reset_case *c, const struct report_context *ctx,
		      bool in)
{
	unsigned int i;

	for (i = 0; i < c->seen.n_sightings; i++) {
		if (is_way_in(c, i) != in || c->seen.sightings[i].ifindex & PLACE_ELSEWHERE)
			continue;
		print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.sightings[i].ifindex));
		return;
	}
	fputs("an interface that is not watched", out);
}

static void print_ingress(FILE *out, const struct reset_case *c, const struct report_context *ctx)
{
	print_way(out, c, ctx, true);
}

static void print_egress(FILE *out, const struct reset_case *c, const struct report_context *ctx)
{
	print_way(out, c, ctx, false);
}

static const struct packet *segment_packet(const struct reset_case *c)
{
	return c->seen.answer_match == ANSWER_NONE ? NULL : &c->seen.answers;
}

static uint8_t segment_flags(const struct reset_case *c)
{
	const struct packet *p = segment_packet(c);

	return c->seen.kernel->has_segment ? c->seen.kernel->segment_flags : p ? p->flags : 0;
}

PRINTER(rst_if)
{
	print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.rst.ifindex));
}

PRINTER(in_if)
{
	print_ingress(out, c, ctx);
}

PRINTER(out_if)
{
	print_egress(out, c, ctx);
}

PRINTER(rst_src)
{
	print_address(out, c->seen.rst.tuple.saddr, c->seen.rst.tuple.family);
}

PRINTER(rst_dst)
{
	print_address(out, c->seen.rst.tuple.daddr, c->seen.rst.tuple.family);
}

/* The address that it was sent to and, behind NAT, the address that it is meant for. */
PRINTER(rst_for)
{
	const struct tuple *t = &c->seen.rst.tuple;
	const struct tuple *image = tuple_equal(t, &c->asked.ct.orig)  ? &c->asked.ct.reply :
				    tuple_equal(t, &c->asked.ct.reply) ? &c->asked.ct.orig :
									 NULL;

	print_address(out, t->daddr, t->family);
	if (c->asked.ct.has_entry && image && memcmp(t->daddr, image->saddr, 16)) {
		fputs(", which NAT here translates back to ", out);
		print_address(out, image->saddr, image->family);
	}
	fputs(", not a local address", out);
}

PRINTER(seg)
{
	const struct tuple *t = case_segment(c);

	if (t)
		print_tuple(out, t);
	else
		fputs("a segment that was not seen", out);
}

PRINTER(seg_flags)
{
	print_flags(out, segment_flags(c));
}

PRINTER(seg_src)
{
	const struct tuple *t = case_segment(c);

	if (t)
		print_address(out, t->saddr, t->family);
	else
		p_rst_dst(out, c, ctx);
}

PRINTER(seg_dport)
{
	const struct tuple *t = case_segment(c);

	fprintf(out, "%d", t ? t->dport : c->seen.rst.tuple.sport);
}

PRINTER(rst_ttl)
{
	fprintf(out, "%u", c->seen.rst.ttl);
}

PRINTER(peer_ttl)
{
	const struct packet *p = peer_segment(c);

	if (p)
		fprintf(out, "%u", p->ttl);
}

PRINTER(rst_id)
{
	fprintf(out, "%u", c->seen.rst.ipid);
}

PRINTER(peer_id)
{
	const struct packet *p = peer_segment(c);

	if (p)
		fprintf(out, "%u", p->ipid);
}

PRINTER(rst_win)
{
	fprintf(out, "%u", c->seen.rst.window);
}

PRINTER(rst_ack)
{
	fprintf(out, "%" PRIu32, c->seen.rst.ack);
}

PRINTER(answer_delay)
{
	print_duration(out, answer_delay_ns(c));
}

PRINTER(round_trip)
{
	print_duration(out, round_trip_ns(c));
}

PRINTER(silence)
{
	print_duration(out, silence_ns(c));
}

/* Where the segment that triggered the RST came in and went out, as far as that was watched. */
PRINTER(seg_path)
{
	const struct packet *seg = segment_packet(c);
	const char *sep = " (";
	unsigned int i;

	for (i = 0; seg && i < c->asked.n_history; i++) {
		const struct packet *p = &c->asked.history[i];

		if (!tuple_equal(&p->tuple, &seg->tuple) || p->seq != seg->seq ||
		    p->flags != seg->flags || p->len != seg->len)
			continue;
		fprintf(out, "%s%s on ", sep, p->hook == HOOK_TC_EGRESS ? "out" : "in");
		print_escaped(out, ctx->ifname(ctx->ifname_ctx, p->ifindex));
		sep = ", ";
	}
	fputs(*sep == ',' ? ")" : "", out);
}

const struct placeholder placeholders_segment[] = {
	{ "rst.if", p_rst_if, "its interface" },
	{ "in.if", p_in_if, "an interface" },
	{ "out.if", p_out_if, "another" },
	{ "rst.src", p_rst_src, "the RST's sender" },
	{ "rst.dst", p_rst_dst, "the RST's receiver" },
	{ "rst.for", p_rst_for, "an address that is not local" },
	{ "seg", p_seg, "B:PORT → A:PORT" },
	{ "seg.flags", p_seg_flags, "FLAGS" },
	{ "seg.src", p_seg_src, "the segment's sender" },
	{ "seg.dport", p_seg_dport, "PORT" },
	{ "rst.ttl", p_rst_ttl, "N" },
	{ "peer.ttl", p_peer_ttl, "another" },
	{ "rst.id", p_rst_id, "N" },
	{ "peer.id", p_peer_id, "M" },
	{ "rst.win", p_rst_win, "N" },
	{ "rst.ack", p_rst_ack, "M" },
	{ "answer.delay", p_answer_delay, "less time" },
	{ "round.trip", p_round_trip, "longer" },
	{ "silence", p_silence, "a long time" },
	{ "seg.path", p_seg_path, "" },
	{},
};
