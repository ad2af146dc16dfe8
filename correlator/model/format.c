// SPDX-License-Identifier: GPL-2.0-only
/*
 * format.c - values of a case as people write them.
 */
#include "model/format.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "model/names.h"

const char *tcp_state_name(uint8_t state)
{
	static const char *const names[] = {
		"UNKNOWN",   "ESTABLISHED", "SYN_SENT",	    "SYN_RECV",	  "FIN_WAIT1",
		"FIN_WAIT2", "TIME_WAIT",   "CLOSE",	    "CLOSE_WAIT", "LAST_ACK",
		"LISTEN",    "CLOSING",	    "NEW_SYN_RECV",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : names[0];
}

const char *ct_state_name(enum ct_state state)
{
	switch (state) {
	case CT_INVALID:
		return "INVALID";
	case CT_NEW:
		return "NEW";
	case CT_ESTABLISHED:
		return "ESTABLISHED";
	case CT_RELATED:
		return "RELATED";
	case CT_UNTRACKED:
		return "UNTRACKED";
	default:
		return "none";
	}
}

const char *conversation_state_text(const char *state)
{
	static const char *const texts[][2] = {
		{ "RSTO", "established; the opener aborted" },
		{ "RSTR", "established; the responder aborted" },
		{ "RSTOS0", "the opener sent a SYN, then the RST" },
		{ "RSTRH", "the responder sent a SYN ACK, then the RST; no SYN was seen" },
		{ "REJ", "the SYN was refused" },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(state, texts[i][0]))
			return texts[i][1];
	return "its beginning was not seen";
}

const char *lookup_name(enum lookup lookup)
{
	const char *id = lookup == LOOKUP_UNKNOWN ? NULL : lookup_id(lookup);

	return id ? id : lookup_id(LOOKUP_NONE);
}

const char *hook_name(enum hook hook)
{
	const char *id = hook_id(hook);

	return id ? id : hook_id(HOOK_PCAP);
}

/* Returns behind the last digit. */
static char *put_number(char *to, uint32_t n)
{
	char digits[10];
	unsigned int at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	memcpy(to, digits + at, sizeof(digits) - at);
	return to + sizeof(digits) - at;
}

void print_number(FILE *out, uint32_t n)
{
	char digits[10];
	const char *end = put_number(digits, n);

	fwrite(digits, 1, (size_t)(end - digits), out);
}

const char *format_address(char *buf, const uint8_t *addr, uint8_t family)
{
	char *to = buf;
	unsigned int i;

	if (family == AF_INET6)
		return inet_ntop(AF_INET6, addr, buf, INET6_ADDRSTRLEN);
	for (i = 12; i < 16; i++) {
		to = put_number(to, addr[i]);
		*to++ = '.';
	}
	to[-1] = 0;
	return buf;
}

void print_address(FILE *out, const uint8_t *addr, uint8_t family)
{
	char text[INET6_ADDRSTRLEN];

	fputs(format_address(text, addr, family), out);
}

void print_endpoint(FILE *out, const uint8_t *addr, uint16_t port, uint8_t family)
{
	bool v6 = family == AF_INET6;

	if (v6)
		fputc('[', out);
	print_address(out, addr, family);
	fputs(v6 ? "]:" : ":", out);
	print_number(out, port);
}

void print_tuple(FILE *out, const struct tuple *t)
{
	print_endpoint(out, t->saddr, t->sport, t->family);
	fputs(" → ", out);
	print_endpoint(out, t->daddr, t->dport, t->family);
}

const char *format_flags(char *buf, uint8_t flags)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {
		{ FLAG_SYN, "SYN " }, { FLAG_FIN, "FIN " }, { FLAG_RST, "RST " },
		{ FLAG_PSH, "PSH " }, { FLAG_ACK, "ACK " },
	};
	char *to = buf;
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			to = mempcpy(to, names[i].name, 4);
	if (to == buf)
		return strcpy(buf, "no flags");
	to[-1] = 0;
	return buf;
}

void print_flags(FILE *out, uint8_t flags)
{
	char text[FLAGS_TEXT_MAX];

	fputs(format_flags(text, flags), out);
}

/* The spaces do not break lines. What is rounded up to the next unit is written in that one. */
const char *format_duration(char *buf, uint64_t ns)
{
	double us = (double)ns / 1e3;

	if (us < 999.95)
		snprintf(buf, DURATION_TEXT_MAX, "%.1f µs", us);
	else if (us < 999500)
		snprintf(buf, DURATION_TEXT_MAX, "%.*f ms",
			 us < 9995  ? 2 :
			 us < 99950 ? 1 :
				      0,
			 us / 1e3);
	else
		snprintf(buf, DURATION_TEXT_MAX, "%.*f s", us < 9.9995e7 ? 2 : 0, us / 1e6);
	return buf;
}

void print_duration(FILE *out, uint64_t ns)
{
	char text[DURATION_TEXT_MAX];

	fputs(format_duration(text, ns), out);
}

void print_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if (isprint(ch) && ch != '\\')
			fputc(ch, out);
		else
			fprintf(out, "\\x%02x", ch);
	}
}

void print_frame(FILE *out, const struct frame *f)
{
	if (!f->name) {
		fputc('?', out);
		return;
	}
	print_escaped(out, f->name);
	if (f->addr)
		fprintf(out, "+0x%x", f->offset);
	if (f->size)
		fprintf(out, "/0x%x", f->size);
	if (f->module && f->module[0]) {
		fputs(" [", out);
		print_escaped(out, f->module);
		fputc(']', out);
	}
}
