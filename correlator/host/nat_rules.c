// SPDX-License-Identifier: GPL-2.0-only
/*
 * nat_rules.c - NAT rules by nfnetlink (nftables, also iptables-nft) and by iptables' getsockopt.
 *
 * To ask a subsystem that is not loaded would load it, so it is asked only when it is there: as
 * a module it has a folder in /sys/module, built in it has its symbols in /proc/kallsyms.
 */
#include "host/nat_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* An iptables table without rules: a policy for each of its hooks, and the final error. */
#define NAT_HOOKS 4
#define ENTRIES_WITHOUT_RULES (NAT_HOOKS + 1)

enum part { NF_NAT, NF_TABLES, N_PARTS };

static const struct {
	const char *module;
	const char *symbol; /* not inlined, and kept after boot */
} parts[N_PARTS] = {
	[NF_NAT] = { "nf_nat", "nf_nat_setup_info" },
	[NF_TABLES] = { "nf_tables", "nft_register_chain_type" },
};

struct nat_reader {
	char *root;
	struct mnl_socket *nl; /* NULL: nftables has not been asked yet */
	unsigned int seq;
	uint32_t generation;  /* of the rules that `chains` is about */
	enum tristate chains; /* does nftables have NAT rules? */
	enum tristate built_in[N_PARTS];
	bool symbols_read;
	bool ever;
};

/* --- is it loaded? ------------------------------------------------------------------------- */

static FILE *open_below(const struct nat_reader *n, const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s%s", n->root, dir, name);
	return fopen(path, "re");
}

/* "address type name", and "\t[module]" behind names of modules. */
static bool is_built_in(const char *line, const char *symbol)
{
	const char *name = strrchr(line, ' ');

	return name && !strncmp(name + 1, symbol, strlen(symbol)) &&
	       name[1 + strlen(symbol)] == '\n';
}

static void read_symbols(struct nat_reader *n)
{
	FILE *in = open_below(n, "/proc/", "kallsyms");
	char line[512];
	int i, lines = 0;

	n->symbols_read = true;
	if (!in)
		return;
	while (fgets(line, sizeof(line), in)) {
		lines++;
		for (i = 0; i < N_PARTS; i++)
			if (is_built_in(line, parts[i].symbol))
				n->built_in[i] = KNOWN_YES;
	}
	fclose(in);
	for (i = 0; i < N_PARTS && lines; i++)
		if (!n->built_in[i])
			n->built_in[i] = KNOWN_NO;
}

static enum tristate is_loaded(struct nat_reader *n, enum part part)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/sys/module/%s", n->root, parts[part].module);
	if (!access(path, F_OK))
		return KNOWN_YES;
	if (!n->symbols_read)
		read_symbols(n);
	return n->built_in[part];
}

/* --- nftables ------------------------------------------------------------------------------ */

static int on_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attrs = data;

	if (mnl_attr_type_valid(attr, NFTA_CHAIN_MAX) >= 0)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int on_generation(const struct nlmsghdr *msg, void *data)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1] = { NULL };
	uint32_t *generation = data;

	mnl_attr_parse(msg, sizeof(struct nfgenmsg), on_attribute, attrs);
	if (attrs[NFTA_GEN_ID] && !mnl_attr_validate(attrs[NFTA_GEN_ID], MNL_TYPE_U32))
		*generation = ntohl(mnl_attr_get_u32(attrs[NFTA_GEN_ID]));
	return MNL_CB_OK;
}

/* Only base chains have a type; "use" counts a chain's rules. */
static int on_chain(const struct nlmsghdr *msg, void *data)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1] = { NULL };
	const struct nlattr *type, *use;
	bool *found = data;

	mnl_attr_parse(msg, sizeof(struct nfgenmsg), on_attribute, attrs);
	type = attrs[NFTA_CHAIN_TYPE];
	use = attrs[NFTA_CHAIN_USE];
	if (!type || mnl_attr_validate(type, MNL_TYPE_NUL_STRING) ||
	    strcmp(mnl_attr_get_str(type), "nat"))
		return MNL_CB_OK;
	/* A kernel that does not count them may have some. */
	if (!use || mnl_attr_validate(use, MNL_TYPE_U32) || mnl_attr_get_u32(use))
		*found = true;
	return MNL_CB_OK;
}

static int ask(struct nat_reader *n, uint16_t type, uint16_t flags, mnl_cb_t fn, void *data)
{
	char buf[8192] __attribute__((aligned(8)));
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nf;
	ssize_t len;
	int more;

	msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_seq = ++n->seq;
	nf = mnl_nlmsg_put_extra_header(msg, sizeof(*nf));
	nf->nfgen_family = AF_UNSPEC;
	nf->version = NFNETLINK_V0;
	if (mnl_socket_sendto(n->nl, msg, msg->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(n->nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		more = mnl_cb_run(buf, (size_t)len, n->seq, mnl_socket_get_portid(n->nl), fn, data);
	} while (more > 0 && flags & NLM_F_DUMP);
	return more < 0 ? -errno : 0;
}

static int open_socket(struct nat_reader *n)
{
	struct mnl_socket *nl;

	if (n->nl)
		return 0;
	nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return -errno;
	}
	n->nl = nl;
	return 0;
}

/* Thousands of chains take a while: they are read again only when the rules have changed. */
static enum tristate nftables_has_nat(struct nat_reader *n)
{
	uint32_t generation = 0;
	bool found = false;

	if (is_loaded(n, NF_TABLES) == KNOWN_NO)
		return KNOWN_NO;
	if (is_loaded(n, NF_TABLES) == KNOWN_NOTHING || open_socket(n) ||
	    ask(n, NFT_MSG_GETGEN, 0, on_generation, &generation))
		return KNOWN_NOTHING;
	if (n->chains && generation == n->generation)
		return n->chains;
	if (ask(n, NFT_MSG_GETCHAIN, NLM_F_DUMP, on_chain, &found))
		return KNOWN_NOTHING;
	n->generation = generation;
	n->chains = found ? KNOWN_YES : KNOWN_NO;
	return n->chains;
}

/* --- iptables ------------------------------------------------------------------------------ */

static bool is_listed(const struct nat_reader *n, const char *names)
{
	FILE *in = open_below(n, "/proc/thread-self/net/", names);
	char line[XT_TABLE_MAXNAMELEN + 2];
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in))
		found = !strcmp(line, "nat\n");
	if (in)
		fclose(in);
	return found;
}

static enum tristate table_has_rules(int family, int level, int option)
{
	struct ipt_getinfo info = { .name = "nat" }; /* that of ip6tables is laid out alike */
	socklen_t len = sizeof(info);
	int err, fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one answer");
	if (fd < 0)
		return KNOWN_NOTHING;
	err = getsockopt(fd, level, option, &info, &len);
	close(fd);
	if (err)
		return KNOWN_NOTHING;
	return info.num_entries > ENTRIES_WITHOUT_RULES ? KNOWN_YES : KNOWN_NO;
}

static enum tristate iptables_has_nat(const struct nat_reader *n)
{
	enum tristate v4 = KNOWN_NO, v6 = KNOWN_NO;

	if (is_listed(n, "ip_tables_names"))
		v4 = table_has_rules(AF_INET, IPPROTO_IP, IPT_SO_GET_INFO);
	if (is_listed(n, "ip6_tables_names"))
		v6 = table_has_rules(AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO);
	if (v4 == KNOWN_YES || v6 == KNOWN_YES)
		return KNOWN_YES;
	return v4 == KNOWN_NO ? v6 : v4;
}

/* ------------------------------------------------------------------------------------------- */

static enum tristate present_now(struct nat_reader *n)
{
	enum tristate nft, ipt;

	if (is_loaded(n, NF_NAT) == KNOWN_NO)
		return KNOWN_NO;
	nft = nftables_has_nat(n);
	ipt = nft == KNOWN_YES ? KNOWN_NO : iptables_has_nat(n);
	if (nft == KNOWN_YES || ipt == KNOWN_YES)
		return KNOWN_YES;
	return nft == KNOWN_NO ? ipt : nft;
}

enum nat_rules nat_reader__rules(struct nat_reader *n)
{
	enum tristate now = n->ever ? KNOWN_YES : present_now(n);

	n->ever = now == KNOWN_YES;
	return now == KNOWN_YES ? NAT_RULES_PRESENT :
	       now == KNOWN_NO	? NAT_RULES_NONE :
				  NAT_RULES_UNKNOWN;
}

struct nat_reader *nat_reader__open(const char *root)
{
	struct nat_reader *n = calloc(1, sizeof(*n));

	if (n)
		n->root = strdup(root);
	if (n && n->root)
		return n;
	nat_reader__free(n);
	errno = ENOMEM;
	return NULL;
}

void nat_reader__free(struct nat_reader *n)
{
	if (!n)
		return;
	if (n->nl)
		mnl_socket_close(n->nl);
	free(n->root);
	free(n);
}
