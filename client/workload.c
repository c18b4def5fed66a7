/* SPDX-License-Identifier: MIT */
#include "client/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

const struct workload *workload_find(const char *name)
{
	size_t i;

	for (i = 0; client_workloads[i]; i++)
		if (strcmp(client_workloads[i]->name, name) == 0)
			return client_workloads[i];
	return NULL;
}

static int workload_unknown(const char *name, char *why)
{
	size_t i, n;

	n = (size_t)snprintf(
		why, WHY_SIZE, "unknown workload '%.60s': there is", name);
	for (i = 0; client_workloads[i] && n < WHY_SIZE; i++)
		n += (size_t)snprintf(why + n, WHY_SIZE - n, "%s %s",
			i ? "," : "", client_workloads[i]->name);
	return -EINVAL;
}

int workload_make(const char *spec, uint64_t seed,
	const struct workload **workload, void **options, char *why)
{
	char name[64] = "", reason[WHY_SIZE];
	const char *rest = spec_split(spec, name, sizeof(name));
	const struct workload *w = rest ? workload_find(name) : NULL;
	int error;

	if (!w)
		return workload_unknown(rest ? name : spec, why);
	*options = calloc(1, w->options_size ? w->options_size : 1);
	if (!*options) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	error = options_parse(w->options, *options, rest, reason);
	if (!error && w->setup)
		error = w->setup(*options, seed, reason);
	if (error) {
		snprintf(why, WHY_SIZE, "workload %s: %.240s", name, reason);
		free(*options);
		return error;
	}
	*workload = w;
	return 0;
}

void workload_free(const struct workload *workload, void *options)
{
	if (workload->release)
		workload->release(options);
	free(options);
}

uint64_t workload_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

enum reply workload_compare(const char *expected, size_t expected_len,
	size_t *got, const char *buf, size_t len, size_t *used)
{
	size_t want = expected_len - *got;

	*used = len < want ? len : want;
	if (memcmp(expected + *got, buf, *used) != 0)
		return REPLY_WRONG;
	*got += *used;
	if (*got < expected_len)
		return REPLY_MORE;
	*got = 0;
	return REPLY_DONE;
}
