// SPDX-License-Identifier: GPL-2.0-only
/*
 * placeholders_connection.c - of the connection before the RST, and of what the RST did to it.
 */
#include "report/placeholders.h"

#include <inttypes.h>

#include "base/escape.h"
#include "diagnose/aftermath.h"
#include "diagnose/facts.h"
#include "diagnose/timeouts.h"
#include "report/report_lines.h"

PRINTER(flow_none)
{
	fputs(first_reset(c) || c->seen.conversation.reset_before ?
		      "the connection had already been reset" :
	      is_finished(c) ? "both ends had already closed the connection" :
			       "no live connection with these addresses and ports was seen before",
	      out);
}

PRINTER(first_ago)
{
	const struct packet *first = first_reset(c);

	if (first)
		print_duration(out, c->seen.rst.ts_ns - first->ts_ns);
}

PRINTER(first_src)
{
	const struct packet *first = first_reset(c);

	if (first)
		print_address(out, first->tuple.saddr, first->tuple.family);
}

PRINTER(first_time)
{
	const struct packet *first = first_reset(c);
	char ts[40];

	if (!first)
		return;
	format_time(ts, sizeof(ts), first->ts_ns, ctx);
	fputs(ts, out);
}

PRINTER(incident_time)
{
	static const struct report_context wall;
	char ts[40];

	format_time(ts, sizeof(ts), c->incident.first_ns, &wall);
	fputs(ts, out);
}

/* --- the other connection of a proxy --- */

PRINTER(other_src)
{
	const struct tuple *t = &c->incident.other;

	print_endpoint(out, t->saddr, t->sport, t->family);
}

PRINTER(other_ago)
{
	print_duration(out, c->seen.rst.ts_ns - c->incident.other_ns);
}

PRINTER(owner_name)
{
	escape_print(out, c->asked.owner.comm, false);
	fprintf(out, "[%" PRIu32 "]", c->asked.owner.pid);
}

PRINTER(fin_ago)
{
	uint64_t fin = c->seen.conversation.finished_ns;

	print_duration(out, c->seen.rst.ts_ns > fin ? c->seen.rst.ts_ns - fin : 0);
}

PRINTER(seg_ack)
{
	fprintf(out, "%" PRIu32, c->seen.answers.ack);
}

PRINTER(syn_ack)
{
	fprintf(out, "%" PRIu32, c->seen.conversation.sender_isn + 1);
}

PRINTER(probes)
{
	fprintf(out, "%" PRIu32, c->seen.conversation.probes);
}

PRINTER(went_ttl)
{
	fprintf(out, "%u", c->seen.conversation.went_on_ttl);
}

PRINTER(absent)
{
	print_escaped(out, ctx->ifname(ctx->ifname_ctx, c->seen.conversation.nearer_ifindex));
	fputs(" is nearer to ", out);
	print_address(out, c->seen.rst.tuple.saddr, c->seen.rst.tuple.family);
	fputs(" (judging by TTL) and has the connection but not the RST: the RST was generated "
	      "between the two capture points",
	      out);
}

PRINTER(effect)
{
	static const char *const words[] = {
		[EFFECT_IGNORED] = "; this host ignored it",
		[EFFECT_CHALLENGED] =
			"; this host did not accept it, and answered with a challenge ACK",
	};
	enum effect effect = c->diagnosis.effect;

	if (effect < sizeof(words) / sizeof(words[0]) && words[effect])
		fputs(words[effect], out);
}

/* The defaults that fit the silence before the FIN. */
PRINTER(race_timers)
{
	const struct idle_timeout *o;
	unsigned int i;

	for (i = 0; (o = timeout_fit(c->diagnosis.impact.timer_ns, i)); i++) {
		fputs(i ? ", " : " (", out);
		if (!i) {
			print_duration(out, c->diagnosis.impact.timer_ns);
			fputs(" of silence, the default of ", out);
		}
		fputs(o->whose, out);
	}
	fputs(i ? ")" : "", out);
}

static void print_bytes(FILE *out, uint32_t n, const char *what)
{
	fprintf(out, "%" PRIu32 " byte%s %s", n, n == 1 ? "" : "s", what);
}

PRINTER(impact_lost)
{
	const struct impact *i = &c->diagnosis.impact;
	const struct tuple *t = &c->seen.rst.tuple;
	const char *sep = "";

	if (i->unanswered) {
		fputs("a request was waiting for a response", out);
		sep = "; ";
	}
	if (i->sender_unacked) {
		fputs(sep, out);
		print_bytes(out, i->sender_unacked, "from ");
		print_endpoint(out, t->saddr, t->sport, t->family);
		fputs(" were not acknowledged", out);
		sep = "; ";
	}
	if (i->receiver_unacked) {
		fputs(sep, out);
		print_bytes(out, i->receiver_unacked, "from ");
		print_endpoint(out, t->daddr, t->dport, t->family);
		fputs(" were not acknowledged", out);
		sep = "; ";
	}
	if (i->unread) {
		fputs(sep, out);
		print_bytes(out, i->unread, "received, but not read");
	}
}

PRINTER(impact_farewell)
{
	const struct impact *i = &c->diagnosis.impact;

	fprintf(out, "%" PRIu32, i->sender_unacked + i->receiver_unacked + i->unread);
}

const struct placeholder placeholders_connection[] = {
	{ "flow.none", p_flow_none,
	  "no live connection with these addresses and ports was seen before" },
	{ "first.ago", p_first_ago, "a short time" },
	{ "first.src", p_first_src, "one end" },
	{ "first.time", p_first_time, "that time" },
	{ "incident.time", p_incident_time, "that time" },
	{ "other.src", p_other_src, "the other end of another connection" },
	{ "other.ago", p_other_ago, "a short time" },
	{ "owner.name", p_owner_name, "the process" },
	{ "fin.ago", p_fin_ago, "a short time" },
	{ "seg.ack", p_seg_ack, "N" },
	{ "syn.ack", p_syn_ack, "the SYN's sequence number + 1" },
	{ "effect", p_effect, "" },
	{ "impact.lost", p_impact_lost, "data, or a response" },
	{ "impact.farewell", p_impact_farewell, "a few" },
	{ "race.timers", p_race_timers, "" },
	{ "probes", p_probes, "N" },
	{ "went.ttl", p_went_ttl, "N" },
	{ "absent", p_absent,
	  "a capture nearer to the sender has the segment that triggered the RST, but not the RST" },
	{},
};
