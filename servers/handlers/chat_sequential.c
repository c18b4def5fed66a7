/* SPDX-License-Identifier: MIT */
/*
 * chat_sequential: what chat.c does, written as if nobody else existed.
 *
 * Greet, read a line, say it, until the member leaves. What the others say
 * comes by heard(), while serve() waits in stream_read(). No options; a line
 * is a request.
 */
#include <string.h>

#include "common/handler.h"
#include "servers/core/chat.h"
#include "servers/core/framing.h"

struct chat_sequential_state {
	struct chat_member member;
	struct framing framing;
	size_t start, end; /* the bytes read and not yet looked at */
	char bytes[FRAMING_LINE_MAX + 2];
};

/* Reads until there is a line, or none will come. */
static enum framing_result chat_sequential_read(
	struct stream *s, struct chat_sequential_state *in, struct frame *line)
{
	for (;;) {
		char *at = in->bytes + in->start;
		const size_t len = in->end - in->start;
		const enum framing_result found =
			framing_next(&in->framing, at, len, line);
		ssize_t n;

		if (found == FRAMING_LINE)
			in->start += line->taken;
		if (found != FRAMING_MORE)
			return found;
		memmove(in->bytes, at, len);
		in->start = 0;
		n = stream_read(s, in->bytes + len, sizeof(in->bytes) - len);
		if (n <= 0)
			return FRAMING_MORE;
		in->end = len + (size_t)n;
	}
}

static void chat_sequential_serve(struct stream *s)
{
	struct conn *c = stream_conn(s);
	struct chat_sequential_state *in = conn_state(c);
	struct frame line;
	enum framing_result found;

	chat_greet(c);
	while ((found = chat_sequential_read(s, in, &line)) == FRAMING_LINE)
		if (!chat_line(c, &in->member, line.text, line.len))
			return;
	if (found == FRAMING_TOO_LONG)
		stream_write(s, FRAMING_TOO_LONG_TEXT,
			strlen(FRAMING_TOO_LONG_TEXT));
}

static void chat_sequential_hears(struct conn *c, const char *buf, size_t len)
{
	const struct chat_sequential_state *state = conn_state(c);

	chat_heard(c, &state->member, buf, len);
}

static void chat_sequential_close(struct conn *c, int why)
{
	const struct chat_sequential_state *state = conn_state(c);

	chat_leave(c, &state->member, why);
}

const struct handler handler_chat_sequential = {
	.name = "chat_sequential",
	.summary = "chat, written in the sequential style",
	.state_size = sizeof(struct chat_sequential_state),
	.serve = chat_sequential_serve,
	.heard = chat_sequential_hears,
	.close = chat_sequential_close,
	.broadcasts = true,
};
