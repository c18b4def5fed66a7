/* SPDX-License-Identifier: MIT */
/*
 * line: a line of text, answered by the same line in upper case; or, with
 * fold=off, by the line as it was (the handler work does that).
 *
 * The lines stand ready in one block, their answers in another of the same
 * shape: the answer to a line lies at the line's own offset.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/sizes.h"
#include "client/workload.h"

enum {
	LINE_BLOCK = 1 << 20, /* bytes of lines to prepare, about */
	LINE_MAX_COUNT = SIZES_DRAWN,
	LINE_MIN = 2,
	LINE_MAX = 16384,
};

struct line_options {
	struct sizes sizes;
	bool fold;
	size_t count;			     /* lines prepared */
	uint32_t starts[LINE_MAX_COUNT + 1]; /* where each begins */
	char *lines, *answers;
};

struct line_state {
	size_t got; /* bytes of the current reply */
};

static const struct option_spec line_table[] = {
	SIZES_OPTIONS(struct line_options, sizes, "size", "64", LINE_MIN,
		LINE_MAX, "bytes of a line, its line feed included"),
	{
		.name = "fold",
		.type = OPTION_SWITCH,
		.offset = offsetof(struct line_options, fold),
		.preset = "on",
		.help = "the answer is in upper case",
	},
	{0},
};

/* As many lines as the block holds. */
static void line_place(struct line_options *o)
{
	size_t end = 0;

	while (o->count < LINE_MAX_COUNT && end < LINE_BLOCK) {
		end += sizes_get(&o->sizes, o->count);
		o->starts[++o->count] = (uint32_t)end;
	}
}

static void line_fill(struct line_options *o, uint64_t seed)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 .";
	size_t line, i;

	for (line = 0; line < o->count; line++)
		for (i = o->starts[line]; i < o->starts[line + 1]; i++) {
			char c = letters[(workload_random(&seed) >> 32) % 64];

			if (i + 1 == o->starts[line + 1])
				c = '\n';
			o->lines[i] = c;
			o->answers[i] =
				o->fold ? (char)toupper((unsigned char)c) : c;
		}
}

static void line_release(void *options)
{
	struct line_options *o = options;

	free(o->lines);
	free(o->answers);
	sizes_release(&o->sizes);
}

static int line_setup(void *options, uint64_t seed, char *why)
{
	struct line_options *o = options;
	int error = sizes_draw(&o->sizes, LINE_MIN, LINE_MAX, &seed, why);

	if (error)
		return error;
	line_place(o);
	o->lines = malloc(o->starts[o->count]);
	o->answers = malloc(o->starts[o->count]);
	if (!o->lines || !o->answers) {
		line_release(o);
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	line_fill(o, seed);
	return 0;
}

static struct slice line_request(struct session *s)
{
	const struct line_options *o = s->options;
	size_t index = (size_t)((s->key + s->asked) % o->count);

	return (struct slice) {o->lines + o->starts[index],
		o->starts[index + 1] - o->starts[index]};
}

static enum reply line_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	const struct line_options *o = s->options;
	struct line_state *state = s->state;
	const char *answer = o->answers + (request.data - o->lines);

	return workload_compare(
		answer, request.len, &state->got, buf, len, used);
}

const struct workload workload_line = {
	.name = "line",
	.summary = "lines of text, answered in upper case",
	.options = line_table,
	.options_size = sizeof(struct line_options),
	.state_size = sizeof(struct line_state),
	.setup = line_setup,
	.release = line_release,
	.request = line_request,
	.reply = line_reply,
};
