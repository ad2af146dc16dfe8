// SPDX-License-Identifier: GPL-2.0-only
/*
 * closer.c - an application that resets its connection by close(), from a line that is known.
 *
 * closer listen PORT: holds what connects. closer connect ADDRESS PORT FILE: says its tuple, waits until
 * FILE is there, resets the connection, says so, and stays.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_socket(const char *address, const char *port, int listens)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | (listens ? AI_PASSIVE : 0),
				  .ai_family = listens ? AF_INET6 : AF_UNSPEC };
	struct addrinfo *ai;
	int fd, err, one = 1;

	if (getaddrinfo(address, port, &hints, &ai))
		exit(1);
	fd = socket(ai->ai_family, ai->ai_socktype, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	err = listens ? bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 16) :
			connect(fd, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	if (err) {
		perror(listens ? "listen" : "connect");
		exit(1);
	}
	return fd;
}

static void print_end(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	char host[64] = "?", port[16] = "?";
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	get(fd, (struct sockaddr *)&at, &len);
	getnameinfo((struct sockaddr *)&at, len, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	printf(" %s %s", host, port);
}

/* What it does after close() keeps the compiler from jumping there in place of calling it. */
static __attribute__((noinline)) int drop_session(int fd)
{
	int err = close(fd); /* the line of the reset */

	return err + 1;
}

static __attribute__((noinline)) int handle_timeout(int fd)
{
	volatile char session[1500];
	size_t i;

	for (i = 0; i < sizeof(session); i++)
		session[i] = (char)i;
	return drop_session(fd) + session[7];
}

int main(int argc, char **argv)
{
	struct linger at_once = { 1, 0 };
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "listen")) {
		open_socket(NULL, argv[2], 1);
		puts("listening");
	} else if (argc == 5 && !strcmp(argv[1], "connect")) {
		fd = open_socket(argv[2], argv[3], 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		fputs("tuple", stdout);
		print_end(fd, getsockname);
		print_end(fd, getpeername);
		putchar('\n');
		while (access(argv[4], F_OK))
			usleep(10000);
		printf("closed %d\n", handle_timeout(fd));
	} else {
		return 2;
	}
	for (;;)
		pause();
}
