/* SPDX-License-Identifier: MIT */
/*
 * bytes: a line with a number, answered by that many bytes, as in chapter 30
 * of Unix Network Programming. Byte i of a reply is the letter 'a' + i % 26.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/sizes.h"
#include "client/workload.h"

enum { BYTES_MAX = 16384, BYTES_REQUEST = 12 };

struct bytes_options {
	struct sizes sizes;
	char (*requests)[BYTES_REQUEST]; /* for each size drawn */
	char answer[BYTES_MAX];
};

struct bytes_state {
	size_t got; /* bytes of the current reply */
};

static const struct option_spec bytes_table[] = {
	SIZES_OPTIONS(struct bytes_options, sizes, "size", "4000", 1, BYTES_MAX,
		"bytes to ask for"),
	{0},
};

static void bytes_release(void *options)
{
	struct bytes_options *o = options;

	free(o->requests);
	sizes_release(&o->sizes);
}

static int bytes_setup(void *options, uint64_t seed, char *why)
{
	struct bytes_options *o = options;
	int error = sizes_draw(&o->sizes, 1, BYTES_MAX, &seed, why);
	size_t i;

	if (error)
		return error;
	o->requests = calloc(SIZES_DRAWN, sizeof(*o->requests));
	if (!o->requests) {
		bytes_release(o);
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	for (i = 0; i < SIZES_DRAWN; i++)
		snprintf(o->requests[i], BYTES_REQUEST, "%u\n",
			(unsigned)sizes_get(&o->sizes, i));
	for (i = 0; i < BYTES_MAX; i++)
		o->answer[i] = (char)('a' + i % 26);
	return 0;
}

static struct slice bytes_request(struct session *s)
{
	const struct bytes_options *o = s->options;
	const char *request = o->requests[(s->key + s->asked) % SIZES_DRAWN];

	return (struct slice) {request, strlen(request)};
}

/* The place of the request says how much was asked for. */
static enum reply bytes_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	const struct bytes_options *o = s->options;
	struct bytes_state *state = s->state;
	size_t place = (size_t)(request.data - o->requests[0]) / BYTES_REQUEST;

	return workload_compare(o->answer, sizes_get(&o->sizes, place),
		&state->got, buf, len, used);
}

const struct workload workload_bytes = {
	.name = "bytes",
	.summary = "asks for a number of bytes and gets them (UNP, chapter 30)",
	.options = bytes_table,
	.options_size = sizeof(struct bytes_options),
	.state_size = sizeof(struct bytes_state),
	.setup = bytes_setup,
	.release = bytes_release,
	.request = bytes_request,
	.reply = bytes_reply,
};
