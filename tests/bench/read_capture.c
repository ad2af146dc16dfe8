// SPDX-License-Identifier: GPL-2.0-only
/*
 * read_capture.c FILE - libpcap's read loop and nothing more: what explain is measured against.
 */
#include <pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	unsigned long long packets = 0, bytes = 0;
	struct pcap_pkthdr *head;
	const u_char *data;

	if (!p)
		return 1;
	for (; pcap_next_ex(p, &head, &data) == 1; packets++)
		bytes += head->caplen;
	printf("%llu packets, %llu bytes\n", packets, bytes);
	pcap_close(p);
	return 0;
}
