// SPDX-License-Identifier: GPL-2.0-only
/*
 * status_text.c - what is attached, for people.
 */
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "cmd/status.h"

struct style {
	const char *bold, *yellow, *plain;
};

static void print_age(FILE *out, uint64_t now_ns, uint64_t then_ns)
{
	double s = now_ns > then_ns ? (double)(now_ns - then_ns) / 1e9 : 0;

	if (s < 1)
		fprintf(out, "%.0f ms", s * 1e3);
	else if (s < 120)
		fprintf(out, "%.1f s", s);
	else if (s < 7200)
		fprintf(out, "%.0f min", s / 60);
	else
		fprintf(out, "%.1f h", s / 3600);
}

/* --- programs ------------------------------------------------------------------------------ */

static const char *ordinal_ending(unsigned int n)
{
	if (n % 100 / 10 == 1)
		return "th";
	return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

static void print_where(FILE *out, const struct attached_program *p)
{
	switch (p->way) {
	case ATTACHED_XDP:
		fprintf(out, "XDP (%s)", status_mode_name(p->mode));
		break;
	case ATTACHED_DISPATCHED:
		fprintf(out, "XDP (%s), in libxdp's dispatcher (program %u)",
			status_mode_name(p->mode), p->dispatcher_id);
		break;
	case ATTACHED_TCX:
		fputs("tcx", out);
		break;
	case ATTACHED_FILTER:
		fprintf(out, "tc filter, pref %u, handle 0x%x", p->filter.pref, p->filter.handle);
		break;
	}
	if (p->path->n > 1)
		fprintf(out, "; %u%s of %u to see packets", p->place + 1,
			ordinal_ending(p->place + 1), p->path->n);
}

static void print_holder(FILE *out, const struct status_program *sp)
{
	if (!sp->holder)
		return;
	escape_print(out, sp->holder->comm, false);
	fprintf(out, ", PID %d", sp->holder->pid);
}

static void print_loader(FILE *out, const struct status_program *sp)
{
	switch (sp->loader) {
	case LOADED_BY_WATCH:
		fprintf(out, "rstscope watch (PID %d)", sp->holder ? sp->holder->pid : 0);
		break;
	case LOADED_BY_DEAD_WATCH:
		fputs("a watch that is no more", out);
		break;
	case LOADED_BY_ATTACH:
		fputs("rstscope attach", out);
		break;
	case LOADED_BY_TC:
	case LOADED_BY_FILTER:
		fputs(sp->loader == LOADED_BY_TC ? "tc (" : "filter '", out);
		escape_print(out, sp->p->filter.name, false);
		fputs(sp->loader == LOADED_BY_TC ? ")" : "'", out);
		break;
	case LOADED_BY_NETLINK:
		fputs("ip link or the like", out);
		break;
	case LOADED_BY_LIBXDP:
		fputs("libxdp", out);
		break;
	case LOADED_BY_LINK_PIN:
		fprintf(out, "link %u, pinned as ", sp->p->link_id);
		escape_print(out, sp->link_pin, false);
		break;
	case LOADED_BY_PROCESS:
		fprintf(out, "link %u of a process (", sp->p->link_id);
		print_holder(out, sp);
		fputs(")", out);
		break;
	case LOADED_BY_UNSEEN:
		fprintf(out, "link %u, which is pinned or held out of sight", sp->p->link_id);
		break;
	case LOADED_BY_COMMAND:
		fputs("bpftool or the like, without a link", out);
		break;
	}
}

static void print_program(FILE *out, const struct status *s, const struct status_program *sp)
{
	const struct attached_program *p = sp->p;
	char time[32];

	fputs("  ", out);
	escape_print(out, p->path->ifname, false);
	fprintf(out, " %s: ", p->path->ingress ? "ingress" : "egress");
	escape_print(out, p->name, false);
	fputs(" by ", out);
	print_where(out, p);
	status_wall_time(s, p->loaded_ns, time, sizeof(time));
	fprintf(out, "\n    program %u, loaded %s by uid %u; attached by ", p->prog_id, time,
		p->uid);
	print_loader(out, sp);
	if (sp->pin) {
		fputs("\n    pinned as ", out);
		escape_print(out, sp->pin, false);
	}
	if (sp->runs)
		fprintf(out, "\n    %" PRIu64 " runs%s, %.0f ns each", sp->runs,
			s->measured ? " in the last second" : "",
			(double)sp->run_ns / (double)sp->runs);
	else if (s->measured)
		fputs("\n    no run in the last second", out);
	fputc('\n', out);
}

/* --- recorders ----------------------------------------------------------------------------- */

static void print_packets(FILE *out, const struct status *s, const struct status_recorder *sr)
{
	const struct attached_state *st = &sr->state;

	fprintf(out, "  packets    %" PRIu64 " recorded", st->recorded);
	if (st->held) {
		fprintf(out, ", %" PRIu64 " of them held, the oldest ", st->held);
		print_age(out, s->now_ns, st->oldest_ns);
		fputs(" old, the newest ", out);
		print_age(out, s->now_ns, st->newest_ns);
	}
	fputc('\n', out);
}

static void print_cpus(FILE *out, const struct status *s, const struct status_recorder *sr)
{
	const struct ring_state *rings = &sr->state.rings;
	unsigned int i;

	for (i = 0; i < rings->n_cpus; i++) {
		if (!rings->cpus[i].recorded)
			continue;
		fprintf(out, "    CPU %-4u %" PRIu64 " recorded, %" PRIu64 " held", i,
			rings->cpus[i].recorded, rings->cpus[i].held);
		if (rings->slots)
			fprintf(out, " (%.0f %%)",
				100.0 * (double)rings->cpus[i].held / rings->slots);
		if (rings->cpus[i].oldest_ns) {
			fputs(", the oldest ", out);
			print_age(out, s->now_ns, rings->cpus[i].oldest_ns);
			fputs(" old", out);
		}
		fputc('\n', out);
	}
}

static void print_counts(FILE *out, const struct attached_state *st)
{
	static const enum attached_count skipped[] = { ATTACHED_FRAGMENTS, ATTACHED_TRUNCATED,
						       ATTACHED_MALFORMED, ATTACHED_EXT_LIMIT,
						       ATTACHED_NO_SLOT };
	const char *sep = "  skipped    ";
	size_t i;

	fprintf(out, "  resets     %" PRIu64, st->count[ATTACHED_RESETS]);
	if (st->counted[ATTACHED_UNREAD])
		fprintf(out, ", %" PRIu64 " of them while nobody read", st->count[ATTACHED_UNREAD]);
	if (st->counted[ATTACHED_LOST_WIRE])
		fprintf(out, "; %" PRIu64 " events lost for want of room",
			st->count[ATTACHED_LOST_WIRE] + st->count[ATTACHED_LOST_KERNEL]);
	fputc('\n', out);
	for (i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
		if (!st->count[skipped[i]])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", sep, st->count[skipped[i]],
			status_count_name(skipped[i]));
		sep = ", ";
	}
	if (strcmp(sep, ", ") == 0)
		fputc('\n', out);
}

static void print_readers(FILE *out, const struct status *s, const struct status_recorder *sr)
{
	const struct status_reader *reader = sr->readers;
	unsigned int i;

	fputs("  read by    ", out);
	for (i = 0; i < sr->n_readers; i++, reader++) {
		if (i)
			fputs("; ", out);
		escape_print(out, *reader->comm ? reader->comm : "a process", false);
		fprintf(out, " (PID %u)", reader->pid);
		if (reader->since_ns) {
			fputs(" for ", out);
			print_age(out, s->now_ns, reader->since_ns);
		}
		if (reader->has_lost)
			fprintf(out, ", %" PRIu64 " events lost",
				reader->lost_wire + reader->lost_kernel);
	}
	fputs(sr->n_readers ? "\n" : "nobody\n", out);
}

static void print_pins(FILE *out, const struct status *s, const struct status_recorder *sr)
{
	size_t len = sr->pin ? strlen(sr->pin) : 0;
	char dir[4096];

	(void)s;
	fputs("  pinned     ", out);
	if (!sr->pin) {
		fputs(sr->is_watch ?
			      "no: it ends with its watch\n" :
			      "nowhere in sight: its programs keep it, or a pin in another mount "
			      "namespace\n",
		      out);
		return;
	}
	if (len > 9 && !strcmp(sr->pin + len - 9, "/rst_ring"))
		len -= 9;
	snprintf(dir, sizeof(dir), "%.*s", (int)len, sr->pin);
	fputs("in ", out);
	escape_print(out, dir, false);
	fputc('\n', out);
}

static void print_recorder(FILE *out, const struct status *s, const struct status_recorder *sr,
			   bool verbose, const struct style *style)
{
	unsigned int i;

	fprintf(out, "%sRecorder %u%s: ", style->bold, sr->r->ring_id, style->plain);
	if (sr->r->abi)
		fprintf(out, "ABI %u, ", sr->r->abi);
	fprintf(out, "%u CPU%s", sr->r->cpus, sr->r->cpus > 1 ? "s" : "");
	if (sr->r->slots)
		fprintf(out, ", %u records each", sr->r->slots);
	fputc('\n', out);
	print_packets(out, s, sr);
	if (verbose)
		print_cpus(out, s, sr);
	print_counts(out, &sr->state);
	print_readers(out, s, sr);
	print_pins(out, s, sr);
	for (i = 0; i < sr->n_programs; i++)
		print_program(out, s, &sr->programs[i]);
	fputc('\n', out);
}

void status_print_text(FILE *out, const struct status *s, bool verbose, bool colour)
{
	const struct style style = {
		.bold = colour ? "\033[1m" : "",
		.yellow = colour ? "\033[33m" : "",
		.plain = colour ? "\033[0m" : "",
	};
	unsigned int i;

	if (!s->n_recorders)
		fputs("No program of rstscope is attached in this network namespace.\n", out);
	for (i = 0; i < s->n_recorders; i++)
		print_recorder(out, s, &s->recorders[i], verbose, &style);
	for (i = 0; i < s->n_warnings; i++) {
		fprintf(out, "%swarning:%s ", style.yellow, style.plain);
		escape_print(out, s->warnings[i].text, false);
		fputc('\n', out);
	}
}
