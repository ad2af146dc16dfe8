// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_recording.c - cases from the Custom Blocks of a recording.
 */
#include "archive/recording.h"

#include <byteswap.h>
#include <errno.h>
#include <string.h>

static bool read_head(const uint8_t *data, size_t len, bool swapped, struct recording_head *ret)
{
	if (len < sizeof(*ret))
		return false;
	memcpy(ret, data, sizeof(*ret));
	if (memcmp(ret->magic, RECORDING_MAGIC, sizeof(ret->magic)))
		return false;
	if (swapped) {
		ret->version = bswap_16(ret->version);
		ret->kind = bswap_16(ret->kind);
		ret->length = bswap_32(ret->length);
	}
	return true;
}

static void tell_gap(struct reader *s, const json_t *doc)
{
	const char *from = json_string_value(json_object_get(doc, "from"));
	const char *until = json_string_value(json_object_get(doc, "until"));
	const char *why = json_string_value(json_object_get(doc, "why"));

	reader_warn(s, "the recording lacks %lld resets from %s to %s (%s)",
		    (long long)json_integer_value(json_object_get(doc, "resets")),
		    from ? from : "?", until ? until : "?", why ? why : "?");
}

static void tell_clock(struct reader *s, const json_t *doc)
{
	double seconds = (double)json_integer_value(json_object_get(doc, "step_ns")) / 1e9;
	const char *at = json_string_value(json_object_get(doc, "at"));

	reader_tell(s, "the wall clock was set %s by %.3f s at %s, or the machine was suspended",
		    seconds < 0 ? "back" : "forward", seconds < 0 ? -seconds : seconds,
		    at ? at : "?");
}

static int take_document(struct reader *s, uint16_t kind, json_t *doc)
{
	char bad[256] = "";
	int err;

	if (kind == RECORDING_GAP)
		tell_gap(s, doc);
	if (kind == RECORDING_CLOCK)
		tell_clock(s, doc);
	if (kind != RECORDING_CASE)
		return 0;
	err = reader_document(s, doc, bad, sizeof(bad));
	if (err != -EPROTO)
		return err;
	reader_warn(s, "after %lu resets: skipped one that cannot be read: %s", s->cases, bad);
	return 0;
}

int reader_recording_block(struct reader *s, const uint8_t *data, size_t len, bool swapped)
{
	struct recording_head head;
	json_error_t error;
	json_t *doc;
	int err;

	if (!read_head(data, len, swapped, &head))
		return 0;
	if (head.version > RECORDING_VERSION) {
		reader_warn(s, "after %lu resets: skipped one in a newer format (%u)", s->cases,
			    head.version);
		return 1;
	}
	if (head.length > len - sizeof(head)) {
		reader_warn(s, "after %lu resets: skipped one that is longer than its block",
			    s->cases);
		return 1;
	}
	doc = json_loadb((const char *)data + sizeof(head), head.length, 0, &error);
	if (!doc) {
		reader_warn(s, "after %lu resets: skipped one that cannot be read: %s", s->cases,
			    error.text);
		return 1;
	}
	err = take_document(s, head.kind, doc);
	json_decref(doc);
	return err ? err : 1;
}
