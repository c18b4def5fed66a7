/* SPDX-License-Identifier: MIT */
/* The options of our client and server: which of them an experiment or the
 * command line may set, and why not the others. Their values are for the two to
 * judge (compare/preflight.h). */
#ifndef SERVERLAB_COMPARE_PROGRAM_OPTIONS_H
#define SERVERLAB_COMPARE_PROGRAM_OPTIONS_H

#include "common/options.h"

#include <stdbool.h>
#include <stddef.h>

struct program_options {
	const char *program;
	const char *const *settable; /* the names of those that may be set */
	size_t count;		     /* of these */
	const struct refused *refused;
};

extern const struct program_options client_options, server_options;

/*
 * Whether an option may be set, to a value if that is not NULL. 0, or with a
 * sentence in `why` -ENOENT where there is none of that name, -EINVAL where it
 * cannot be set, or not to that.
 */
int program_option_check(const struct program_options *p, const char *name,
	const char *value, char why[WHY_SIZE]);

/* Whether it may be set. */
bool program_option_known(const struct program_options *p, const char *name);

#endif
