// SPDX-License-Identifier: GPL-2.0-only
/*
 * status_json.c - what is attached, for programs: docs/status.md.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "cmd/status.h"
#include "rst_event.h"

#ifndef RSTSCOPE_VERSION
#define RSTSCOPE_VERSION "unknown"
#endif

/* --- programs ------------------------------------------------------------------------------ */

static void write_place(struct json_writer *w, const struct attached_program *p)
{
	const struct attached_program *q = p->path->programs;

	json__unsigned(w, "place", p->place + 1);
	json__unsigned(w, "of", p->path->n);
	json__array(w, "before");
	for (; q < p->path->programs + p->path->n; q++) {
		if (q == p) {
			json__end(w);
			json__array(w, "after");
			continue;
		}
		json__object(w, NULL);
		json__text(w, "name", q->name);
		json__text(w, "way", status_way_name(q->way));
		json__boolean(w, "ours", q->recorder);
		if (q->prog_id)
			json__unsigned(w, "id", q->prog_id);
		if (q->way == ATTACHED_FILTER)
			json__unsigned(w, "pref", q->filter.pref);
		json__end(w);
	}
	json__end(w);
}

static void write_way(struct json_writer *w, const struct attached_program *p)
{
	json__text(w, "way", status_way_name(p->way));
	if (p->way == ATTACHED_XDP || p->way == ATTACHED_DISPATCHED)
		json__text(w, "mode", status_mode_name(p->mode));
	if (p->dispatcher_id)
		json__unsigned(w, "dispatcher", p->dispatcher_id);
	if (p->link_id)
		json__unsigned(w, "link", p->link_id);
	if (p->way != ATTACHED_FILTER)
		return;
	json__object(w, "filter");
	json__unsigned(w, "pref", p->filter.pref);
	json__unsigned(w, "handle", p->filter.handle);
	json__unsigned(w, "chain", p->filter.chain);
	json__unsigned(w, "protocol", p->filter.protocol);
	json__boolean(w, "direct_action", p->filter.direct_action);
	json__text(w, "name", p->filter.name);
	json__end(w);
}

static void write_loader(struct json_writer *w, const struct status_program *sp)
{
	json__object(w, "by");
	json__text(w, "kind", status_loader_name(sp->loader));
	if (sp->holder) {
		json__signed(w, "pid", sp->holder->pid);
		json__bytes(w, "comm", sp->holder->comm);
	}
	if (sp->link_pin)
		json__bytes(w, "pin", sp->link_pin);
	json__end(w);
}

static void write_tag(struct json_writer *w, const uint8_t *tag)
{
	char text[2 * BPF_TAG_SIZE + 1];
	unsigned int i;

	for (i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", tag[i]);
	json__text(w, "tag", text);
}

static void write_program(struct json_writer *w, const struct status *s,
			  const struct status_program *sp)
{
	const struct attached_program *p = sp->p;
	char time[32];

	json__object(w, NULL);
	json__bytes(w, "if", p->path->ifname);
	json__unsigned(w, "ifindex", p->path->ifindex);
	json__text(w, "hook", p->path->ingress ? "ingress" : "egress");
	write_way(w, p);
	write_place(w, p);
	json__unsigned(w, "id", p->prog_id);
	json__text(w, "name", p->name);
	write_tag(w, p->tag);
	status_wall_time(s, p->loaded_ns, time, sizeof(time));
	json__text(w, "loaded", time);
	json__unsigned(w, "uid", p->uid);
	write_loader(w, sp);
	if (sp->pin)
		json__bytes(w, "pin", sp->pin);
	else
		json__null(w, "pin");
	if (s->measured || sp->runs) {
		json__unsigned(w, "runs", sp->runs);
		json__unsigned(w, "run_ns", sp->run_ns);
	}
	json__end(w);
}

/* --- recorders ----------------------------------------------------------------------------- */

static void write_age(struct json_writer *w, const char *key, uint64_t now_ns, uint64_t then_ns)
{
	if (then_ns)
		json__unsigned(w, key, now_ns > then_ns ? now_ns - then_ns : 0);
	else
		json__null(w, key);
}

static void write_packets(struct json_writer *w, const struct status *s,
			  const struct attached_state *st)
{
	const struct ring_cpu *cpu;
	unsigned int i;

	json__object(w, "packets");
	json__unsigned(w, "recorded", st->recorded);
	json__unsigned(w, "held", st->held);
	write_age(w, "oldest_age_ns", s->now_ns, st->oldest_ns);
	write_age(w, "newest_age_ns", s->now_ns, st->newest_ns);
	json__array(w, "cpus");
	for (i = 0; i < st->rings.n_cpus; i++) {
		cpu = &st->rings.cpus[i];
		if (!cpu->recorded)
			continue;
		json__object(w, NULL);
		json__unsigned(w, "cpu", i);
		json__unsigned(w, "recorded", cpu->recorded);
		json__unsigned(w, "held", cpu->held);
		write_age(w, "oldest_age_ns", s->now_ns, cpu->oldest_ns);
		json__end(w);
	}
	json__end(w);
	json__end(w);
}

static void write_counts(struct json_writer *w, const struct attached_state *st)
{
	unsigned int i;

	json__object(w, "counts");
	for (i = 0; i < N_ATTACHED_COUNTS; i++)
		if (st->counted[i])
			json__unsigned(w, status_count_name(i), st->count[i]);
	json__end(w);
}

static void write_readers(struct json_writer *w, const struct status *s,
			  const struct status_recorder *sr)
{
	const struct status_reader *reader;

	json__array(w, "readers");
	for (reader = sr->readers; reader < sr->readers + sr->n_readers; reader++) {
		json__object(w, NULL);
		json__unsigned(w, "pid", reader->pid);
		json__bytes(w, "comm", reader->comm);
		write_age(w, "age_ns", s->now_ns, reader->since_ns);
		if (reader->has_lost) {
			json__unsigned(w, "lost_wire", reader->lost_wire);
			json__unsigned(w, "lost_kernel", reader->lost_kernel);
		}
		json__end(w);
	}
	json__end(w);
}

static void write_maps(struct json_writer *w, const struct status *s,
		       const struct attached_recorder *r)
{
	const struct attached_map *map;
	const char *pin;

	json__array(w, "maps");
	for (map = r->maps; map < r->maps + r->n_maps; map++) {
		json__object(w, NULL);
		json__text(w, "name", map->name);
		json__unsigned(w, "id", map->id);
		pin = bpf_pins_find(&s->pins, BPF_KIND_MAP, map->id);
		if (pin)
			json__bytes(w, "pin", pin);
		else
			json__null(w, "pin");
		json__end(w);
	}
	json__end(w);
}

static void write_recorder(struct json_writer *w, const struct status *s,
			   const struct status_recorder *sr)
{
	unsigned int i;

	json__object(w, NULL);
	json__unsigned(w, "ring", sr->r->ring_id);
	if (sr->r->abi)
		json__unsigned(w, "abi", sr->r->abi);
	else
		json__null(w, "abi");
	json__unsigned(w, "cpus", sr->r->cpus);
	if (sr->r->slots)
		json__unsigned(w, "slots", sr->r->slots);
	else
		json__null(w, "slots");
	json__boolean(w, "watch", sr->is_watch);
	write_maps(w, s, sr->r);
	write_packets(w, s, &sr->state);
	write_counts(w, &sr->state);
	write_readers(w, s, sr);
	json__array(w, "programs");
	for (i = 0; i < sr->n_programs; i++)
		write_program(w, s, &sr->programs[i]);
	json__end(w);
	json__end(w);
}

static void write_status(struct json_writer *w, const struct status *s)
{
	unsigned int i;

	json__object(w, NULL);
	json__unsigned(w, "v", 1);
	json__text(w, "rstscope", RSTSCOPE_VERSION);
	json__unsigned(w, "abi", RST_ABI_VERSION);
	json__boolean(w, "measured", s->measured);
	json__array(w, "recorders");
	for (i = 0; i < s->n_recorders; i++)
		write_recorder(w, s, &s->recorders[i]);
	json__end(w);
	json__array(w, "warnings");
	for (i = 0; i < s->n_warnings; i++) {
		json__object(w, NULL);
		json__text(w, "id", s->warnings[i].id);
		json__text(w, "text", s->warnings[i].text);
		json__end(w);
	}
	json__end(w);
	json__end(w);
}

int status_print_json(FILE *out, const struct status *s)
{
	struct json_writer *w = json_writer__new();
	const char *text;
	size_t len;
	int err = 0;

	if (!w)
		return -ENOMEM;
	write_status(w, s);
	text = json_writer__text(w, &len);
	if (!text)
		err = -ENOMEM;
	else
		fprintf(out, "%s\n", text);
	json_writer__free(w);
	return err;
}
