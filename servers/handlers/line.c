/* SPDX-License-Identifier: MIT */
/*
 * line: answers each line, in order, with the same line in upper case.
 *
 * Only the ASCII letters change; the reply ends as the line did, in LF or
 * CRLF. A line of more than 16384 bytes is answered with an error, and the
 * connection ends. What follows the last line's end is not a line: it gets no
 * reply. No options; a line is a request.
 *
 * In the sequential style: line_sequential.c.
 */
#include <string.h>

#include "common/handler.h"
#include "servers/core/framing.h"

/* In small pieces: a thread's stack may be small. */
static void line_write_upper(struct conn *c, const char *text, size_t len)
{
	char upper[512];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char b = text[i];

		upper[n++] = b >= 'a' && b <= 'z' ? (char)(b - 'a' + 'A') : b;
		if (n == sizeof(upper) || i + 1 == len) {
			conn_write(c, upper, n);
			n = 0;
		}
	}
}

static size_t line_data(struct conn *c, const char *buf, size_t len)
{
	struct frame line;

	switch (framing_next(conn_state(c), buf, len, &line)) {
	case FRAMING_LINE:
		line_write_upper(c, buf, line.taken);
		conn_request_done(c);
		return line.taken;
	case FRAMING_TOO_LONG:
		conn_write(c, FRAMING_TOO_LONG_TEXT,
			strlen(FRAMING_TOO_LONG_TEXT));
		conn_finish(c);
		return len;
	default:
		return 0;
	}
}

const struct handler handler_line = {
	.name = "line",
	.summary = "answers each line with the same in upper case",
	.state_size = sizeof(struct framing),
	.data = line_data,
};
