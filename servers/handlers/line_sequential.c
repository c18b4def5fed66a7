/* SPDX-License-Identifier: MIT */
/*
 * line_sequential: what line.c does, written as if nobody else existed.
 *
 * Read a line, answer it, until the peer ends. No options; a line is a request.
 */
#include <errno.h>
#include <string.h>

#include "common/handler.h"
#include "servers/core/reader.h"

static void line_sequential_upper(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
}

static void line_sequential_serve(struct stream *s)
{
	struct reader *in = conn_state(stream_conn(s));
	struct frame line;
	int found;

	while ((found = reader_line(in, s, &line)) > 0) {
		line_sequential_upper((char *)line.text, line.len);
		if (stream_write(s, line.text, line.taken) < 0)
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
	.state_size = sizeof(struct reader),
	.serve = line_sequential_serve,
};
