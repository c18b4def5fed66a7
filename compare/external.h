/* SPDX-License-Identifier: MIT */
/*
 * external:COMMAND, any program as the server under test. The command is split
 * into words as a shell splits them, quotes and variables included, but no
 * shell is run. `{port}` in it stands for the port of 127.0.0.1 that the
 * program is to listen on; it counts as ready once it accepts a connection, and
 * is ended with SIGTERM.
 */
#ifndef SERVERLAB_COMPARE_EXTERNAL_H
#define SERVERLAB_COMPARE_EXTERNAL_H

#include "common/options.h"

#include <stdbool.h>
#include <wordexp.h>

enum { EXTERNAL_WORDS = 60 }; /* that a command may have */

bool external_named(const char *model);

/* Whether such a command can be started. 0, or -errno with the reason. */
int external_check(const char *model, char why[WHY_SIZE]);

/* A port that nobody has now, or -errno. */
int external_port(void);

/* The words of the command, for wordfree(). 0 or -EINVAL. */
int external_words(const char *model, int port, wordexp_t *words);

/* 1 when something on the port takes a connection, 0 when not yet, or -errno.
 * Takes a second at most. */
int external_ready(int port);

#endif
