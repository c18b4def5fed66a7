/* SPDX-License-Identifier: MIT */
/*
 * Flags with a plain value, for a parser of argp(3). What may stand behind one
 * is told by a struct option_spec, as for the options of a spec, so that both
 * are read alike and complain alike.
 */
#ifndef SERVERLAB_COMMON_FLAGS_H
#define SERVERLAB_COMMON_FLAGS_H

#include "common/options.h"

struct flag {
	int key;		  /* as in struct argp_option; 0 ends a table */
	struct option_spec value; /* its name as it is typed: "--backlog" */
};

/* An entry: kind is COUNT, TIME and so on; what follows the field is of struct
 * option_spec, .min = 1 for example. */
#define FLAG(key, flag, kind, type_, field, ...)                               \
	{                                                                      \
		key,                                                           \
		{                                                              \
			.name = flag, .type = OPTION_##kind,                   \
			.offset = offsetof(type_, field), ##__VA_ARGS__        \
		}                                                              \
	}

/* Sets the field of `into` that belongs to `key`. 0, -ENOENT: the table has no
 * such key, or -EINVAL with a sentence in `why`. */
int flags_set(const struct flag *table, int key, const char *text, void *into,
	char why[WHY_SIZE]);

#endif
