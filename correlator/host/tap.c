// SPDX-License-Identifier: GPL-2.0-only
/*
 * tap.c - tap devices of the current network namespace, and who writes the packets that come by them.
 */
#include "host/tap.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/proc_fds.h"

#define HOLDERS_MAX 16

struct holders {
	char ifname[IFNAMSIZ];
	uint32_t pid[HOLDERS_MAX];
	unsigned int n;
	bool vm;
};

bool tap_is(uint32_t ifindex)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq req = { .ifr_data = (void *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = -1;

	if (fd >= 0 && if_indextoname(ifindex, req.ifr_name))
		err = ioctl(fd, SIOCETHTOOL, &req);
	if (fd >= 0)
		close(fd);
	return !err && !strcmp(info.driver, "tun") && !strcmp(info.bus_info, "tap");
}

/* "iff:\tNAME". The same name may be in another network namespace: then both are listed. */
static bool has_device(const struct proc_fd *fd, const char *ifname)
{
	char path[300], line[128];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.200s", fd->pid, fd->name);
	in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, "iff:\t", 5) && !strcmp(line + 5, ifname);
	}
	if (in)
		fclose(in);
	return found;
}

static bool add_holder(void *ctx, const struct proc_fd *fd)
{
	struct holders *h = ctx;

	if (!strcmp(fd->target, "/dev/net/tun") && h->n < HOLDERS_MAX &&
	    (!h->n || h->pid[h->n - 1] != fd->pid) && has_device(fd, h->ifname))
		h->pid[h->n++] = fd->pid;
	return true;
}

static bool find_vm(void *ctx, const struct proc_fd *fd)
{
	struct holders *h = ctx;
	unsigned int i;

	for (i = 0; i < h->n; i++)
		h->vm |= h->pid[i] == fd->pid && !strcmp(fd->target, "anon_inode:kvm-vm");
	return !h->vm;
}

void tap_holders(uint32_t ifindex, char *ret, size_t size, bool *ret_vm)
{
	struct holders h = { .n = 0 };
	unsigned int i;

	ret[0] = '\0';
	*ret_vm = false;
	if (!if_indextoname(ifindex, h.ifname))
		return;
	proc_fds_each(add_holder, &h);
	for (i = 0; i < h.n; i++)
		proc_fds_add_process(ret, size, h.pid[i]);
	if (h.n)
		proc_fds_each(find_vm, &h);
	*ret_vm = h.vm;
}
