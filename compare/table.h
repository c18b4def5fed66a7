/* SPDX-License-Identifier: MIT */
/* A run as a table for people: a heading, a table for every point of what was
 * varied, and what must be known to read it. */
#ifndef SERVERLAB_COMPARE_TABLE_H
#define SERVERLAB_COMPARE_TABLE_H

#include "compare/analysis.h"
#include "compare/figure.h"

#include <stdio.h>

/* `id` is the run's number, 0 if it has none. */
void table_print(const struct analysis *a, int64_t id,
	const struct style *style, FILE *out);
void table_print_markdown(const struct analysis *a, FILE *out);

/* Which load, and where: two lines with `between` between them. */
void table_print_setting(const struct run *run, const char *between, FILE *out);

/* Room for the text of any point that people would write. */
enum { POINT_TEXT = 512 };

/* "connections 64, size 1k"; "" for a run in which nothing was varied. One that
 * does not fit ends with "…". Returns buf. */
const char *point_text(const json_t *at, char *buf, size_t size);

#endif
