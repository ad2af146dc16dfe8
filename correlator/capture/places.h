/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * places.h - where a capture was made: an interface of the file or, in a Linux "any" capture, of the host.
 */
#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>
#include <stdint.h>

/* More cannot be told apart. */
#define PLACES_MAX 65535

struct places;

/** places__new() - NULL with errno. @file: its name, for places that have none; borrowed */
struct places *places__new(const char *file);

/**
 * places__find() - the number of a place, in the order in which they came up; PLACES_MAX: there are too many
 * @interface: of the file
 * @ifindex: of the host; 0 = all of it
 * @name: of the interface; "" = not known. Used if the place is new
 */
uint16_t places__find(struct places *p, uint32_t interface, uint32_t ifindex, const char *name);

/** places__name() - it stays as it is: another thread may ask */
const char *places__name(const struct places *p, uint32_t number);

unsigned int places__n(const struct places *p);

/** places__refused() - so often there was none left */
uint64_t places__refused(const struct places *p);

/** places__free() - takes NULL */
void places__free(struct places *p);

#endif
