// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_text.c - any text where users write some: filters, lists of causes, names of causes; and where
 * others choose it: what is printed must be printable.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/causes.h"
#include "report/cause_page.h"
#include "cmd/rst_filter.h"
#include "fuzz.h"
#include "model/format.h"

static void check_printable(const char *text)
{
	char *out = NULL;
	size_t n, i;
	FILE *f = open_memstream(&out, &n);

	print_escaped(f, text);
	fclose(f);
	for (i = 0; i < n; i++)
		if (!isprint((unsigned char)out[i]))
			abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), why[256];

	memcpy(text, data, size);
	text[size] = 0;
	check_printable(text);
	cause_nearest(text);
	cause_list_unknown(text);
	cause_is_listed(text, "no-socket");
	if (size < 200)
		filter__free(filter__compile(text, why, sizeof(why)));
	free(text);
	return 0;
}
