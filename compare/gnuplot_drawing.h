/* SPDX-License-Identifier: MIT */
/* What the parts of a gnuplot script share. */
#ifndef SERVERLAB_COMPARE_GNUPLOT_DRAWING_H
#define SERVERLAB_COMPARE_GNUPLOT_DRAWING_H

#include "compare/analysis.h"
#include "compare/fit.h"

#include <stdio.h>

enum { PANELS = 3 };

/* Panels stand one above the other: what each shows, and in which unit. */
struct panel {
	const char *title, *metric;
	double unit;
	bool log; /* of lines: what differs by powers */
};

struct drawing {
	const struct analysis *a;
	const struct panel *panels;
	const char **models;
	size_t model_count, sweeps;
	const char *axis; /* NULL: bars */
	struct fits fits;
	bool theory;
	FILE *out;
};

/* A text in single quotes, in which gnuplot runs no `command`. */
void gnuplot_quote(const char *text, FILE *out);

/* Value, low and high, in that unit. */
void gnuplot_estimate(const struct estimate *e, double unit, FILE *out);

/* A row of data: its place, its name, each panel's value with its interval, and
 * what theory has beside each. */
void gnuplot_row(const struct drawing *d, size_t place, const char *name,
	const struct summary *s);
/* Where a panel's value is in a row, and what theory has beside it. */
int gnuplot_column(size_t panel);
int gnuplot_theory_column(size_t panel, size_t theory);

/* All columns of panels with lines. */
void gnuplot_lines(const struct drawing *d);

#endif
