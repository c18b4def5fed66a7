/* SPDX-License-Identifier: MIT */
/*
 * Our figures beside published ones: [beside] of an experiment.
 *
 *	title = Process control
 *	value = cpu_per_request(MODEL) - cpu_per_request(blocking)
 *	source = the book, figure 30.1
 *	row = fork | 20.9 | a child for each client
 *	 thread | | a thread for each client
 *
 * MODEL stands for the model of each row. What was published begins with a
 * number, and may be left empty: where it is not certain it is not told.
 */
#ifndef SERVERLAB_COMPARE_BESIDE_H
#define SERVERLAB_COMPARE_BESIDE_H

#include "common/options.h"
#include "compare/figure.h"
#include "compare/grid.h"
#include "compare/run.h"
#include "compare/text.h"

#include <stdbool.h>
#include <stdio.h>

struct beside {
	char *title, *value, *source;
	struct texts rows;
};

/* One setting of the section. 0, -EINVAL with a sentence, or -ENOMEM. */
int beside_set(struct beside *b, const char *name, const char *value,
	char why[WHY_SIZE]);
void beside_release(struct beside *b);

/* "NAME: VALUE > 0" with the model of the n-th row, of which the left side is
 * our figure. False where there is no such row, or it is too long. */
bool beside_relation(const struct beside *b, size_t n, char *line, size_t size);

/* The table; no row where there is none. The grid is empty before, and the
 * caller's to release. */
void beside_fill(const struct beside *b, const struct run *run,
	const struct style *style, struct grid *g);
const char *beside_title(const struct beside *b);

/* It with its title and source, if there is one. */
void beside_print(const struct beside *b, const struct run *run,
	const struct style *style, FILE *out);
void beside_print_markdown(
	const struct beside *b, const struct run *run, FILE *out);

#endif
