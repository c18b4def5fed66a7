/* SPDX-License-Identifier: MIT */
/*
 * bytes: a line with a number, answered by that many bytes, as in chapter 30
 * of Unix Network Programming. Byte i of a reply is the letter 'a' + i % 26.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/workload.h"
#include "common/options.h"

enum { BYTES_MAX = 16384 };

struct bytes_options {
	uint64_t size;
	size_t len; /* of the request */
	char request[8];
	char answer[BYTES_MAX];
};

struct bytes_state {
	size_t got; /* bytes of the current reply */
};

static const struct option_spec bytes_table[] = {
	{
		.name = "size",
		.type = OPTION_COUNT,
		.offset = offsetof(struct bytes_options, size),
		.preset = "4000",
		.min = 1,
		.max = BYTES_MAX,
		.help = "bytes to ask for",
	},
	{0},
};

static int bytes_setup(void *options, uint64_t seed, char *why)
{
	struct bytes_options *o = options;
	size_t i;

	(void)seed;
	(void)why;
	o->len = (size_t)snprintf(
		o->request, sizeof(o->request), "%u\n", (unsigned)o->size);
	for (i = 0; i < o->size; i++)
		o->answer[i] = (char)('a' + i % 26);
	return 0;
}

static struct slice bytes_request(struct session *s)
{
	const struct bytes_options *o = s->options;

	return (struct slice) {o->request, o->len};
}

static enum reply bytes_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	const struct bytes_options *o = s->options;
	struct bytes_state *state = s->state;

	(void)request;
	return workload_compare(
		o->answer, o->size, &state->got, buf, len, used);
}

const struct workload workload_bytes = {
	.name = "bytes",
	.summary = "asks for a number of bytes and gets them (UNP, chapter 30)",
	.options = bytes_table,
	.options_size = sizeof(struct bytes_options),
	.state_size = sizeof(struct bytes_state),
	.setup = bytes_setup,
	.request = bytes_request,
	.reply = bytes_reply,
};
