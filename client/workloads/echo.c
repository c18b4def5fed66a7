/* SPDX-License-Identifier: MIT */
/*
 * echo (RFC 862): the same bytes come back.
 *
 * All requests are slices of one block of random bytes, each at an offset of
 * its own. A reply is compared with the very slice that was sent, so that a
 * stale, swapped or repeated reply is seen as surely as a damaged one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/sizes.h"
#include "client/workload.h"

enum {
	ECHO_OFFSETS = 65536, /* where a slice may begin; a power of two */
	ECHO_MAX = 64 << 20,
};

struct echo_options {
	struct sizes sizes;
	char *block; /* ECHO_OFFSETS + the largest size, random bytes */
};

struct echo_state {
	size_t got; /* bytes of the current reply */
};

static const struct option_spec echo_table[] = {
	SIZES_OPTIONS(struct echo_options, sizes, "size", "64", 1, ECHO_MAX,
		"bytes of a request and of its reply"),
	{0},
};

static void echo_release(void *options)
{
	struct echo_options *o = options;

	free(o->block);
	sizes_release(&o->sizes);
}

static int echo_setup(void *options, uint64_t seed, char *why)
{
	struct echo_options *o = options;
	int error = sizes_draw(&o->sizes, 1, ECHO_MAX, &seed, why);
	size_t i, len = ECHO_OFFSETS + o->sizes.largest;

	if (error)
		return error;
	o->block = malloc(len);
	if (!o->block) {
		echo_release(o);
		snprintf(why, WHY_SIZE, "no memory for %zu bytes", len);
		return -ENOMEM;
	}
	for (i = 0; i < len; i++)
		o->block[i] = (char)(workload_random(&seed) >> 32);
	return 0;
}

/* The step is odd, so that 65536 requests pass before an offset returns. */
static struct slice echo_request(struct session *s)
{
	const struct echo_options *o = s->options;
	uint64_t offset = (s->key + s->asked * 40503) % ECHO_OFFSETS;

	return (struct slice) {o->block + offset,
		sizes_get(&o->sizes, s->key / ECHO_OFFSETS + s->asked)};
}

static enum reply echo_reply(struct session *s, struct slice request,
	const char *buf, size_t len, size_t *used)
{
	struct echo_state *state = s->state;

	return workload_compare(
		request.data, request.len, &state->got, buf, len, used);
}

const struct workload workload_echo = {
	.name = "echo",
	.summary = "random bytes, which must come back unchanged",
	.options = echo_table,
	.options_size = sizeof(struct echo_options),
	.state_size = sizeof(struct echo_state),
	.setup = echo_setup,
	.release = echo_release,
	.request = echo_request,
	.reply = echo_reply,
};
