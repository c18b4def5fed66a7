/* SPDX-License-Identifier: MIT */
/*
 * echo (RFC 862): the same bytes come back.
 *
 * All requests are slices of one block of random bytes, each at an offset of
 * its own. A reply is compared with the very slice that was sent, so that a
 * stale, swapped or repeated reply is seen as surely as a damaged one.
 *
 * Sizes may vary: evenly between `size` and `max`, or one of a list, each as
 * likely as it stands there (64+64+64+16k: one in four is large).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/workload.h"
#include "common/options.h"

enum {
	ECHO_OFFSETS = 65536, /* where a slice may begin; a power of two */
	ECHO_SIZES = 4096,    /* sizes drawn beforehand; a power of two */
	ECHO_LIST = 64,	      /* members of a list, at most */
	ECHO_MAX = 64 << 20,
};

struct echo_options {
	uint64_t size, max;
	const char *sizes;
	char *block;	 /* ECHO_OFFSETS + the largest size, random bytes */
	uint32_t *drawn; /* ECHO_SIZES of them; NULL: all are `size` */
};

struct echo_state {
	size_t got; /* bytes of the current reply */
};

static const struct option_spec echo_table[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct echo_options, size),
		.preset = "64",
		.min = 1,
		.max = ECHO_MAX,
		.help = "bytes of a request and of its reply",
	},
	{
		.name = "max",
		.type = OPTION_SIZE,
		.offset = offsetof(struct echo_options, max),
		.preset = "0",
		.max = ECHO_MAX,
		.help = "draw sizes evenly from size to this (0: do not)",
	},
	{
		.name = "sizes",
		.type = OPTION_STRING,
		.offset = offsetof(struct echo_options, sizes),
		.preset = "",
		.help = "draw sizes from a list, 64+1k+16k",
	},
	{0},
};

/* Reads "64+1k+16k". How many there are, or -EINVAL. */
static int echo_read_list(const char *text, uint64_t list[ECHO_LIST])
{
	int n = 0;

	for (; text; text = strchr(text, '+')) {
		char one[32];

		text += *text == '+';
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(text, "+"),
			text);
		if (n == ECHO_LIST || parse_size(one, &list[n]) ||
			list[n] < 1 || list[n] > ECHO_MAX)
			return -EINVAL;
		n++;
	}
	return n;
}

/* Fills o->drawn, if sizes vary, and returns the largest. 0: why says what is
 * wrong. */
static uint64_t echo_draw(struct echo_options *o, uint64_t *seed, char *why)
{
	uint64_t list[ECHO_LIST], largest = o->size;
	int n = *o->sizes ? echo_read_list(o->sizes, list) : 0;
	size_t i;

	if (n < 0 || (n > 0 && o->max) || (o->max && o->max < o->size)) {
		snprintf(why, WHY_SIZE,
			"sizes must be like 64+1k+16k, max at least size, "
			"and only one of the two given");
		return 0;
	}
	if (n == 0 && o->max == 0)
		return largest;
	o->drawn = calloc(ECHO_SIZES, sizeof(*o->drawn));
	if (!o->drawn) {
		snprintf(why, WHY_SIZE, "out of memory");
		return 0;
	}
	for (i = 0; i < ECHO_SIZES; i++) {
		uint64_t r = workload_random(seed) >> 16;
		uint64_t size = n ? list[r % (unsigned)n]
				  : o->size + r % (o->max - o->size + 1);

		o->drawn[i] = (uint32_t)size;
		if (size > largest)
			largest = size;
	}
	return largest;
}

static void echo_release(void *options)
{
	struct echo_options *o = options;

	free(o->block);
	free(o->drawn);
}

static int echo_setup(void *options, uint64_t seed, char *why)
{
	struct echo_options *o = options;
	uint64_t largest = echo_draw(o, &seed, why);
	size_t i, len = ECHO_OFFSETS + largest;

	if (largest == 0)
		return -EINVAL;
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

	uint64_t size = o->size;

	if (o->drawn)
		size = o->drawn[(s->key / ECHO_OFFSETS + s->asked) %
				ECHO_SIZES];
	return (struct slice) {o->block + offset, size};
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
