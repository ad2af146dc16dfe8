// SPDX-License-Identifier: GPL-2.0-only
/*
 * raw_sockets.c - which processes hold raw or packet sockets of the current network namespace.
 *
 * By the lists in /proc/net: sock_diag would have to load a module for each kind.
 */
#include "host/raw_sockets.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_fds.h"

struct inodes {
	uint64_t ino[RAW_SOCKETS_MAX];
	unsigned int n;
	char *list;
	size_t size;
};

uint64_t raw_sockets_inode(const char *line, bool packet, unsigned int protocol, bool but)
{
	unsigned long long ino;
	unsigned int proto;

	/* "sk RefCnt Type Proto Iface R Rmem User Inode"; the heading has no number there. */
	if (packet)
		return sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %llu", &ino) == 1 ? ino : 0;
	/* "sl local_address:PROTO rem_address st tx:rx tr:when retrnsmt uid timeout inode" */
	if (sscanf(line, "%*[^:]: %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s %llu", &proto,
		   &ino) != 2)
		return 0;
	return (proto == protocol) != but ? ino : 0;
}

static void read_list(const char *path, bool packet, bool but, struct inodes *s)
{
	FILE *in = fopen(path, "re");
	char line[512];

	while (in && s->n < RAW_SOCKETS_MAX && fgets(line, sizeof(line), in)) {
		s->ino[s->n] = raw_sockets_inode(line, packet, IPPROTO_TCP, but);
		s->n += s->ino[s->n] != 0;
	}
	if (in)
		fclose(in);
}

static bool add_holder(void *ctx, const struct proc_fd *fd)
{
	struct inodes *s = ctx;
	unsigned long long ino;
	unsigned int i;

	if (sscanf(fd->target, "socket:[%llu]", &ino) != 1)
		return true;
	for (i = 0; i < s->n; i++)
		if (s->ino[i] == ino)
			proc_fds_add_process(s->list, s->size, fd->pid);
	return true;
}

void raw_sockets_holders(enum maker kind, char *ret, size_t size)
{
	struct inodes s = { .n = 0, .list = ret, .size = size };

	ret[0] = '\0';
	if (kind == MAKER_PACKET) {
		read_list("/proc/thread-self/net/packet", true, false, &s);
	} else {
		read_list("/proc/thread-self/net/raw", false, kind == MAKER_RAW, &s);
		read_list("/proc/thread-self/net/raw6", false, kind == MAKER_RAW, &s);
	}
	if (s.n)
		proc_fds_each(add_holder, &s);
}
