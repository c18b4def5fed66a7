/* SPDX-License-Identifier: MIT */
/*
 * What a reader should know of the samples of a cell, found in the figures and
 * changing none of them: rounds that lie far from the others, and windows that
 * began before the server was as fast as it would be.
 */
#ifndef SERVERLAB_COMPARE_STEADY_H
#define SERVERLAB_COMPARE_STEADY_H

#include "compare/analysis.h"
#include "compare/figure.h"

#include <stdio.h>

struct trend {
	double ratio; /* the first third's rate to that of the rest; median */
	double p;     /* of the t-test that there is no difference */
};

/*
 * From the steps of each valid sample's series. p is 1 where that says nothing:
 * too few samples or steps, or a load that is meant to change.
 */
struct trend steady_trend(const struct cell *cell);

/* A line for each cell that was not steady, by more than noise and 5 %, and one
 * for all rounds that lie far from the others of their cell. */
void steady_print(
	const struct analysis *a, const struct style *style, FILE *out);

#endif
