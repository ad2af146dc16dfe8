// SPDX-License-Identifier: GPL-2.0-only
/*
 * module_events.c - learn that the kernel has loaded a module.
 */
#include "host/module_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_GROUP 1
/* The inode of the first user namespace: PROC_USER_INIT_INO, the same since Linux 3.8. */
#define FIRST_USER_NS 0xeffffffdu

/* uevent_net_init(): others are on no list of receivers. */
static bool is_reached(void)
{
	int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), user = -1;
	struct stat st;
	bool reached;

	if (netns >= 0)
		user = ioctl(netns, NS_GET_USERNS);
	reached = user >= 0 && !fstat(user, &st) && st.st_ino == FIRST_USER_NS;
	if (user >= 0)
		close(user);
	if (netns >= 0)
		close(netns);
	return reached;
}

int module_events_open(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int fd, err;

	if (!is_reached())
		return -ENOTSUP;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool module_events_read(int fd)
{
	static const char added[] = "add@/module/";
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	bool loaded = false;
	char text[2048];
	ssize_t n;

	do {
		n = recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &from_len);
		/* Port 0 is the kernel; more at once than there was room for may have been anything. */
		loaded |= n < 0 && errno == ENOBUFS;
		loaded |= n >= (ssize_t)sizeof(added) && from.nl_pid == 0 &&
			  !memcmp(text, added, sizeof(added) - 1);
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
	return loaded;
}
