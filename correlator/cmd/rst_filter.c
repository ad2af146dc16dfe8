// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_filter.c - a pcap-filter(7) expression, applied to the RST.
 *
 * The recorder keeps no raw packets, so the IP and TCP headers are made again from the record;
 * all of what an expression can ask of them is there but options and checksums.
 */
#include "cmd/rst_filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>

struct filter {
	struct bpf_program program;
};

/* What libpcap takes for one word; none ends in a dash or an underscore. */
static size_t word_length(const char *at)
{
	size_t n = isalnum((unsigned char)*at) ? 1 : 0;

	while (n && *(at + n) && (isalnum((unsigned char)at[n]) || strchr("-_.", at[n])))
		n++;
	while (n && strchr("-_", at[n - 1]))
		n--;
	return n;
}

/* A backslash makes a name of a keyword. */
static bool has_word(const char *expression, const char *word)
{
	const char *at = expression;
	size_t n;

	for (; *at; at += n ? n : 1) {
		n = word_length(at);
		if (n == strlen(word) && !strncmp(at, word, n) &&
		    (at == expression || at[-1] != '\\'))
			return true;
	}
	return false;
}

struct filter *filter__compile(const char *expression, char *why, size_t len)
{
	struct filter *f;
	pcap_t *pcap;

	/* libpcap accepts these here, but the headers that we make again have no direction. */
	if (has_word(expression, "inbound") || has_word(expression, "outbound")) {
		snprintf(why, len, "use -Q in and -Q out instead of 'inbound' and 'outbound'");
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	pcap = pcap_open_dead(DLT_RAW, 65535);

	if (!f || !pcap || pcap_compile(pcap, &f->program, expression, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(why, len, "%s", pcap ? pcap_geterr(pcap) : "out of memory");
		free(f);
		f = NULL;
	}
	if (pcap)
		pcap_close(pcap);
	return f;
}

int filter_add_word(char **expression, const char *word)
{
	size_t have = *expression ? strlen(*expression) : 0;
	char *grown = realloc(*expression, have + strlen(word) + 2);

	if (!grown)
		return -ENOMEM;
	*expression = grown;
	if (have)
		grown[have++] = ' ';
	strcpy(grown + have, word);
	return 0;
}

void filter__free(struct filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->program);
	free(f);
}

static size_t make_ipv4(const struct packet *p, unsigned char *buf)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(struct tcphdr) + p->len)),
		.id = htons(p->ipid),
		.ttl = p->ttl,
		.protocol = IPPROTO_TCP,
	};

	memcpy(&ip.saddr, p->tuple.saddr + 12, 4);
	memcpy(&ip.daddr, p->tuple.daddr + 12, 4);
	memcpy(buf, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t make_ipv6(const struct packet *p, unsigned char *buf)
{
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6u << 28),
		.ip6_plen = htons((uint16_t)(sizeof(struct tcphdr) + p->len)),
		.ip6_nxt = IPPROTO_TCP,
		.ip6_hlim = p->ttl,
	};

	memcpy(&ip.ip6_src, p->tuple.saddr, 16);
	memcpy(&ip.ip6_dst, p->tuple.daddr, 16);
	memcpy(buf, &ip, sizeof(ip));
	return sizeof(ip);
}

bool filter__matches(const struct filter *f, const struct packet *rst)
{
	unsigned char buf[sizeof(struct ip6_hdr) + sizeof(struct tcphdr)];
	struct pcap_pkthdr hdr = { .len = 0 };
	struct tcphdr tcp = {
		.source = htons(rst->tuple.sport),
		.dest = htons(rst->tuple.dport),
		.seq = htonl(rst->seq),
		.ack_seq = htonl(rst->ack),
		.doff = sizeof(tcp) / 4,
		.window = htons(rst->window),
	};
	size_t ip_len;

	if (!f)
		return true;
	ip_len = rst->tuple.family == AF_INET6 ? make_ipv6(rst, buf) : make_ipv4(rst, buf);
	tcp.th_flags = rst->flags;
	memcpy(buf + ip_len, &tcp, sizeof(tcp));
	hdr.caplen = (bpf_u_int32)(ip_len + sizeof(tcp));
	hdr.len = hdr.caplen + rst->len;
	return pcap_offline_filter(&f->program, &hdr, buf);
}

bool filter__matches_case(const struct filter *f, const struct reset_case *c)
{
	struct tuple images[CASE_IMAGES_MAX];
	unsigned int n = f ? case_images(c, images) : 0, i;
	struct packet rst = c->seen.rst;

	for (i = 0; i < n; i++) {
		rst.tuple = images[i];
		if (filter__matches(f, &rst))
			return true;
	}
	return !f;
}
