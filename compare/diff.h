/* SPDX-License-Identifier: MIT */
/* What has changed between two runs. */
#ifndef SERVERLAB_COMPARE_DIFF_H
#define SERVERLAB_COMPARE_DIFF_H

#include "compare/figure.h"
#include "compare/run.h"

#include <stdio.h>

struct diff_count {
	size_t compared, better, worse;
};

/*
 * Prints every cell that both runs have, by throughput and by the server's CPU
 * per request, and whether the second run is better, worse or not to be told
 * from the first by more than `threshold` (0.05: five percent). A cell with
 * figures in the first run and none in the second is worse. Names the cells
 * that only one run has. Returns how many there were of each.
 */
struct diff_count diff_print(const struct run *a, const struct run *b,
	double threshold, const struct style *style, FILE *out);

#endif
