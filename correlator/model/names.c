// SPDX-License-Identifier: GPL-2.0-only
/*
 * names.c - what the values of enumerations are called in files.
 *
 * Switches without a default: the compiler warns of a value without a name.
 */
#include "model/names.h"

#include <string.h>

#include "model/case.h"

const char *hook_id(unsigned int v)
{
	switch ((enum hook)v) {
	case HOOK_XDP:
		return "xdp";
	case HOOK_TC_INGRESS:
		return "tc-ingress";
	case HOOK_TC_EGRESS:
		return "tc-egress";
	case HOOK_PCAP:
		return "pcap";
	case HOOK_KERNEL:
		return "kernel";
	}
	return NULL;
}

const char *heading_id(unsigned int v)
{
	switch ((enum heading)v) {
	case HEADING_UNKNOWN:
		return "unknown";
	case HEADING_IN:
		return "in";
	case HEADING_OUT:
		return "out";
	}
	return NULL;
}

const char *case_kind_id(unsigned int v)
{
	switch ((enum case_kind)v) {
	case CASE_RESET:
		return "reset";
	case CASE_STALL:
		return "stall";
	}
	return NULL;
}

const char *answer_match_id(unsigned int v)
{
	switch ((enum answer_match)v) {
	case ANSWER_NONE:
		return "none";
	case ANSWER_NEWEST:
		return "newest";
	case ANSWER_EXACT:
		return "exact";
	}
	return NULL;
}

const char *ct_state_id(unsigned int v)
{
	switch ((enum ct_state)v) {
	case CT_UNKNOWN:
		return "unknown";
	case CT_NONE:
		return "none";
	case CT_INVALID:
		return "invalid";
	case CT_NEW:
		return "new";
	case CT_ESTABLISHED:
		return "established";
	case CT_RELATED:
		return "related";
	case CT_UNTRACKED:
		return "untracked";
	}
	return NULL;
}

const char *kernel_call_id(unsigned int v)
{
	switch ((enum kernel_call)v) {
	case CALL_NONE:
		return "none";
	case CALL_PASSIVE:
		return "passive";
	case CALL_ACTIVE:
		return "active";
	case CALL_RECEIVE:
		return "receive";
	case CALL_REJECT:
		return "reject";
	case CALL_NF_DROP:
		return "nf-drop";
	case CALL_CHALLENGE:
		return "challenge";
	case CALL_TIMEWAIT:
		return "timewait";
	case CALL_WINDOW:
		return "window";
	}
	return NULL;
}

const char *lookup_id(unsigned int v)
{
	switch ((enum lookup)v) {
	case LOOKUP_UNKNOWN:
		return "unknown";
	case LOOKUP_NONE:
		return "none";
	case LOOKUP_LISTENER:
		return "listener";
	case LOOKUP_REQUEST:
		return "request";
	case LOOKUP_ESTABLISHED:
		return "established";
	case LOOKUP_TIMEWAIT:
		return "timewait";
	case LOOKUP_OTHER:
		return "other";
	}
	return NULL;
}

const char *window_kind_id(unsigned int v)
{
	switch ((enum window_kind)v) {
	case WINDOW_NONE:
		return "none";
	case WINDOW_HANDSHAKE:
		return "handshake";
	case WINDOW_TIMEWAIT:
		return "timewait";
	}
	return NULL;
}

const char *maker_id(unsigned int v)
{
	switch ((enum maker)v) {
	case MAKER_NOT_ASKED:
		return "not-asked";
	case MAKER_NONE:
		return "none";
	case MAKER_TCP:
		return "tcp";
	case MAKER_ANSWERER:
		return "raw-tcp";
	case MAKER_RAW:
		return "raw";
	case MAKER_PACKET:
		return "packet";
	case MAKER_QUEUE:
		return "tap";
	case MAKER_OTHER:
		return "other";
	case MAKER_CAME_IN:
		return "came-in";
	case MAKER_TURNED:
		return "turned";
	}
	return NULL;
}

const char *tristate_id(unsigned int v)
{
	switch ((enum tristate)v) {
	case KNOWN_NOTHING:
		return "unknown";
	case KNOWN_NO:
		return "no";
	case KNOWN_YES:
		return "yes";
	}
	return NULL;
}

const char *nat_rules_id(unsigned int v)
{
	switch ((enum nat_rules)v) {
	case NAT_RULES_NOT_READ:
		return "not-read";
	case NAT_RULES_NONE:
		return "none";
	case NAT_RULES_PRESENT:
		return "present";
	case NAT_RULES_UNKNOWN:
		return "unknown";
	}
	return NULL;
}

int name_parse(value_name names, const char *text)
{
	const char *name;
	unsigned int v;

	for (v = 0; (name = names(v)); v++)
		if (!strcmp(name, text))
			return (int)v;
	return -1;
}
