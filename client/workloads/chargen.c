/* SPDX-License-Identifier: MIT */
/*
 * chargen (RFC 864): the server sends characters without end, lines of 72 of
 * the 95 printable ones, each line beginning one character further. Every
 * `size` bytes received count as one request. What comes before the first one
 * counts for none, but the pattern goes on from there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/workload.h"
#include "common/options.h"

enum {
	CHARGEN_CHARS = 95,
	CHARGEN_COLUMNS = 72,
	CHARGEN_LINE = CHARGEN_COLUMNS + 2,
	CHARGEN_PERIOD = CHARGEN_CHARS * CHARGEN_LINE,
	CHARGEN_PIECE = 65536, /* bytes compared at once */
};

struct chargen_options {
	uint64_t size;
	char *pattern; /* CHARGEN_PERIOD + CHARGEN_PIECE bytes of it */
};

struct chargen_state {
	size_t at;  /* place within the period */
	size_t got; /* bytes of the current request */
};

static const struct option_spec chargen_table[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct chargen_options, size),
		.preset = "74",
		.min = 1,
		.max = 64 << 20,
		.help = "bytes received that count as one request",
	},
	{0},
};

static char chargen_at(size_t i)
{
	size_t line = i / CHARGEN_LINE, column = i % CHARGEN_LINE;

	if (column >= CHARGEN_COLUMNS)
		return column == CHARGEN_COLUMNS ? '\r' : '\n';
	return (char)(' ' + (line + column) % CHARGEN_CHARS);
}

static int chargen_setup(void *options, uint64_t seed, char *why)
{
	struct chargen_options *o = options;
	size_t i;

	(void)seed;
	o->pattern = malloc(CHARGEN_PERIOD + CHARGEN_PIECE);
	if (!o->pattern) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	for (i = 0; i < CHARGEN_PERIOD + CHARGEN_PIECE; i++)
		o->pattern[i] = chargen_at(i);
	return 0;
}

static void chargen_release(void *options)
{
	free(((struct chargen_options *)options)->pattern);
}

static size_t chargen_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum reply chargen_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	const struct chargen_options *o = s->options;
	struct chargen_state *state = s->state;
	size_t n;

	(void)request;
	if (s->asked > 0)
		len = chargen_least(len, o->size - state->got);
	for (*used = 0; *used < len; *used += n) {
		n = chargen_least(len - *used, CHARGEN_PIECE);
		if (memcmp(o->pattern + state->at, buf + *used, n) != 0)
			return REPLY_WRONG;
		state->at = (state->at + n) % CHARGEN_PERIOD;
	}
	if (s->asked == 0)
		return REPLY_MORE;
	state->got = (state->got + len) % o->size;
	return state->got ? REPLY_MORE : REPLY_DONE;
}

const struct workload workload_chargen = {
	.name = "chargen",
	.summary = "reads the endless pattern of RFC 864",
	.options = chargen_table,
	.options_size = sizeof(struct chargen_options),
	.state_size = sizeof(struct chargen_state),
	.unasked = true,
	.setup = chargen_setup,
	.release = chargen_release,
	.reply = chargen_reply,
};
