/* SPDX-License-Identifier: MIT */
/* What the server did for the requests: a second table of a run, for
 * `compare show --server`, and its system calls by name. */
#ifndef SERVERLAB_COMPARE_SERVER_SIDE_H
#define SERVERLAB_COMPARE_SERVER_SIDE_H

#include "compare/analysis.h"
#include "compare/figure.h"

#include <stdio.h>

void server_side_print(
	const struct analysis *a, const struct style *style, FILE *out);

#endif
