/* SPDX-License-Identifier: MIT */
/*
 * A chart of the report: figures of several series, which are models mostly,
 * at one point or more.
 *
 * It is printed as a <figure>: a caption, a sentence that says what is in it,
 * an inline SVG that fits any width, a legend, and the same as a table. The
 * page's scripts draw it anew from chart_to_json(). Colours come from the
 * page's style, and no series is told from another by its colour alone.
 */
#ifndef SERVERLAB_COMPARE_CHART_H
#define SERVERLAB_COMPARE_CHART_H

#include "compare/figure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum chart_kind {
	CHART_BARS,   /* a bar with its interval for each series */
	CHART_LINES,  /* over the points, with bands for the intervals */
	CHART_HEAT,   /* a row of shades over time; the darker, the more */
	CHART_SHARES, /* a bar for each series, divided by its points */
};

extern const char *const chart_kinds[]; /* "bars", ... */

enum {
	CHART_LOOKS = 8,
	CHART_ID = 48,
	CHART_TEXT = 200,
	CHART_TICKS = 16,
	CHART_DRAWN = 128, /* of a label of 15 letters, with its number */
	CHART_SHORT = 5,   /* letters that may reach beyond the ends */
};

struct chart_point {
	char *label; /* as it was written; the chart's, never NULL */
	char drawn[CHART_DRAWN]; /* in short: no two labels look the same */
	double position;	 /* 0..1, where it stands */
	bool tick;		 /* there is room for its label */
};

struct chart_series {
	const char *label; /* the caller's, as long as the chart is */
	int look;    /* colour, dash and mark: one for a model in a page */
	bool faint;  /* one of too many: grey until it is chosen */
	bool strong; /* among the best */
	bool lower_bound;
	double part;	       /* 0..1, of a bar; NAN: undivided */
	struct estimate *y;    /* one for each point; NAN where there is none */
	char note[CHART_TEXT]; /* what stands beside them in the table */
};

/* A fit along one of the series: dotted, with its band. */
struct chart_curve {
	size_t series, steps;
	struct chart_step {
		double position; /* as of points */
		struct estimate y;
	} * step;
};

struct chart {
	enum chart_kind kind;
	char id[CHART_ID];	      /* of the element */
	char *title;		      /* a line; the chart's, never NULL */
	const char *x_title, *remark; /* remark: a sentence more, or NULL */
	const char *part_title;	      /* "in user mode" */
	const char *note_title;	      /* of the notes; NULL: there are none */
	char *aside; /* more sentences; NULL or the chart's to free */
	enum metric_unit unit;
	bool log_y;
	size_t points, count;
	struct chart_point *x;
	struct chart_series *series;
	struct chart_curve *curves;
	size_t curve_count;
};

/* With all figures unknown, and without a title. NULL without memory. */
struct chart *chart_new(enum chart_kind kind, size_t series, size_t points);
void chart_free(struct chart *c);

/* Puts another text in the place of a label or title, "" at the least. Without
 * memory the old one stays. */
void chart_set(char **text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One more curve, along a series, whose steps are unknown. NULL without
 * memory; valid until the next. */
struct chart_curve *chart_add_curve(
	struct chart *c, size_t series, size_t steps);

/* Whether the series has a figure at all. */
bool chart_has(const struct chart *c, size_t series);
bool chart_is_empty(const struct chart *c);

/* Positions by the logarithm of the labels where all are numbers above 0, one
 * beside the other otherwise; then chooses the ticks, and how their labels are
 * drawn. */
void chart_place_points(struct chart *c);
void chart_choose_ticks(struct chart *c);

void chart_print(const struct chart *c, FILE *out);

/* All that a script needs to draw it, figures also as text. */
json_t *chart_to_json(const struct chart *c);

/* ---- for the files that draw ------------------------------------------------- */

/* The range of y and the values that are marked in it. */
struct chart_axis {
	double low, high;
	bool log;
	size_t ticks;
	double tick[CHART_TICKS];
};

struct chart_axis chart_axis_of(const struct chart *c);

/* "10 ms": what is marked on an axis is round. Returns buf. */
const char *chart_say_tick(
	const struct chart *c, double value, char buf[FIGURE_TEXT]);

/* The least and the greatest figure, of the values or of all interval ends. */
void chart_range(
	const struct chart *c, bool intervals, double *low, double *high);

/* "≥ 230k ± 1.2 %". Returns buf (CHART_TEXT). */
const char *chart_say(
	const struct chart *c, size_t series, size_t point, char *buf);

/* An <svg> as wide as there is room, of so many pixels' height. */
void chart_draw_begin(const struct chart *c, int height, FILE *out);
void chart_draw_lines(const struct chart *c, FILE *out);
void chart_draw_rows(const struct chart *c, FILE *out); /* the other kinds */
void chart_draw_mark(int look, FILE *out);		/* around 0 0 */

#endif
