// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_progress.c - the progress bar, on a terminal of the test's own.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/progress.h"
#include "test.h"

static int terminal = -1; /* our end of it */
static char drawn[65536];

/* Standard error becomes a terminal of so many columns. */
static void open_terminal(unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int other;

	close(terminal);
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	if (terminal < 0 || grantpt(terminal) || unlockpt(terminal))
		abort();
	other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	if (other < 0 || dup2(other, STDERR_FILENO) < 0)
		abort();
	close(other);
	ioctl(STDERR_FILENO, TIOCSWINSZ, &size);
}

/* What has appeared since the last call. */
static const char *appeared(void)
{
	struct pollfd p = { .fd = terminal, .events = POLLIN };
	size_t n = 0;

	while (poll(&p, 1, 0) > 0 && n < sizeof(drawn) - 1) {
		ssize_t got = read(terminal, drawn + n, sizeof(drawn) - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	drawn[n] = 0;
	return drawn;
}

/* Asked as a reader asks it, until it draws: at the earliest when somebody waits. */
static const char *shown(struct progress *p, double done, uint64_t packets, uint64_t resets)
{
	struct pollfd wait = { .fd = terminal, .events = POLLIN };
	unsigned int i;

	for (i = 0; i < 6000; i++) {
		progress__show(p, done, packets, resets);
		if (poll(&wait, 1, 10) > 0)
			return appeared();
	}
	return "";
}

static size_t columns_of(const char *line)
{
	size_t n = 0;

	for (line += *line == '\r'; *line && *line != '\033'; line++)
		n++;
	return n;
}

static void test_bar(void)
{
	struct progress *hidden = progress__new(false, "a.pcap");
	struct progress *p = progress__new(true, "a.pcap");

	progress__show(p, 0, 1, 0);
	check_str(appeared(), "", "nothing appears for those who need not wait");
	check_str(shown(p, 0.5, 1200, 3),
		  "\ra.pcap ############............  50%  1200 packets, 3 resets\033[K",
		  "half of the work is half a bar");
	progress__show(p, 0.5, 1200, 3);
	check_str(appeared(), "", "it is not drawn again at once");
	progress__show(hidden, 0.5, 1200, 3);
	progress__free(hidden);
	check_str(appeared(), "", "where nobody looks nothing is drawn");
	check_has(shown(p, 1.5, 2, 0), " ########################", "more than all is all");
	check_has(shown(p, -1, 7, 0), "7 packets", "without a length there are only the numbers");
	progress__clear(p);
	check_str(appeared(), "\r\033[K", "it disappears");
	progress__clear(p);
	check_str(appeared(), "", "... once");
	shown(p, 0.1, 1, 1);
	progress__free(p);
	check_str(appeared(), "\r\033[K", "it disappears at the end");
}

static void test_narrow(void)
{
	struct progress *p;

	open_terminal(20);
	p = progress__new(true, "a-very-long-name-of-a-capture.pcapng");
	check_int(columns_of(shown(p, 0.5, 1, 1)), 19, "it never fills a line");
	progress__free(p);
}

/* Another thread writes to the same terminal. */
static void test_pause(void)
{
	struct progress *p;
	const char *text;
	unsigned int i;

	open_terminal(80);
	p = progress__new(true, "file");
	check_has(shown(p, 0.5, 1, 0), "50%", "a bar is drawn");
	progress__pause(p);
	check_str(appeared(), "\r\033[K", "it goes before somebody writes");
	fputs("a report\n", stderr);
	text = appeared();
	for (i = 0; i < 50 && !strchr(text, '#'); i++) {
		struct pollfd wait = { .fd = terminal, .events = POLLIN };

		progress__show(p, 0.6, 2, 0);
		if (poll(&wait, 1, 10) > 0)
			text = appeared();
	}
	check_lacks(text, "#", "and is not drawn while somebody does");
	progress__resume(p);
	check_has(shown(p, 0.75, 3, 0), "75%", "but after it");
	progress__free(p);
}

int main(void)
{
	open_terminal(100);
	test_bar();
	test_narrow();
	progress__free(NULL);
	test_pause();
	return test_done();
}
