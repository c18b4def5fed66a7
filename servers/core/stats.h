/* SPDX-License-Identifier: MIT */
/* The statistics file of a server: serverlab.server/1 (results/README.md). */
#ifndef SERVERLAB_CORE_STATS_H
#define SERVERLAB_CORE_STATS_H

#include <stdio.h>

struct server;

/* Writes them to `out` as one JSON object. */
void stats_write(const struct server *s, FILE *out);

#endif
