/* SPDX-License-Identifier: MIT */
/*
 * Up to which offered load each model keeps up, where a run varies `rate`. A
 * model keeps up with a rate where it answers 95 % or more of what is due, by
 * the interval of the rounds. Saturation lies between the last rate that it keeps
 * up with and the first one that it does not: nothing in between is claimed.
 */
#ifndef SERVERLAB_COMPARE_SATURATION_H
#define SERVERLAB_COMPARE_SATURATION_H

#include "compare/figure.h"
#include "compare/grid.h"
#include "compare/run.h"

#include <stdbool.h>
#include <stdio.h>

#define SATURATION_SHARE 0.95

/* What is found of a model at one point of what else is varied. */
struct saturation {
	const struct cell *last;  /* keeps up, as at all lower rates; or NULL */
	const struct cell *first; /* the lowest that it does not keep up with */
	double last_rate, first_rate; /* NAN where there is no such cell */
	size_t rates;
};

/* Of the cells that differ from this one in their rate alone. */
struct saturation saturation_find(
	const struct run *run, const struct cell *cell);

/* A row for each model and point; none for a run that does not vary its rate. The
 * grid is empty before, and the caller's to release. */
void saturation_fill(
	const struct run *run, const struct style *style, struct grid *g);

/* The same as a table; nothing where there is no row. */
void saturation_print(
	const struct run *run, const struct style *style, FILE *out);

#endif
