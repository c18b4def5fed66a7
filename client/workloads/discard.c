/* SPDX-License-Identifier: MIT */
/*
 * discard (RFC 863): sends and never gets an answer. A request is `size`
 * bytes, over when the kernel has taken them; how fast it takes them is how
 * fast the server reads. The `discard` and `log` handlers of the server count
 * the same with the same size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/workload.h"
#include "common/options.h"

struct discard_options {
	uint64_t size;
	char *block;
};

static const struct option_spec discard_table[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct discard_options, size),
		.preset = "64",
		.min = 1,
		.max = 64 << 20,
		.help = "bytes that count as one request, ended by a line feed",
	},
	{0},
};

static int discard_setup(void *options, uint64_t seed, char *why)
{
	struct discard_options *o = options;
	size_t i;

	o->block = malloc(o->size);
	if (!o->block) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	for (i = 0; i + 1 < o->size; i++)
		o->block[i] = (char)('a' + workload_random(&seed) % 26);
	o->block[i] = '\n';
	return 0;
}

static void discard_release(void *options)
{
	free(((struct discard_options *)options)->block);
}

static struct slice discard_request(struct session *s)
{
	const struct discard_options *o = s->options;

	return (struct slice) {o->block, o->size};
}

const struct workload workload_discard = {
	.name = "discard",
	.summary = "lines that nobody answers: how fast the server reads",
	.options = discard_table,
	.options_size = sizeof(struct discard_options),
	.unreplied = true,
	.setup = discard_setup,
	.release = discard_release,
	.request = discard_request,
};
