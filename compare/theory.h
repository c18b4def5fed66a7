/* SPDX-License-Identifier: MIT */
/*
 * What a [fit] of `queue over WHAT-IS-VARIED` asks for: beside the mean, median
 * and 99th percentile that were measured, those that a queue has by theory
 * (compare/queueing.h) with the service time and the utilisation that were
 * measured. Nothing is fitted.
 */
#ifndef SERVERLAB_COMPARE_THEORY_H
#define SERVERLAB_COMPARE_THEORY_H

#include "compare/figure.h"
#include "compare/run.h"

#include <stdio.h>

enum { THEORIES = 2, THEORY_METRICS = 3 };

extern const char *const theory_labels[THEORIES];	 /* "M/D/1" */
extern const char *const theory_metrics[THEORY_METRICS]; /* measured ones */

/* The metric that the theory has beside a measured one; NULL if it has none. */
const struct metric *theory_of(size_t theory, const char *measured);

/* Measured and computed figures of each cell. */
void theory_print(const struct run *run, const char *axis,
	const struct style *style, FILE *out);

#endif
