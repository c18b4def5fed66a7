/* SPDX-License-Identifier: MIT */
/*
 * chat_sequential: what chat.c does, written as if nobody else existed.
 *
 * Greet, read a line, say it, until the member leaves. What the others say
 * comes by heard(), while serve() waits in stream_read(). No options; a line
 * is a request.
 */
#include <errno.h>
#include <string.h>

#include "common/handler.h"
#include "servers/core/chat.h"
#include "servers/core/reader.h"

struct chat_sequential_state {
	struct reader in;
	struct chat_member member;
};

static void chat_sequential_serve(struct stream *s)
{
	struct conn *c = stream_conn(s);
	struct chat_sequential_state *state = conn_state(c);
	struct frame line;
	int found;

	chat_greet(c);
	while ((found = reader_line(&state->in, s, &line)) > 0)
		if (!chat_line(c, &state->member, line.text, line.len))
			return;
	if (found == -EMSGSIZE)
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
