/* SPDX-License-Identifier: MIT */
/* Which CPUs a measurement runs on, and what machine they belong to. */
#ifndef SERVERLAB_COMPARE_CPUS_H
#define SERVERLAB_COMPARE_CPUS_H

#include "common/options.h"
#include "compare/run.h"

bool cpus_listed(const struct cpu_list *list, int cpu);

/* Whether a list, of a setting of that name, has only CPUs that this machine
 * has; NULL has none. 0, or -EINVAL with a sentence. */
int cpus_check(const char *name, const char *text, char why[WHY_SIZE]);

/* Chooses what is still NULL: the server gets the first CPU that we may use,
 * the client the first of the second half, or another one that the other side
 * does not have. With one CPU they share it. 0, or -errno. */
int cpus_choose(char **server, char **client);

/* Whether two lists have a CPU in common. */
bool cpus_overlap(const char *a, const char *b);

/* Of the machine, over the last minute; 0 where it is not known. */
double load_average(void);

/* Fills in what this machine and this build are. */
void environment_read(struct environment *e);

#endif
