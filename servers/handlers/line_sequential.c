/* SPDX-License-Identifier: MIT */
/*
 * line_sequential: what line.c does, written as if nobody else existed.
 *
 * Read a line, answer it, until the peer ends. What the callback style keeps
 * for it between two calls, bytes that are no line yet, is here kept by the
 * handler: in the connection's state and not on the stack, which may be small.
 * No options; a line is a request.
 */
#include <errno.h>
#include <string.h>

#include "common/handler.h"
#include "servers/core/framing.h"

struct line_sequential_state {
	struct framing framing;
	size_t start, end; /* the bytes read and not yet answered */
	char bytes[FRAMING_LINE_MAX + 2];
};

/* Reads until there is a line: 1; 0 at the peer's end; or -errno, -EMSGSIZE
 * where a line is too long. */
static int line_sequential_read(
	struct stream *s, struct line_sequential_state *in, struct frame *line)
{
	for (;;) {
		char *at = in->bytes + in->start;
		const size_t len = in->end - in->start;
		ssize_t n;

		switch (framing_next(&in->framing, at, len, line)) {
		case FRAMING_LINE:
			in->start += line->taken;
			return 1;
		case FRAMING_TOO_LONG:
			return -EMSGSIZE;
		default:
			memmove(in->bytes, at, len);
			in->start = 0;
			in->end = len;
		}
		n = stream_read(s, in->bytes + len, sizeof(in->bytes) - len);
		if (n <= 0)
			return (int)n;
		in->end += (size_t)n;
	}
}

static void line_sequential_upper(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
}

static void line_sequential_serve(struct stream *s)
{
	struct line_sequential_state *in = conn_state(stream_conn(s));
	struct frame line;
	int found;

	while ((found = line_sequential_read(s, in, &line)) > 0) {
		char *reply = in->bytes + in->start - line.taken;

		line_sequential_upper(reply, line.taken);
		if (stream_write(s, reply, line.taken) < 0)
			return;
		conn_request_done(stream_conn(s));
	}
	if (found == -EMSGSIZE)
		stream_write(s, FRAMING_TOO_LONG_TEXT,
			strlen(FRAMING_TOO_LONG_TEXT));
}

const struct handler handler_line_sequential = {
	.name = "line_sequential",
	.summary = "line, written in the sequential style",
	.state_size = sizeof(struct line_sequential_state),
	.serve = line_sequential_serve,
};
