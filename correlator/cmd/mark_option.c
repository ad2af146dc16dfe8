// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark_option.c - the argument of --mark.
 */
#include "cmd/mark_option.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* Decimal, or hexadecimal as `ip rule` and nft print marks. Moves @at past it. */
static bool parse_u32(const char **at, uint32_t *ret)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(*at, &end, 0);
	if (errno || end == *at || !isdigit((unsigned char)**at) || n > UINT32_MAX)
		return false;
	*at = end;
	*ret = (uint32_t)n;
	return true;
}

const char *mark_option_parse(const char *arg, struct mark *ret)
{
	struct mark mark;

	if (!parse_u32(&arg, &mark.value) || *arg++ != '/' || !parse_u32(&arg, &mark.mask))
		return "it takes VALUE/MASK or VALUE/MASK:ACTIVE, such as 0x1/0x3:0x2";
	mark.active = mark.value;
	if (*arg == ':' && (arg++, !parse_u32(&arg, &mark.active)))
		return "after the colon comes the value for active resets, such as 0x1/0x3:0x2";
	if (*arg)
		return "there is something after the numbers";
	if (!mark.mask)
		return "with a mask of 0 no bit would be set";
	if ((mark.value | mark.active) & ~mark.mask)
		return "a value has bits that the mask does not have";
	*ret = mark;
	return NULL;
}
