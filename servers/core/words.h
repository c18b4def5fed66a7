/* SPDX-License-Identifier: MIT */
/* A command line in one string, without a shell. */
#ifndef SERVERLAB_CORE_WORDS_H
#define SERVERLAB_CORE_WORDS_H

#include "common/options.h"

/*
 * Splits `text` into words as a shell would, with '...', "..." and \, but
 * without any expansion. *words is an argv, ended by NULL, in one piece of
 * memory for free(). 0, -ENOMEM, or -EINVAL with a sentence in `why`.
 */
int words_split(const char *text, char ***words, char why[WHY_SIZE]);

/*
 * The program that execvp() would run for `name`, as a path; to be freed.
 * NULL, with a sentence in `why`: there is none.
 */
char *words_find_program(const char *name, char why[WHY_SIZE]);

#endif
