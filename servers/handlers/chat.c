/* SPDX-License-Identifier: MIT */
/*
 * chat: a chat room.
 *
 * The first line is the nick; from then on each line goes to all others in the
 * room, as "nick: line". "/room NAME" changes the room, "/nick NAME" the nick,
 * "/quit" leaves. Joining and leaving are told to the room. Who does not read
 * is dropped, and the room is told why. Nicks are not reserved: two may have
 * the same. No options; a line is a request.
 *
 * The members of a room may be with different threads or processes:
 * conn_broadcast() reaches them all, and heard() picks what is said in the own
 * room. In the sequential style: chat_sequential.c.
 */
#include <string.h>

#include "common/handler.h"
#include "servers/core/chat.h"
#include "servers/core/framing.h"

struct chat_state {
	struct framing framing;
	struct chat_member member;
};

static size_t chat_data(struct conn *c, const char *buf, size_t len)
{
	struct chat_state *state = conn_state(c);
	struct frame line;

	switch (framing_next(&state->framing, buf, len, &line)) {
	case FRAMING_LINE:
		if (!chat_line(c, &state->member, line.text, line.len))
			conn_finish(c);
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

static void chat_hears(struct conn *c, const char *buf, size_t len)
{
	const struct chat_state *state = conn_state(c);

	chat_heard(c, &state->member, buf, len);
}

static void chat_close(struct conn *c, int why)
{
	const struct chat_state *state = conn_state(c);

	chat_leave(c, &state->member, why);
}

const struct handler handler_chat = {
	.name = "chat",
	.summary = "a chat room: nick, join, leave; a line goes to all others",
	.state_size = sizeof(struct chat_state),
	.open = chat_greet,
	.data = chat_data,
	.heard = chat_hears,
	.close = chat_close,
	.broadcasts = true,
};
