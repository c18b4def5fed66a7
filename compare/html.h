/* SPDX-License-Identifier: MIT */
/* Text for HTML, and charts as inline SVG. Each chart is a <figure> with a
 * caption and a text alternative; colours come from the page's style, and no
 * series is told from another by its colour alone. */
#ifndef SERVERLAB_COMPARE_HTML_H
#define SERVERLAB_COMPARE_HTML_H

#include "compare/metric.h"
#include "compare/stats.h"

#include <stdbool.h>

#include <stddef.h>
#include <stdio.h>

enum { CHART_LABEL = 96, CHART_SERIES = 24, CHART_POINTS = 64 };

void html_text(FILE *out, const char *text);	   /* escaped */
void html_paragraphs(FILE *out, const char *text); /* a <p> for each line */

/* Horizontal bars with whiskers, the first one on top. */
struct bars {
	const char *title, *alternative;
	enum metric_unit unit;
	size_t count;
	struct {
		char label[CHART_LABEL];
		struct estimate value;
		bool strong; /* among the best */
		bool lower_bound;
	} bar[CHART_SERIES];
};

void chart_bars(FILE *out, const struct bars *b);

/* Lines over what is varied, with bands for their intervals. */
struct lines {
	const char *title, *alternative, *x_title;
	enum metric_unit unit;
	size_t points, series;
	char x[CHART_POINTS][32];      /* as it was written */
	double position[CHART_POINTS]; /* 0..1, where it stands */
	bool log_y;
	char label[CHART_SERIES][CHART_LABEL];
	struct estimate y[CHART_SERIES][CHART_POINTS];
};

void chart_lines(FILE *out, const struct lines *l);

/* One row of shades for each series over time; the darker, the more. */
struct shades {
	const char *title, *alternative;
	enum metric_unit unit;
	size_t rows, steps;
	double step_seconds;
	char label[CHART_SERIES][CHART_LABEL];
	double value[CHART_SERIES][CHART_POINTS];
};

void chart_shades(FILE *out, const struct shades *s);

#endif
