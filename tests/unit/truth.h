/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * truth.h - what a report says as JSON, and which of its data belie that.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include "diagnose/impact.h"
#include "json.h"
#include "scene.h"

enum side { YES, NO, MISSING, LITERAL, ALWAYS };

struct rule {
	enum fact fact;
	enum side side;
	const char *text; /* LITERAL: part of the sentence; else what is wrong */
	bool (*belied)(const json_t *o);
	const char *broken; /* the data that belie it, for the sample */
};

/* --- what a report says ---------------------------------------------------------------------- */

static inline const json_t *at(const json_t *o, const char *a, const char *b)
{
	const json_t *v = json_object_get(o, a);

	return b ? json_object_get(v, b) : v;
}

static inline bool is_word(const json_t *o, const char *a, const char *b, const char *word)
{
	const char *text = json_string_value(at(o, a, b));

	return text && !strcmp(text, word);
}

static inline bool is_set(const json_t *o, const char *a, const char *b)
{
	const json_t *v = at(o, a, b);

	return v && !json_is_null(v);
}

static inline json_int_t number(const json_t *o, const char *a, const char *b)
{
	return json_integer_value(at(o, a, b));
}

/* Is @line the sentence of @template, whatever stands in for the placeholders? */
static inline bool is_sentence(const char *line, const char *template)
{
	const char *open = strchr(template, '{'), *end, *at_line = line;
	size_t len = open ? (size_t)(open - template) : strlen(template), most = len;
	char text[512];

	if (strncmp(line, template, len))
		return false;
	for (at_line += len; open; at_line += len) {
		end = strchr(open, '}') + 1;
		open = strchr(end, '{');
		len = open ? (size_t)(open - end) : strlen(end);
		snprintf(text, sizeof(text), "%.*s", (int)len, end);
		at_line = strstr(at_line, text);
		if (!at_line)
			return false;
		/* The last part is the line's end. */
		if (!open && len)
			at_line += strlen(at_line) - len;
		most = len > most ? len : most;
		if (!open && strcmp(at_line, text) && len)
			return false;
	}
	/* What is little more than a placeholder fits anything. */
	return most > 5 && (strchr(template, '{') || !*at_line);
}

static inline bool any_line(const json_t *list, const char *template, bool part)
{
	const json_t *line;
	const char *text;
	size_t i;

	json_array_foreach(list, i, line)
	{
		text = json_string_value(json_is_object(line) ? json_object_get(line, "because") :
								line);
		if (text && (part ? !!strstr(text, template) : is_sentence(text, template)))
			return true;
	}
	return false;
}

/* As evidence or as what rules another cause out. */
static inline bool states(const json_t *o, const char *template, bool part)
{
	return any_line(at(o, "evidence", NULL), template, part) ||
	       any_line(at(o, "ruled_out", NULL), template, part);
}

static inline bool says(const json_t *o, const struct rule *r)
{
	const struct fact_text *t = &fact_texts[r->fact];

	switch (r->side) {
	case YES:
		return states(o, t->yes, false);
	case NO:
		return states(o, t->no, false);
	case MISSING:
		return any_line(at(o, "missing", NULL), t->missing, false);
	case LITERAL:
		return states(o, r->text, true) ||
		       any_line(at(o, "missing", NULL), r->text, true) ||
		       (is_set(o, "impact_reason", NULL) &&
			strstr(json_string_value(at(o, "impact_reason", NULL)), r->text));
	default:
		return true;
	}
}

/* --- the packets ----------------------------------------------------------------------------------- */

static inline bool is_from_sender(const json_t *o, const json_t *p)
{
	return json_equal(at(p, "src", NULL), at(o, "rst", "src")) &&
	       json_equal(at(p, "sport", NULL), at(o, "rst", "sport"));
}

static inline bool has_flag(const json_t *p, const char *flag)
{
	const char *flags = json_string_value(at(p, "flags", NULL));

	return flags && strstr(flags, flag);
}

/* One of the connection's packets with this flag (NULL: any; "data") of the RST's sender, or the other? */
static inline bool saw(const json_t *o, bool sender, const char *flag)
{
	const json_t *list = at(o, "history", NULL), *p;
	size_t i;

	json_array_foreach(list, i, p)
	{
		if (is_from_sender(o, p) == sender &&
		    (!flag ||
		     (!strcmp(flag, "data") ? number(p, "len", NULL) > 0 : has_flag(p, flag))))
			return true;
	}
	return false;
}

/* The history begins with the only SYN in it: it is of one connection. */
static inline bool is_of_one(const json_t *o)
{
	const json_t *list = at(o, "history", NULL), *p;
	bool whole = false;
	size_t i;

	json_array_foreach(list, i, p)
	{
		bool opens = has_flag(p, "SYN") && !has_flag(p, "ACK");

		if (has_flag(p, "RST") ||
		    (opens && whole &&
		     !json_equal(at(p, "seq", NULL), at(json_array_get(list, 0), "seq", NULL))))
			return false;
		whole |= !i && opens;
	}
	return whole;
}

/* Of the RST's sender, seen where the RST came in; but not bare SYNs, whose TTL says nothing. */
static inline bool saw_peer(const json_t *o, bool same_ttl)
{
	const json_t *list = at(o, "history", NULL), *p;
	size_t i;

	json_array_foreach(list, i, p)
	{
		if (is_from_sender(o, p) && !has_flag(p, "RST") &&
		    (!has_flag(p, "SYN") || has_flag(p, "ACK")) &&
		    json_equal(at(p, "if", NULL), at(o, "if", NULL)) &&
		    json_equal(at(p, "hook", NULL), at(o, "hook", NULL)) &&
		    (!same_ttl || json_equal(at(p, "ttl", NULL), at(o, "rst", "ttl"))))
			return true;
	}
	return false;
}

static inline bool saw_out(const json_t *o)
{
	return is_word(json_array_get(at(o, "sightings", NULL), 0), "hook", NULL, "tc-egress");
}

/* --- what belies a sentence -------------------------------------------------------------------- */

static inline bool b_segment_known(const json_t *o)
{
	return is_word(o, "answers", "match", "exact") || is_set(o, "kernel", "skb");
}

static inline bool b_no_segment(const json_t *o)
{
	return !b_segment_known(o);
}

static inline bool b_not_syn(const json_t *o)
{
	return is_word(o, "answers", "match", "exact") && !has_flag(at(o, "answers", NULL), "SYN");
}

static inline bool b_data(const json_t *o)
{
	return is_word(o, "answers", "match", "exact") && number(o, "answers", "len") > 0;
}

static inline bool b_no_data(const json_t *o)
{
	return is_word(o, "answers", "match", "exact") && !number(o, "answers", "len");
}

static inline bool b_same_ttl(const json_t *o)
{
	return saw_peer(o, true);
}

static inline bool b_peer_seen(const json_t *o)
{
	return saw_peer(o, false);
}

/* Of a capture nobody knows on which side of the host it was taken. */
static inline bool b_came_in(const json_t *o)
{
	const json_t *first = json_array_get(at(o, "sightings", NULL), 0);

	return is_word(first, "hook", NULL, "tc-ingress") || is_word(first, "hook", NULL, "xdp");
}

static inline bool b_left(const json_t *o)
{
	return saw_out(o) && !is_word(o, "origin", NULL, "forwarded");
}

static inline bool b_not_forwarded(const json_t *o)
{
	const json_t *list = at(o, "sightings", NULL), *s;
	size_t i;

	json_array_foreach(list, i, s)
	{
		if (json_is_true(at(s, "forwarded", NULL)))
			return false;
	}
	return json_array_size(list) < 2;
}

static inline bool b_for_this_host(const json_t *o)
{
	return is_word(o, "effect", NULL, "taken");
}

static inline bool b_one_way(const json_t *o)
{
	return !saw(o, true, NULL) || !saw(o, false, NULL);
}

static inline bool b_whole(const json_t *o)
{
	return is_of_one(o) && saw(o, true, "data") && saw(o, false, "data");
}

/* Both ends sent something, and neither a FIN nor a RST was among it. */
static inline bool b_alive(const json_t *o)
{
	return is_of_one(o) && saw(o, true, NULL) && saw(o, false, NULL) && !saw(o, true, "FIN") &&
	       !saw(o, false, "FIN");
}

static inline bool b_follows(const json_t *o)
{
	return is_set(o, "follows", NULL);
}

static inline bool b_not_follows(const json_t *o)
{
	return !b_follows(o);
}

static inline bool is_function(const json_t *o, const char *part)
{
	const char *name = json_string_value(at(o, "kernel", "function"));

	return name && strstr(name, part);
}

static inline bool is_by_tcp(const json_t *o)
{
	return is_function(o, "tcp_v4_send_reset") || is_function(o, "tcp_v6_send_reset") ||
	       is_function(o, "tcp_send_active_reset");
}

static inline bool b_not_passive(const json_t *o)
{
	return !is_word(o, "type", NULL, "passive");
}

static inline bool b_passive(const json_t *o)
{
	return is_function(o, "tcp_v4_send_reset") || is_function(o, "tcp_v6_send_reset");
}

static inline bool b_not_active(const json_t *o)
{
	return !is_word(o, "type", NULL, "active");
}

static inline bool b_active(const json_t *o)
{
	return is_function(o, "tcp_send_active_reset");
}

static inline bool b_spoke(const json_t *o)
{
	return is_by_tcp(o) || (number(o, "lost", "events") && !is_set(o, "kernel", "function"));
}

static inline bool b_not_rejected(const json_t *o)
{
	return !is_word(o, "type", NULL, "netfilter");
}

static inline bool b_found(const json_t *o)
{
	return is_by_tcp(o) && !is_word(o, "kernel", "lookup", "none");
}

static inline bool b_found_none(const json_t *o)
{
	return is_by_tcp(o) && is_word(o, "kernel", "lookup", "none");
}

static inline bool b_looked_up(const json_t *o)
{
	return is_by_tcp(o) && !is_word(o, "kernel", "lookup", "unknown");
}

static inline bool b_no_listener(const json_t *o)
{
	return is_by_tcp(o) && !is_word(o, "kernel", "lookup", "listener");
}

static inline bool b_listener(const json_t *o)
{
	return is_word(o, "kernel", "lookup", "listener");
}

static inline bool b_no_timewait(const json_t *o)
{
	return is_by_tcp(o) && !is_word(o, "kernel", "lookup", "timewait");
}

static inline const json_t *sk(const json_t *o)
{
	return at(o, "kernel", "sk");
}

static inline bool b_linger(const json_t *o)
{
	return json_is_true(at(sk(o), "linger_zero", NULL));
}

static inline bool b_no_linger(const json_t *o)
{
	return json_is_false(at(sk(o), "linger_zero", NULL));
}

static inline bool b_socket(const json_t *o)
{
	return is_by_tcp(o) && is_set(sk(o), "linger", NULL);
}

static inline bool b_unread(const json_t *o)
{
	return number(sk(o), "unread", NULL) > 0 || number(o, "loss", "unread") > 0;
}

static inline bool b_no_unread(const json_t *o)
{
	return is_set(sk(o), "unread", NULL) && !b_unread(o) &&
	       !is_word(o, "kernel", "reason", "TCP_ABORT_ON_CLOSE");
}

static inline bool b_other_state(const json_t *o)
{
	return !is_word(sk(o), "state", NULL, "FIN_WAIT2") &&
	       !is_word(sk(o), "state", NULL, "TIME_WAIT");
}

static inline bool has_frame(const json_t *o, const char *name)
{
	const json_t *list = at(o, "kernel", "stack"), *frame;
	size_t i;

	json_array_foreach(list, i, frame)
	{
		if (!strncmp(json_string_value(frame), name, strlen(name)))
			return true;
	}
	return false;
}

static inline bool b_in_exit(const json_t *o)
{
	return has_frame(o, "do_exit");
}

static inline bool b_in_abort(const json_t *o)
{
	return has_frame(o, "tcp_abort");
}

static inline bool b_in_disconnect(const json_t *o)
{
	return has_frame(o, "tcp_disconnect");
}

static inline bool b_not_exiting(const json_t *o)
{
	return json_array_size(at(o, "kernel", "stack")) && !b_in_exit(o);
}

static inline bool b_nat(const json_t *o)
{
	const json_t *ct = at(o, "kernel", "conntrack");

	return json_array_size(at(ct, "nat", NULL)) && is_set(o, "kernel", "skb") &&
	       json_equal(at(at(o, "kernel", "skb"), "community_id", NULL),
			  at(at(ct, "orig", NULL), "community_id", NULL));
}

static inline bool b_entry(const json_t *o)
{
	return is_set(at(o, "kernel", "conntrack"), "orig", NULL);
}

static inline bool b_kernel(const json_t *o)
{
	return is_set(o, "kernel", "function");
}

static inline bool b_capture(const json_t *o)
{
	return is_set(o, "conversation", NULL);
}

static inline bool b_no_race(const json_t *o)
{
	return !is_set(o, "kernel", "race");
}

static inline bool b_sender_data(const json_t *o)
{
	return is_of_one(o) && saw(o, true, "data");
}

static inline bool b_not_taken(const json_t *o)
{
	return !is_word(o, "effect", NULL, "taken");
}

static inline bool b_not_ignored(const json_t *o)
{
	return !is_word(o, "effect", NULL, "ignored");
}

static inline bool b_not_challenged(const json_t *o)
{
	return !is_word(o, "effect", NULL, "challenged");
}

static inline bool b_no_owner(const json_t *o)
{
	return !is_set(o, "owner", NULL);
}

/* --- the impact ---------------------------------------------------------------------------------- */

static inline bool is_impact(const json_t *o, enum impact_kind kind)
{
	return is_word(o, "impact", NULL, impact_id(kind));
}

static inline bool lost_any(const json_t *o)
{
	return number(o, "loss", "sender_unacknowledged") ||
	       number(o, "loss", "receiver_unacknowledged") || number(o, "loss", "unread");
}

static inline bool b_harmless(const json_t *o)
{
	return is_impact(o, IMPACT_HARMFUL) && !lost_any(o) &&
	       !json_is_true(at(o, "loss", "unanswered"));
}

static inline bool b_lost(const json_t *o)
{
	return lost_any(o) || json_is_true(at(o, "loss", "unanswered"));
}

static inline bool b_used(const json_t *o)
{
	return is_of_one(o) && (saw(o, true, "data") || saw(o, false, "data"));
}

static inline bool b_unfinished(const json_t *o)
{
	return is_of_one(o) && !is_set(o, "conversation", NULL) &&
	       (!saw(o, true, "FIN") || !saw(o, false, "FIN"));
}

static inline bool b_not_refused(const json_t *o)
{
	return saw(o, true, "data") && is_of_one(o);
}

static inline bool b_ended(const json_t *o)
{
	return !is_word(o, "effect", NULL, "ignored") && !is_word(o, "effect", NULL, "challenged");
}

static inline bool b_ignored_yet_hurt(const json_t *o)
{
	return !b_ended(o) && !is_impact(o, IMPACT_IGNORED) && !is_impact(o, IMPACT_NONE);
}

static inline bool b_both_ways(const json_t *o)
{
	return saw(o, true, "data") && saw(o, false, "data");
}

static inline bool b_race_untold(const json_t *o)
{
	return !is_set(o, "keepalive_race", NULL);
}

/* --- lists of causes, and facts against themselves ------------------------------------------------- */

static inline bool is_listed(const json_t *list, const char *cause)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		if (!strcmp(json_string_value(json_is_object(v) ? at(v, "cause", NULL) : v), cause))
			return true;
	}
	return false;
}

static inline bool b_lists(const json_t *o)
{
	const char *cause = json_string_value(at(o, "cause", NULL));
	const json_t *candidates = at(o, "candidates", NULL), *out = at(o, "ruled_out", NULL), *v;
	size_t i;

	json_array_foreach(out, i, v)
	{
		if (is_listed(candidates, json_string_value(at(v, "cause", NULL))))
			return true;
	}
	return is_listed(candidates, cause) || is_listed(out, cause);
}

/* Does the report state a fact and its contrary, or state what it calls missing? */
static inline bool b_itself(const json_t *o)
{
	int f;

	for (f = 0; f < FACT_MAX; f++) {
		const struct fact_text *t = &fact_texts[f];

		/* Of some, the contrary reads as if it were one of the things that they may name. */
		if (!is_sentence(t->no, t->yes) && states(o, t->yes, false) &&
		    states(o, t->no, false))
			return true;
	}
	return false;
}

#endif
