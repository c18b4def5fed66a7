/* SPDX-License-Identifier: MIT */
/* Figures for people: three significant digits and a unit. */
#ifndef SERVERLAB_COMPARE_FIGURE_H
#define SERVERLAB_COMPARE_FIGURE_H

#include "compare/metric.h"
#include "compare/stats.h"

enum { FIGURE_TEXT = 32 };

/* Where and how it is shown. */
struct style {
	bool utf8, colour;
	bool terminal; /* on which what is too wide is broken anywhere */
	int width;     /* columns */
};

/* Of a stream: its locale, whether it is a terminal, NO_COLOR, COLUMNS. */
struct style style_of(int fd);

/* Of what is read elsewhere, in a browser or a paper. */
extern const struct style page_style;

/* "213k", "3.21us", "1.10M"; "-" for what is not known. Returns buf. */
const char *figure(double value, enum metric_unit unit, const struct style *s,
	char buf[FIGURE_TEXT]);

/* Half the width of the interval in percent of the value, "1.2 %"; "" if there
 * is none. */
const char *figure_spread(const struct estimate *e, char buf[FIGURE_TEXT]);

/* A bar of `share` (0..1) of `width` columns, in eighths where the style has
 * them. `buf` holds 4 bytes a column and one more. */
const char *figure_bar(
	double share, int width, const struct style *s, char *buf, size_t size);

#endif
