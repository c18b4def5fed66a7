/* SPDX-License-Identifier: MIT */
#include "servers/core/reader.h"

#include <errno.h>
#include <string.h>

#include "common/handler.h"

/* Reads behind the bytes that are held, moved to the front. */
static int reader_more(struct reader *r, struct stream *s)
{
	const size_t held = r->end - r->start;
	ssize_t n;

	memmove(r->bytes, r->bytes + r->start, held);
	r->start = 0;
	r->end = held;
	if (held)
		conn_request_begun(stream_conn(s));
	n = stream_read(s, r->bytes + held, sizeof(r->bytes) - held);
	if (n > 0)
		r->end += (size_t)n;
	return (int)n;
}

int reader_line(struct reader *r, struct stream *s, struct frame *line)
{
	for (;;) {
		const char *at = r->bytes + r->start;
		int more;

		switch (framing_next(
			&r->framing, at, r->end - r->start, line)) {
		case FRAMING_LINE:
			r->start += line->taken;
			return 1;
		case FRAMING_TOO_LONG:
			return -EMSGSIZE;
		default:
			more = reader_more(r, s);
			if (more <= 0)
				return more;
		}
	}
}
