/* SPDX-License-Identifier: MIT */
#include "servers/core/framing.h"

#include <string.h>

static enum framing_result framing_raw(
	struct framing *f, const char *buf, size_t len, struct frame *frame)
{
	if (len == 0)
		return FRAMING_MORE;
	frame->text = buf;
	frame->len = len < f->raw ? len : (size_t)f->raw;
	frame->taken = frame->len;
	if (f->raw != UINT64_MAX)
		f->raw -= frame->taken;
	return FRAMING_RAW;
}

/* No LF in buf[0..len): may one still come in time? The last byte allowed
 * before it is the CR that belongs to the line's end. */
static int framing_hopeless(const char *buf, size_t len)
{
	if (len <= FRAMING_LINE_MAX)
		return 0;
	return len > FRAMING_LINE_MAX + 1 || buf[FRAMING_LINE_MAX] != '\r';
}

enum framing_result framing_next(
	struct framing *f, const char *buf, size_t len, struct frame *frame)
{
	const size_t reach = FRAMING_LINE_MAX + 2; /* the longest, with CRLF */
	const size_t end = len < reach ? len : reach;
	const char *lf = NULL;

	if (f->raw > 0)
		return framing_raw(f, buf, len, frame);
	if (end > f->scanned)
		lf = memchr(buf + f->scanned, '\n', end - f->scanned);
	if (!lf) {
		f->scanned = (uint32_t)end;
		return framing_hopeless(buf, end) ? FRAMING_TOO_LONG
						  : FRAMING_MORE;
	}
	frame->text = buf;
	frame->len = (size_t)(lf - buf);
	frame->taken = frame->len + 1;
	if (frame->len > 0 && buf[frame->len - 1] == '\r')
		frame->len--;
	if (frame->len > FRAMING_LINE_MAX)
		return FRAMING_TOO_LONG;
	f->scanned = 0;
	return FRAMING_LINE;
}

void framing_set_raw(struct framing *f, uint64_t bytes)
{
	f->raw = bytes;
}
