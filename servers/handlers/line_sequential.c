/* SPDX-License-Identifier: MIT */
/*
 * line_sequential: answers each line with the same line in upper case, in the
 * sequential style. It does what line.c does, in the order in which it happens.
 */
#include <string.h>

#include "common/handler.h"
#include "servers/core/framing.h"

static void line_upper(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
}

/* Answers the lines in `buf`; returns how many bytes of it they were, or -1
 * when the connection is to end. */
static ssize_t line_answer(
	struct stream *s, struct framing *framing, char *buf, size_t len)
{
	size_t used = 0;
	struct frame line;

	for (;;) {
		switch (framing_next(framing, buf + used, len - used, &line)) {
		case FRAMING_LINE:
			line_upper(buf + used, line.taken);
			if (stream_write(s, buf + used, line.taken) < 0)
				return -1;
			conn_request_done(stream_conn(s));
			used += line.taken;
			break;
		case FRAMING_TOO_LONG:
			stream_write(s, FRAMING_TOO_LONG_TEXT,
				strlen(FRAMING_TOO_LONG_TEXT));
			return -1;
		default:
			return (ssize_t)used;
		}
	}
}

static void line_serve(struct stream *s)
{
	struct framing framing = {0};
	char buf[FRAMING_LINE_MAX + 2]; /* the longest line, and its CRLF */
	size_t held = 0;
	ssize_t n;

	while ((n = stream_read(s, buf + held, sizeof(buf) - held)) > 0) {
		held += (size_t)n;
		n = line_answer(s, &framing, buf, held);
		if (n < 0)
			return;
		held -= (size_t)n;
		memmove(buf, buf + n, held);
	}
}

const struct handler handler_line_sequential = {
	.name = "line_sequential",
	.summary = "line, read and written as in a textbook",
	.serve = line_serve,
};
