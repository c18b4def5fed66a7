/* SPDX-License-Identifier: MIT */
/*
 * A run as a gnuplot script with its data in it, for papers and slides: lines
 * over what is varied, in a column for each value of whatever else is, or bars
 * where nothing is varied. Fits and theory are drawn as what they are.
 */
#ifndef SERVERLAB_COMPARE_GNUPLOT_H
#define SERVERLAB_COMPARE_GNUPLOT_H

#include "compare/analysis.h"

#include <stdio.h>

/* 0, or -1 when it cannot be written. */
int gnuplot_print(const struct analysis *a, FILE *out);

#endif
