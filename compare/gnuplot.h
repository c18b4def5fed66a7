/* SPDX-License-Identifier: MIT */
/* A run as a gnuplot script with its data in it, for papers and slides. */
#ifndef SERVERLAB_COMPARE_GNUPLOT_H
#define SERVERLAB_COMPARE_GNUPLOT_H

#include "compare/analysis.h"

#include <stdio.h>

/* Lines over what is varied where that is one thing, else bars. 0, or -1 when
 * it cannot be written. */
int gnuplot_print(const struct analysis *a, FILE *out);

#endif
