// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_facts.c - what a case proves, disproves, or leaves open.
 */
#include "diagnose/causes.h"
#include "diagnose/classify.h"
#include "scene.h"

enum value { OPEN, YES, NO };

static enum value value_of(const struct reset_case *c, enum fact f)
{
	return fact_in(c->diagnosis.facts_yes, f) ? YES :
	       fact_in(c->diagnosis.facts_no, f)  ? NO :
						    OPEN;
}

static void test_texts(void)
{
	int f;

	for (f = 0; f < FACT_MAX; f++) {
		const struct fact_text *t = &fact_texts[f];

		check(t->yes && *t->yes, "fact %d says what it proves", f);
		check(t->no && *t->no, "fact %d says what it disproves", f);
		check(t->missing && *t->missing, "fact %d says what would have told", f);
		if (!t->yes || !t->no || !t->missing)
			continue;
		check(template_is_known(t->yes) && template_is_known(t->no) &&
			      template_is_known(t->missing),
		      "fact %d uses only placeholders that exist", f);
		check(!strchr(t->missing, '{'), "what is missing for fact %d needs no detail", f);
	}
}

struct row {
	const char *name;
	enum fact fact;
	enum value want;
	struct scene scene;
};

#define STACK(words)                                                    \
	{                                                               \
		.call = CALL_ACTIVE, .state = TCP_CLOSE, .stack = words \
	}

static const struct row rows[] = {
	/* the path */
	{ "a RST that leaves and never came in was sent here",
	  FACT_SENT_HERE,
	  YES,
	  { .place = OUT } },
	{ "a RST that leaves after it came in was not", FACT_SENT_HERE, NO, { .place = THROUGH } },
	{ "a RST that only came in was not", FACT_SENT_HERE, NO, { .place = IN } },
	{ "a RST that nobody saw leaves it open", FACT_SENT_HERE, OPEN, { .place = NOWHERE } },
	{ "a RST that leaves again was passed on", FACT_PASSED_THROUGH, YES, { .place = THROUGH } },
	{ "a RST for us was not passed on", FACT_PASSED_THROUGH, NO, { .place = IN } },
	{ "a RST for us arrived", FACT_ARRIVED_HERE, YES, { .place = IN } },
	{ "a RST for somebody else did not", FACT_ARRIVED_HERE, NO, { .place = IN_OTHER } },
	/* the segment */
	{ "TCP's own segment is known",
	  FACT_SEGMENT_KNOWN,
	  YES,
	  { .call = CALL_PASSIVE, .seg = "A" } },
	{ "without a segment nothing is known of it", FACT_SEGMENT_KNOWN, OPEN, { .place = OUT } },
	{ "a SYN is a SYN", FACT_SEGMENT_SYN, YES, { .call = CALL_PASSIVE, .seg = "S" } },
	{ "a SYN+ACK is not", FACT_SEGMENT_SYN, NO, { .call = CALL_PASSIVE, .seg = "SA" } },
	{ "a SYN+FIN is", FACT_SEGMENT_SYN, YES, { .call = CALL_PASSIVE, .seg = "SF" } },
	/* the history */
	{ "a handshake and data is a living flow",
	  FACT_FLOW_SEEN,
	  YES,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<S >SA <A" } },
	{ "data both ways is a living flow",
	  FACT_FLOW_SEEN,
	  YES,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<PA >A" } },
	{ "one way alone is none",
	  FACT_FLOW_SEEN,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<PA <PA" } },
	{ "a SYN that nobody answered is none",
	  FACT_FLOW_SEEN,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "S", .history = "<S" } },
	{ "a RST ends it",
	  FACT_FLOW_SEEN,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<S >SA <A >RA" } },
	{ "a new SYN begins anew",
	  FACT_FLOW_SEEN,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<PA >PA <S" } },
	{ "a new handshake after a RST is a living flow",
	  FACT_FLOW_SEEN,
	  YES,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = ">RA <S >SA <A" } },
	{ "the answered segment itself is no history",
	  FACT_FLOW_SEEN,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = ">PA" } },
	{ "a history that could not be taken leaves it open",
	  FACT_FLOW_SEEN,
	  OPEN,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<S >SA <A", .blind = true } },
	{ "a flow that was seen alive counts although packets were lost",
	  FACT_FLOW_SEEN,
	  YES,
	  { .call = CALL_PASSIVE, .seg = "PA", .history = "<PA >PA", .lost_packets = 1 } },
	{ "a flow that was not seen is open when packets were lost",
	  FACT_FLOW_SEEN,
	  OPEN,
	  { .call = CALL_PASSIVE, .seg = "PA", .lost_packets = 1 } },
	/* who made it */
	{ "TCP's passive account is passive", FACT_PASSIVE, YES, { .call = CALL_PASSIVE } },
	{ "... and not active", FACT_ACTIVE, NO, { .call = CALL_PASSIVE } },
	{ "... and TCP was not silent", FACT_TCP_SILENT, NO, { .call = CALL_PASSIVE } },
	{ "a REJECT is a REJECT", FACT_REJECT, YES, { .call = CALL_REJECT } },
	{ "... and TCP was silent", FACT_TCP_SILENT, YES, { .call = CALL_REJECT } },
	{ "no account, all views there: TCP was silent", FACT_TCP_SILENT, YES, { .place = OUT } },
	{ "... and it was no REJECT", FACT_REJECT, NO, { .place = OUT } },
	{ "no account, no passive view: that is open",
	  FACT_TCP_SILENT,
	  OPEN,
	  { .blind_views = COVERS_PASSIVE } },
	{ "no account, no active view: that is open",
	  FACT_TCP_SILENT,
	  OPEN,
	  { .blind_views = COVERS_ACTIVE } },
	{ "no account, but events were lost: that is open",
	  FACT_TCP_SILENT,
	  OPEN,
	  { .lost_events = 1 } },
	{ "... and so is whether it was passive", FACT_PASSIVE, OPEN, { .lost_events = 1 } },
	{ "no account, no view of REJECT: that is open",
	  FACT_REJECT,
	  OPEN,
	  { .blind_views = COVERS_REJECT } },
	{ "no drop seen, though it would have been: none", FACT_NF_DROP, NO, { .place = OUT } },
	{ "no drop seen without the view: open",
	  FACT_NF_DROP,
	  OPEN,
	  { .blind_views = COVERS_NF_DROP } },
	{ "no drop seen when events were lost: open", FACT_NF_DROP, OPEN, { .lost_events = 1 } },
	/* the socket */
	{ "no socket is no socket", FACT_NO_SOCKET, YES, { .call = CALL_PASSIVE } },
	{ "a listener is a listener",
	  FACT_LISTENER,
	  YES,
	  { .call = CALL_PASSIVE, .state = TCP_LISTEN } },
	{ "netfilter looks no socket up", FACT_NO_SOCKET, OPEN, { .call = CALL_REJECT } },
	{ "without an account nothing is known of a socket",
	  FACT_NO_SOCKET,
	  OPEN,
	  { .place = OUT } },
	{ "TIME_WAIT of FIN_WAIT2 is a remnant",
	  FACT_FIN_WAIT2_MINI,
	  YES,
	  { .call = CALL_PASSIVE, .state = TCP_TIME_WAIT, .substate = TCP_FIN_WAIT2 } },
	{ "a true TIME_WAIT is not",
	  FACT_FIN_WAIT2_MINI,
	  NO,
	  { .call = CALL_PASSIVE, .state = TCP_TIME_WAIT, .substate = TCP_TIME_WAIT } },
	{ "the flags of a mini-socket are a pointer: never SO_LINGER",
	  FACT_LINGER_ZERO,
	  NO,
	  { .call = CALL_PASSIVE, .state = TCP_TIME_WAIT, .flags = SOCK_LINGER } },
	{ "... nor dead",
	  FACT_DEAD_SOCKET,
	  NO,
	  { .call = CALL_PASSIVE, .state = TCP_TIME_WAIT, .flags = SOCK_DEAD } },
	{ "SO_LINGER on with time 0 is linger zero",
	  FACT_LINGER_ZERO,
	  YES,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .flags = 0x310 } },
	{ "SO_LINGER with a time is not",
	  FACT_LINGER_ZERO,
	  NO,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .flags = 0x310, .lingertime = 1 } },
	{ "a time of 0 without SO_LINGER is not",
	  FACT_LINGER_ZERO,
	  NO,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .flags = 0x300 } },
	{ "the kernel's reason proves unread data",
	  FACT_UNREAD,
	  YES,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .reason = "TCP_ABORT_ON_CLOSE" } },
	{ "another reason of an active reset disproves it",
	  FACT_UNREAD,
	  NO,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .reason = "TCP_STATE" } },
	{ "a reason that is not given leaves it open",
	  FACT_UNREAD,
	  OPEN,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .reason = "NOT_SPECIFIED" } },
	{ "no reason leaves it open",
	  FACT_UNREAD,
	  OPEN,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE } },
	{ "the count at close() proves it",
	  FACT_UNREAD,
	  YES,
	  { .call = CALL_ACTIVE,
	    .state = TCP_CLOSE,
	    .unread_known = true,
	    .unread = 1,
	    .stack = "tcp_send_active_reset __tcp_close do_syscall_64" } },
	{ "a count of nothing disproves it",
	  FACT_UNREAD,
	  NO,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .unread_known = true } },
	{ "a count of nothing without the view leaves it open",
	  FACT_UNREAD,
	  OPEN,
	  { .call = CALL_ACTIVE,
	    .state = TCP_CLOSE,
	    .unread_known = true,
	    .blind_views = COVERS_CLOSE } },
	{ "the reason goes before a count of nothing",
	  FACT_UNREAD,
	  YES,
	  { .call = CALL_ACTIVE,
	    .state = TCP_CLOSE,
	    .unread_known = true,
	    .reason = "TCP_ABORT_ON_CLOSE" } },
	/* the stack */
	{ "no stack leaves the way open",
	  FACT_IN_CLOSE,
	  OPEN,
	  { .call = CALL_ACTIVE, .state = 7 } },
	{ "a stack without names leaves the way open", FACT_IN_CLOSE, OPEN, STACK("? ? ?") },
	{ "close() on the stack is close()", FACT_IN_CLOSE, YES,
	  STACK("tcp_disconnect __tcp_close") },
	{ "its clone is close() too", FACT_IN_CLOSE, YES,
	  STACK("tcp_disconnect __tcp_close.isra.0") },
	{ "a longer name is another function", FACT_IN_CLOSE, NO,
	  STACK("tcp_close_state do_syscall_64") },
	{ "a name in front of it is another function", FACT_IN_CLOSE, NO,
	  STACK("mptcp_close do_syscall_64") },
	{ "a shorter name is another function", FACT_IN_DISCONNECT, NO,
	  STACK("tcp_disc do_syscall_64") },
	{ "the last frame counts", FACT_IN_CLOSE, YES,
	  STACK("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 __tcp_close") },
	{ "frames without names leave open what is not seen", FACT_IN_CLOSE, OPEN,
	  STACK("tcp_send_active_reset tcp_disconnect ? ? do_syscall_64") },
	/* reasons, conntrack */
	{ "without a reason lack of memory is open",
	  FACT_REASON_MEMORY,
	  OPEN,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE } },
	{ "a reason that is not given leaves lack of memory open",
	  FACT_REASON_MEMORY,
	  OPEN,
	  { .call = CALL_ACTIVE, .state = TCP_CLOSE, .reason = "NOT_SPECIFIED" } },
	{ "no entry on the segment is not tracked",
	  FACT_NOT_TRACKED,
	  YES,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY } },
	{ "an entry is tracked",
	  FACT_NOT_TRACKED,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = TRACKED, .map = PLAIN } },
	{ "a mark that was not read is open",
	  FACT_NOT_TRACKED,
	  OPEN,
	  { .call = CALL_PASSIVE, .seg = "A" } },
	{ "TCP drops the mark before a listener sees it: open",
	  FACT_NOT_TRACKED,
	  OPEN,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY, .state = TCP_LISTEN } },
	{ "DNAT of this tuple was due",
	  FACT_UNTRANSLATED,
	  YES,
	  { .call = CALL_PASSIVE,
	    .seg = "A",
	    .mark = NO_ENTRY,
	    .map = DNAT_DUE,
	    .reported = true } },
	{ "the way back of a masqueraded flow was due",
	  FACT_UNTRANSLATED,
	  YES,
	  { .call = CALL_PASSIVE,
	    .seg = "A",
	    .mark = NO_ENTRY,
	    .map = SNAT_REPLY_DUE,
	    .reported = true } },
	{ "a mapping that was applied is not due",
	  FACT_UNTRANSLATED,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = TRACKED, .map = DNAT_DONE } },
	{ "a mapping of another tuple is not due",
	  FACT_UNTRANSLATED,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY, .map = DNAT_OTHER } },
	{ "an entry without NAT makes nothing due",
	  FACT_UNTRANSLATED,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY, .map = PLAIN } },
	{ "no entry, and nobody was asked: open",
	  FACT_UNTRANSLATED,
	  OPEN,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY } },
	{ "no entry, and conntrack was asked: nothing was due",
	  FACT_UNTRANSLATED,
	  NO,
	  { .call = CALL_PASSIVE, .seg = "A", .mark = NO_ENTRY, .asked = true } },
	/* TTL */
	{ "a TTL unlike all of the peer's is foreign",
	  FACT_FOREIGN_TTL,
	  YES,
	  { .place = IN, .history = "<S >SA <A", .rst_ttl = 61, .peer_ttl = 48 } },
	{ "a TTL like one of the peer's is not",
	  FACT_FOREIGN_TTL,
	  NO,
	  { .place = IN, .history = "<S >SA <A", .rst_ttl = 48, .peer_ttl = 48 } },
	{ "one of another initial TTL after as many hops is the peer's",
	  FACT_FOREIGN_TTL,
	  NO,
	  { .place = IN, .history = "<S >SA <A", .rst_ttl = 112, .peer_ttl = 48 } },
	{ "a hop or two off proves neither",
	  FACT_FOREIGN_TTL,
	  OPEN,
	  { .place = IN, .history = "<S >SA <A", .rst_ttl = 64, .peer_ttl = 63 } },
	{ "... and is worth saying",
	  FACT_NEAR_TTL,
	  YES,
	  { .place = IN, .history = "<S >SA <A", .rst_ttl = 64, .peer_ttl = 63 } },
	{ "what is the same is not near",
	  FACT_NEAR_TTL,
	  NO,
	  { .place = IN, .history = "<S >SA <A", .rst_ttl = 48, .peer_ttl = 48 } },
	{ "a bare SYN is no witness: scanners give theirs any TTL",
	  FACT_FOREIGN_TTL,
	  OPEN,
	  { .place = IN, .history = "<S >SA", .rst_ttl = 61, .peer_ttl = 48 } },
	{ "without a segment of the peer it is open",
	  FACT_FOREIGN_TTL,
	  OPEN,
	  { .place = IN, .history = ">S >S", .rst_ttl = 48 } },
	{ "a RST of ours has no foreign TTL",
	  FACT_FOREIGN_TTL,
	  OPEN,
	  { .place = OUT, .history = "<S >SA <A", .rst_ttl = 255, .peer_ttl = 48 } },
};

static void test_rows(const struct family *f)
{
	static const char *const names[] = { "open", "yes", "no" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reset_case c = scene_build(&rows[i].scene, f->af);

		facts_gather(&c);
		check_str(names[value_of(&c, rows[i].fact)], names[rows[i].want], "%s (%s)",
			  rows[i].name, f->name);
	}
}

static void test_receive(void)
{
	static const struct scene in = { .place = IN_OTHER };
	struct reset_case c = scene_build(&in, AF_INET);

	own_account(&c.seen.receive)->call = CALL_RECEIVE;
	facts_gather(&c);
	check_int(value_of(&c, FACT_ARRIVED_HERE), YES,
		  "a socket that took the RST proves that it was for us");
	c.asked.dst_local = -1;
	c.seen.receive = &no_account;
	facts_gather(&c);
	check_int(value_of(&c, FACT_ARRIVED_HERE), OPEN,
		  "without a socket and without a route it is open for whom it was");
}

/* Facts of an earlier round must not stay. */
static void test_again(void)
{
	struct reset_case c = scene_build(&rows[0].scene, AF_INET);

	c.diagnosis.facts_yes = c.diagnosis.facts_no = ~(fact_set)0;
	facts_gather(&c);
	check(!(c.diagnosis.facts_yes & c.diagnosis.facts_no),
	      "facts are gathered from nothing each time");
	check(!((c.diagnosis.facts_yes | c.diagnosis.facts_no) >> FACT_MAX),
	      "no fact lies beyond the last");
}

/*
 * The gateway LOCAL:443 had mapped PEER:40000 to INNER:80; now OTHER:80 resets what comes from there, and
 * the RST is seen on both sides. @by_sighting: else conntrack's new entry says so.
 */
static struct reset_case remapped_case(uint8_t af, bool by_sighting)
{
	struct tuple outer = make_tuple(af, LOCAL, 443, PEER, 40000);
	struct tuple inner = make_tuple(af, OTHER, 80, PEER, 40000);
	struct reset_case c;

	case_init(&c);
	c.seen.rst.tuple = inner;
	c.seen.rst.ts_ns = T0 + 100 * MS;
	c.seen.rst.flags = FLAG_RST;
	c.asked.gone = (struct gone_mapping){ .known = true, .ts_ns = T0 };
	c.asked.gone.ct = (struct conntrack){ .has_entry = true,
					      .dnat = true,
					      .orig = tuple_reverse(&outer),
					      .reply = make_tuple(af, INNER, 80, PEER, 40000) };
	c.asked.history_since_ns = T0 - 1000 * MS;
	c.asked.n_history = 1;
	c.asked.history[0] = (struct packet){ .ts_ns = T0 + 99 * MS,
					      .tuple = tuple_reverse(&inner),
					      .flags = FLAG_ACK };
	if (by_sighting) {
		c.seen.sightings[0].tuple = inner;
		c.seen.sightings[1].tuple = outer;
		c.seen.n_sightings = 2;
		return c;
	}
	c.asked.ct = c.asked.gone.ct;
	c.asked.ct.reply = inner;
	return c;
}

static enum value remapped(struct reset_case *c)
{
	facts_gather(c);
	return value_of(c, FACT_REMAPPED);
}

static void test_remapped(const struct family *f, bool by_sighting)
{
	const char *how = by_sighting ? "sightings" : "conntrack";
	struct reset_case c = remapped_case(f->af, by_sighting);

	check_int(remapped(&c), YES, "another backend than before, by %s (%s)", how, f->name);
	check_int(value_of(&c, FACT_MAPPING_GONE), OPEN, "... has a mapping, by %s (%s)", how,
		  f->name);
	c.asked.history[0].flags = FLAG_SYN;
	check_int(remapped(&c), OPEN, "a connection begun since is another, by %s (%s)", how,
		  f->name);
	c.asked.history[0].flags = FLAG_ACK;
	c.asked.history_since_ns = T0 + 1;
	check_int(remapped(&c), OPEN, "a SYN may have been overwritten, by %s (%s)", how, f->name);
	c = remapped_case(f->af, by_sighting);
	set_host(c.asked.gone.ct.reply.saddr, f->af, OTHER);
	check_int(remapped(&c), OPEN, "the same backend once more, by %s (%s)", how, f->name);
	c = remapped_case(f->af, by_sighting);
	c.asked.gone.ct.orig.sport++;
	check_int(remapped(&c), OPEN, "another connection's mapping, by %s (%s)", how, f->name);
}

/* A RST of ours that only the recorder saw; @match: does it answer @seg_flags exactly? */
static struct reset_case recorded(uint8_t af, uint8_t rst_flags, uint32_t seq,
				  enum answer_match match, uint8_t seg_flags)
{
	struct reset_case c;

	case_init(&c);
	c.seen.before_start = true;
	c.seen.rst.tuple = make_tuple(af, LOCAL, 80, PEER, 40000);
	c.seen.rst.ts_ns = T0;
	c.seen.rst.flags = rst_flags;
	c.seen.rst.seq = seq;
	c.seen.rst.hook = HOOK_TC_EGRESS;
	c.seen.n_sightings = 1;
	c.seen.sightings[0].tuple = c.seen.rst.tuple;
	c.seen.sightings[0].hook = HOOK_TC_EGRESS;
	c.asked.src_local = 1;
	c.seen.answer_match = match;
	c.seen.answers.tuple = tuple_reverse(&c.seen.rst.tuple);
	c.seen.answers.ts_ns = T0 - MS;
	c.seen.answers.flags = seg_flags;
	return c;
}

static bool is_candidate(struct reset_case *c, const char *id)
{
	unsigned int i;

	classify(c);
	for (i = 0; i < c->diagnosis.n_candidates; i++)
		if (!strcmp(c->diagnosis.candidates[i]->id, id))
			return true;
	return false;
}

static void check_candidates(struct reset_case c, const char *what, const char *const *in,
			     const char *const *out)
{
	for (; *in; in++)
		check(is_candidate(&c, *in), "%s: %s is a candidate", what, *in);
	for (; *out; out++)
		check(!is_candidate(&c, *out), "%s: %s is not", what, *out);
	check(!c.diagnosis.confidence, "%s: and no cause is named", what);
}

/* What a RST's numbers rule out when no kernel was asked, and what they do not. */
static void test_recorded(const struct family *f)
{
	static const char *const of_syn[] = { "closed-port", "netfilter-reject", "embryonic",
					      NULL };
	static const char *const not_of_syn[] = { "linger-zero",
						  "unread-data",
						  "socket-killed",
						  "keepalive-timeout",
						  "listener-closed",
						  "no-socket",
						  "listener-stray",
						  "data-after-close",
						  "syn-sent-bad-ack",
						  "ehash-race-handshake",
						  NULL };
	static const char *const of_ack[] = { "no-socket", "listener-stray", "syn-sent-bad-ack",
					      "ehash-race-handshake", NULL };
	static const char *const not_of_ack[] = { "linger-zero", "closed-port", NULL };
	static const char *const of_own[] = { "linger-zero", "unread-data", "socket-killed", NULL };
	static const char *const not_of_own[] = { "closed-port", "no-socket", "netfilter-reject",
						  "ehash-race-timewait", NULL };
	static const char *const all[] = { "linger-zero", "closed-port", "no-socket", NULL };
	static const char *const none[] = { NULL };
	const uint8_t rst = FLAG_RST, rst_ack = FLAG_RST | FLAG_ACK;
	struct reset_case c;

	check_candidates(recorded(f->af, rst_ack, 0, ANSWER_EXACT, FLAG_SYN), "it answers a SYN",
			 of_syn, not_of_syn);
	check_candidates(recorded(f->af, rst, 77, ANSWER_EXACT, FLAG_ACK), "it answers an ACK",
			 of_ack, not_of_ack);
	check_candidates(recorded(f->af, rst_ack, 77, ANSWER_NEWEST, FLAG_ACK), "its own number",
			 of_own, not_of_own);
	check_candidates(recorded(f->af, rst_ack, 0, ANSWER_NEWEST, FLAG_ACK),
			 "number 0, and no answer to what was recorded", all, none);
	c = recorded(f->af, rst_ack, 0, ANSWER_EXACT, FLAG_SYN);
	c.seen.before_start = false;
	check(is_candidate(&c, "linger-zero"),
	      "what the kernel should have told, and did not, is not taken from the numbers");
}

int main(void)
{
	const struct family *f;

	test_texts();
	for_each_family(f) test_rows(f);
	for_each_family(f) test_remapped(f, false);
	for_each_family(f) test_remapped(f, true);
	for_each_family(f) test_recorded(f);
	test_receive();
	test_again();
	return test_done();
}
