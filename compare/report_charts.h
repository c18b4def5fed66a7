/* SPDX-License-Identifier: MIT */
/* What the charts of the report share, and those of a single point. */
#ifndef SERVERLAB_COMPARE_REPORT_CHARTS_H
#define SERVERLAB_COMPARE_REPORT_CHARTS_H

#include "compare/chart.h"
#include "compare/report_page.h"
#include "compare/sweep.h"

/* The place of a model in the page, model_count if it is not in it. */
size_t report_look_of(const struct page *page, const char *model);

/* A chart with a series for each model of the page, in their order; `where` is
 * added to its title. NULL without memory. */
struct chart *report_new_chart(struct page *page, enum chart_kind kind,
	size_t points, const char *title, const char *where);

/* Prints a chart, unless it is empty or NULL, and frees it. */
void report_hand_in(struct page *page, struct chart *c);

/* Whether queueing theory is shown beside a metric: where [fit] asks for it, of
 * a model that is alone. */
bool report_has_theory(const struct page *page, const struct metric *m);
/* Its figures at a point, as THEORIES series after those of the models. */
void report_fill_theory(struct page *page, struct chart *c, size_t at,
	const struct point *p, const struct metric *m);
/* The fits along the models' throughput over a sweep, drawn and in words. */
void report_add_fits(
	const struct page *page, struct chart *c, const struct sweep *s);

/* Charts of one point of what is varied, which `where` names. */
void report_print_quantiles(
	struct page *page, const struct point *p, const char *where);
void report_print_heat(
	struct page *page, const struct point *p, const char *where);
void report_print_workers(
	struct page *page, const struct point *p, const char *where);
/* A table; nothing where no system calls were counted. */
void report_print_calls(
	struct page *page, const struct point *p, const char *where);

#endif
