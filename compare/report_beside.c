/* SPDX-License-Identifier: MIT */
/* What is drawn beside figures that were measured: theory and fits. */
#include "compare/report_charts.h"
#include "compare/theory.h"

#include <math.h>
#include <string.h>

/* Of a curve between two points: it is bent. */
enum { CURVE_STEPS = 12 };

bool report_has_theory(const struct page *page, const struct metric *m)
{
	return page->model_count == 1 && theory_of(0, m->name) &&
	       fit_is_asked(&page->plan.fits, FIT_QUEUE, page->axis);
}

void report_fill_theory(struct page *page, struct chart *c, size_t at,
	const struct point *p, const struct metric *m)
{
	for (size_t t = 0; t < THEORIES; t++) {
		struct chart_series *s = &c->series[page->model_count + t];

		s->label = theory_labels[t];
		s->look = (int)(page->model_count + t);
		s->y[at] = cell_estimate(
			p->summaries[0].cell, theory_of(t, m->name));
	}
}

/* The curve of a fit between two points of the chart. */
static void fill_curve(const struct chart *c, const struct fit *f, size_t p,
	struct chart_step step[CURVE_STEPS])
{
	double from = fit_load(c->x[p].label), to = fit_load(c->x[p + 1].label);

	if (!fit_reaches(f, from) || !fit_reaches(f, to))
		return;
	for (size_t i = 0; i < CURVE_STEPS; i++) {
		double share = (double)i / (CURVE_STEPS - 1);
		double load = from * pow(to / from, share);

		step[i].position = c->x[p].position * (1 - share) +
				   c->x[p + 1].position * share;
		step[i].y = usl_rate_interval(f->fan, load);
	}
}

static void add_curve(struct chart *c, size_t series, const struct fit *f)
{
	struct chart_curve *curve =
		chart_add_curve(c, series, (c->points - 1) * CURVE_STEPS);

	for (size_t p = 0; curve && p + 1 < c->points; p++)
		fill_curve(c, f, p, curve->step + p * CURVE_STEPS);
}

/* "epoll: peak at 9.49 (9.3 to 9.7), 34.1k a second" as a note of each series,
 * and of all of them in the chart's words. */
void report_add_fits(
	const struct page *page, struct chart *c, const struct sweep *s)
{
	json_t *at = sweep_at(s);
	size_t size;
	FILE *words = open_memstream(&c->aside, &size);

	c->note_title = "the law fitted to it";
	if (words)
		fputs("Dotted, with its band: the Universal Scalability Law, "
		      "fitted.",
			words);
	for (size_t i = 0; words && i < page->model_count; i++) {
		const struct fit *f =
			fits_find(&page->fits, page->models[i], at);

		if (!f)
			continue;
		fit_say(f, &page_style, c->series[i].note, CHART_TEXT);
		fprintf(words, " %s: %s.", f->model, c->series[i].note);
		if (!fit_objection(f))
			add_curve(c, i, f);
	}
	if (words)
		fclose(words);
	json_decref(at);
}
