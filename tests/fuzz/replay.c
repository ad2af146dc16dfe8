// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay.c FILE... - run what once was found through a target again, without a fuzzer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

int main(int argc, char **argv)
{
	static uint8_t data[1 << 20];
	int i;

	for (i = 1; i < argc; i++) {
		FILE *in = fopen(argv[i], "r");
		size_t n = in ? fread(data, 1, sizeof(data), in) : 0;

		if (in)
			fclose(in);
		LLVMFuzzerTestOneInput(data, n);
		printf("ok - %s\n", argv[i]);
	}
	return argc > 1 ? 0 : 1;
}
