/* SPDX-License-Identifier: MIT */
/* What lies behind the last column of the table: each ratio to the baseline
 * with its interval, its p and its effect size. */
#ifndef SERVERLAB_COMPARE_RATIOS_H
#define SERVERLAB_COMPARE_RATIOS_H

#include "compare/analysis.h"
#include "compare/figure.h"

#include <stdio.h>

/* A table for every point; a sentence for a run without ratios. */
void ratios_print(
	const struct analysis *a, const struct style *style, FILE *out);

#endif
