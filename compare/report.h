/* SPDX-License-Identifier: MIT */
/* A run as one HTML page that needs nothing else: its scripts and its data are
 * in it, and without scripts it says the same. */
#ifndef SERVERLAB_COMPARE_REPORT_H
#define SERVERLAB_COMPARE_REPORT_H

#include "compare/analysis.h"

#include <stdio.h>

/* 0, or -1 when it cannot be written. */
int report_print(const struct analysis *a, FILE *out);

#endif
