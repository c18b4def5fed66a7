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
	char last; /* byte received */
};

static enum reply greet_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	const size_t thanks = sizeof(greet_thanks) - 1;
	struct greet_state *state = s->state;
	size_t known = 0;

	(void)request;
	if (state->got < thanks)
		known = thanks - state->got < len ? thanks - state->got : len;
	if (memcmp(greet_thanks + state->got, buf, known) != 0)
		return REPLY_WRONG;
	if (state->got + len > GREET_MAX)
		return REPLY_WRONG;
	state->got += len;
	state->last = buf[len - 1];
	*used = len;
	return REPLY_MORE;
}

/* The address that follows differs from connection to connection; the line's
 * end shows that it came whole. */
static enum reply greet_eof(struct session *s)
{
	const struct greet_state *state = s->state;

	if (state->got == 0)
		return REPLY_MORE;
	if (state->got < sizeof(greet_thanks) || state->last != '\n')
		return REPLY_SHORT;
	return REPLY_DONE;
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
