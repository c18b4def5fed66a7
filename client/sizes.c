/* SPDX-License-Identifier: MIT */
#include "client/sizes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/workload.h"

enum { SIZES_LIST = 64 }; /* members of a list, at most */

/* Reads "64+1k+16k". How many there are, or -EINVAL. */
static int sizes_read_list(const char *text, uint64_t low, uint64_t high,
	uint64_t list[SIZES_LIST])
{
	int n = 0;

	for (; text; text = strchr(text, '+')) {
		char one[32];

		text += *text == '+';
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(text, "+"),
			text);
		if (n == SIZES_LIST || parse_size(one, &list[n]) ||
			list[n] < low || list[n] > high)
			return -EINVAL;
		n++;
	}
	return n;
}

/* How many there are in the list, or -EINVAL with a sentence in `why`. */
static int sizes_check(const struct sizes *s, uint64_t low, uint64_t high,
	uint64_t list[SIZES_LIST], char *why)
{
	int n = *s->list ? sizes_read_list(s->list, low, high, list) : 0;

	if (n < 0)
		snprintf(why, WHY_SIZE,
			"sizes='%.60s': must be like 64+1k+16k, at most %d, "
			"each from %u to %u",
			s->list, SIZES_LIST, (unsigned)low, (unsigned)high);
	else if (n > 0 && s->max)
		snprintf(why, WHY_SIZE,
			"sizes and max: only one of the two may be given");
	else if (s->max && s->max < s->size)
		snprintf(why, WHY_SIZE,
			"max=%u is less than the smallest size, %u",
			(unsigned)s->max, (unsigned)s->size);
	else
		return n;
	return -EINVAL;
}

int sizes_draw(
	struct sizes *s, uint64_t low, uint64_t high, uint64_t *seed, char *why)
{
	uint64_t list[SIZES_LIST];
	int n = sizes_check(s, low, high, list, why);
	size_t i;

	s->largest = s->size;
	if (n < 0)
		return n;
	if (n == 0 && s->max == 0)
		return 0;
	s->drawn = calloc(SIZES_DRAWN, sizeof(*s->drawn));
	if (!s->drawn) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	s->largest = 0;
	for (i = 0; i < SIZES_DRAWN; i++) {
		uint64_t r = workload_random(seed) >> 16;
		uint64_t size = n ? list[r % (unsigned)n]
				  : s->size + r % (s->max - s->size + 1);

		s->drawn[i] = (uint32_t)size;
		s->largest = size > s->largest ? size : s->largest;
	}
	return 0;
}

void sizes_release(struct sizes *s)
{
	free(s->drawn);
	s->drawn = NULL;
}
