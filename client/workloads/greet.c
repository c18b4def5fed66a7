/* SPDX-License-Identifier: MIT */
/*
 * greet: connect, read one line of thanks, see the server close. One request
 * is one connection, so this measures what making connections costs.
 */
#include <string.h>

#include "client/workload.h"

static const char greet_thanks[] = "Thank you for connecting ";

enum { GREET_MAX = 512 }; /* bytes of a greeting, at most */

struct greet_state {
	size_t got;
	bool ended; /* the line is */
};

/* The address differs from connection to connection; but there is one, and
 * nothing after its line. */
static bool greet_address(
	struct greet_state *state, const char *buf, size_t len)
{
	size_t thanks = sizeof(greet_thanks) - 1, i;

	for (i = 0; i < len; i++, state->got++) {
		if (state->ended)
			return false;
		if (buf[i] == '\n' && state->got > thanks)
			state->ended = true;
		else if (buf[i] < ' ' || buf[i] > '~')
			return false;
	}
	return true;
}

static enum reply greet_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	const size_t thanks = sizeof(greet_thanks) - 1;
	struct greet_state *state = s->state;
	size_t known = state->got < thanks ? thanks - state->got : 0;

	(void)request;
	if (known > len)
		known = len;
	if (state->got + len > GREET_MAX ||
		(known && memcmp(greet_thanks + state->got, buf, known) != 0))
		return REPLY_WRONG;
	state->got += known;
	if (!greet_address(state, buf + known, len - known))
		return REPLY_WRONG;
	*used = len;
	return REPLY_MORE;
}

static enum reply greet_eof(struct session *s)
{
	const struct greet_state *state = s->state;

	if (state->got == 0)
		return REPLY_MORE;
	return state->ended ? REPLY_DONE : REPLY_SHORT;
}

const struct workload workload_greet = {
	.name = "greet",
	.summary = "connects, reads the server's thanks and its close",
	.state_size = sizeof(struct greet_state),
	.unasked = true,
	.single = true,
	.reply = greet_reply,
	.eof = greet_eof,
};
