/* SPDX-License-Identifier: MIT */
/*
 * Any bytes, cut anywhere: framing finds the same lines as in one piece, and
 * never looks behind the bytes it was given. The first byte of the input
 * decides how it is cut.
 */
/* sources: servers/core/framing.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "servers/core/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was found, so that two runs can be compared. Raw pieces may be cut
 * differently: only their bytes count. */
struct found {
	uint64_t hash;
	int too_long;
	size_t taken;
};

static void found_add(struct found *f, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		f->hash = (f->hash ^ (uint8_t)bytes[i]) * 0x100000001b3;
}

/* A line that begins with a digit announces so many raw bytes. */
static void found_line(
	struct found *f, struct framing *framing, const struct frame *frame)
{
	found_add(f, frame->text, frame->len);
	found_add(f, "\n", 1);
	if (frame->len && frame->text[0] >= '0' && frame->text[0] <= '9')
		framing_set_raw(framing, (uint64_t)(frame->text[0] - '0'));
}

/* Offers bytes [at, have) in memory of their own, so that a byte too many is
 * noticed. Returns how many were taken. */
static size_t offer(struct found *f, struct framing *framing, const char *bytes,
	size_t at, size_t have)
{
	const size_t len = have - at;
	char *copy = malloc(len ? len : 1);
	struct frame frame = {0};

	if (!copy)
		abort();
	memcpy(copy, bytes + at, len);
	switch (framing_next(framing, copy, len, &frame)) {
	case FRAMING_LINE:
		found_line(f, framing, &frame);
		break;
	case FRAMING_RAW:
		found_add(f, frame.text, frame.len);
		break;
	case FRAMING_TOO_LONG:
		f->too_long = 1;
		break;
	default:
		frame.taken = 0;
	}
	free(copy);
	if (frame.taken > len)
		abort();
	return frame.taken;
}

static struct found run(const char *bytes, size_t size, size_t step)
{
	struct found f = {0};
	struct framing framing = {0};
	size_t have = 0;

	while (have < size && !f.too_long) {
		size_t taken;

		have += step < size - have ? step : size - have;
		do {
			taken = offer(&f, &framing, bytes, f.taken, have);
			f.taken += taken;
		} while (taken && f.taken < have && !f.too_long);
	}
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct found whole, cut;

	if (size < 2)
		return 0;
	whole = run(bytes, size - 1, size);
	cut = run(bytes, size - 1, 1 + data[0] % 17u);
	if (whole.hash != cut.hash || whole.too_long != cut.too_long ||
		whole.taken != cut.taken)
		abort();
	return 0;
}
