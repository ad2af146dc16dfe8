// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_places.c - interfaces of a capture, as many as anybody writes into one.
 */
#include "capture/places.h"
#include "test.h"

static void test_names(void)
{
	struct places *p = places__new("x.pcap");

	check_int(places__find(p, 0, 0, ""), 0, "the first place is number 0");
	check_int(places__find(p, 1, 0, ""), 1, "the next is number 1");
	check_int(places__find(p, 2, 0, "wan0"), 2, "and so on");
	check_int(places__find(p, 0, 7, "any"), 3, "an interface of the host is a place");
	check_int(places__find(p, 1, 0, "other"), 1, "a place is found again");
	check_int(places__find(p, 1, 0, "other"), 1, "and at once");
	check_int(places__n(p), 4, "they are counted");
	check_str(places__name(p, 0), "x.pcap", "without a name it is the file");
	check_str(places__name(p, 1), "x.pcap:1", "or its interface by number");
	check_str(places__name(p, 2), "wan0", "or by name");
	check_str(places__name(p, 3), "if7", "or the host's by number");
	check_str(places__name(p, 4), "x.pcap", "what does not exist is the file");
	check_str(places__name(p, PLACES_MAX), "x.pcap", "and so is what there was no room for");
	places__free(p);
	places__free(NULL);
}

static void test_bound(void)
{
	struct places *p = places__new("x.pcap");
	unsigned int i, wrong = 0;

	for (i = 0; i < PLACES_MAX; i++)
		wrong += places__find(p, 0, 0x10000 + i * 0x10001, "") != i;
	check_int(wrong, 0, "65535 interfaces are told apart");
	for (i = 0; i < PLACES_MAX; i++)
		wrong += places__find(p, 0, 0x10000 + i * 0x10001, "") != i;
	check_int(wrong, 0, "and found again");
	check_int(places__refused(p), 0, "of them none is refused");
	check_int(places__find(p, 1, 1, ""), PLACES_MAX, "one more is not told apart");
	check_int(places__find(p, 1, 1, ""), PLACES_MAX, "nor later");
	check_int(places__refused(p), 2, "which is counted");
	check_int(places__n(p), PLACES_MAX, "there is a bound");
	places__free(p);
}

int main(void)
{
	test_names();
	test_bound();
	return test_done();
}
