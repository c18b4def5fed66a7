/* SPDX-License-Identifier: MIT */
/*
 * Sizes of requests: all the same, drawn evenly from a range, or from a list,
 * each as likely as it stands there (64+64+64+16k: one in four is large).
 */
#ifndef SERVERLAB_CLIENT_SIZES_H
#define SERVERLAB_CLIENT_SIZES_H

#include <stdint.h>

#include "common/options.h"

enum { SIZES_DRAWN = 4096 }; /* beforehand; a power of two */

/* Part of a workload's options; the first three are set by them. */
struct sizes {
	uint64_t size, max;
	const char *list;
	uint32_t *drawn; /* SIZES_DRAWN of them; NULL: all are `size` */
	uint64_t largest;
};

/* The options for `struct sizes member` of options of that type; `key` is the
 * name of the one that is a size. */
#define SIZES_OPTIONS(options_type, member, key, usual, low, high, what)       \
	{                                                                      \
		.name = key,                                                   \
		.type = OPTION_SIZE,                                           \
		.offset = offsetof(options_type, member.size),                 \
		.preset = usual,                                               \
		.min = low,                                                    \
		.max = high,                                                   \
		.help = what,                                                  \
	},                                                                     \
		{                                                              \
			.name = "max",                                         \
			.type = OPTION_SIZE,                                   \
			.offset = offsetof(options_type, member.max),          \
			.preset = "0",                                         \
			.max = high,                                           \
			.help = "draw sizes evenly, from " key                 \
				" to this (0: do not)",                        \
		},                                                             \
	{                                                                      \
		.name = "sizes", .type = OPTION_STRING,                        \
		.offset = offsetof(options_type, member.list), .preset = "",   \
		.help = "draw sizes from a list, 64+1k+16k",                   \
	}

/* Checks the options and draws, from `seed`, which moves on. The same bounds as
 * in SIZES_OPTIONS. 0, or -errno with a sentence in `why`. */
int sizes_draw(struct sizes *s, uint64_t low, uint64_t high, uint64_t *seed,
	char *why);
void sizes_release(struct sizes *s);

/* The n-th size, counted round. */
static inline uint64_t sizes_get(const struct sizes *s, uint64_t n)
{
	return s->drawn ? s->drawn[n % SIZES_DRAWN] : s->size;
}

#endif
