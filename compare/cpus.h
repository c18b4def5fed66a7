/* SPDX-License-Identifier: MIT */
/* Which CPUs a measurement runs on, and what machine they belong to. */
#ifndef SERVERLAB_COMPARE_CPUS_H
#define SERVERLAB_COMPARE_CPUS_H

#include "compare/run.h"

/* Chooses what is still NULL: the server gets the first CPU that we may use,
 * the client the first of the second half. With one CPU they share it. 0, or
 * -errno. */
int cpus_choose(char **server, char **client);

/* Whether two lists have a CPU in common. */
bool cpus_overlap(const char *a, const char *b);

/* Fills in what this machine and this build are. */
void environment_read(struct environment *e);

#endif
