/* SPDX-License-Identifier: MIT */
/* The charts of the report: which there are, and what is in them. */
#include "compare/report_charts.h"
#include "compare/html.h"
#include "compare/table.h"
#include "compare/theory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A page has room to show so many points one by one, so many more to choose
 * from, and a chart so many series before most of them turn grey. */
enum { POINTS_SHOWN = 4, POINTS_CHOSEN = 32, SERIES_SHOWN = 8 };

/* ---- what all charts have ------------------------------------------------- */

size_t report_look_of(const struct page *page, const char *model)
{
	size_t i = 0;

	while (i < page->model_count && strcmp(page->models[i], model))
		i++;
	return i;
}

static void name_series(struct page *page, struct chart *c)
{
	const char *baseline = page->a->run->baseline;

	for (size_t i = 0; i < page->model_count; i++) {
		c->series[i].label = page->models[i];
		c->series[i].look = (int)i;
		c->series[i].faint =
			i >= SERIES_SHOWN &&
			!(baseline && !strcmp(baseline, page->models[i]));
	}
}

/* A chart with a series for each model of the page and `more` nameless ones,
 * NULL without memory. */
static struct chart *new_chart_with(struct page *page, enum chart_kind kind,
	size_t more, size_t points, const char *title, const char *where)
{
	struct chart *c = chart_new(kind, page->model_count + more, points);

	if (!c)
		return NULL;
	snprintf(c->id, sizeof(c->id), "chart-%zu",
		json_array_size(page->charts) + 1);
	chart_set(&c->title, "%s%s%s", title, where[0] ? ", " : "", where);
	c->title[0] = (char)toupper((unsigned char)c->title[0]);
	name_series(page, c);
	return c;
}

struct chart *report_new_chart(struct page *page, enum chart_kind kind,
	size_t points, const char *title, const char *where)
{
	return new_chart_with(page, kind, 0, points, title, where);
}

void report_hand_in(struct page *page, struct chart *c)
{
	if (!c)
		return;
	if (!chart_is_empty(c)) {
		chart_print(c, page->out);
		json_array_append_new(page->charts, chart_to_json(c));
	}
	chart_free(c);
}

/* ---- bars and lines of a metric ------------------------------------------- */

/* Of the CPU time, the share that was spent in user mode. */
static void split_cpu(struct chart_series *series, const struct cell *cell)
{
	double user =
		cell_estimate(cell, metric_find("user_per_request")).value;
	double system =
		cell_estimate(cell, metric_find("system_per_request")).value;

	if (user + system > 0)
		series->part = user / (user + system);
}

static void fill_point(struct page *page, struct chart *c, size_t at,
	const struct point *p, const struct metric *m)
{

	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];
		size_t look = report_look_of(page, s->cell->model);

		if (s->standing >= NO_FIGURES || look == page->model_count)
			continue;
		c->series[look].y[at] = summary_estimate(s, m);
		c->series[look].strong = s->best && m == p->order;
		c->series[look].lower_bound |= s->lower_bound;
		if (c->kind == CHART_BARS &&
			!strcmp(m->name, "cpu_per_request"))
			split_cpu(&c->series[look], s->cell);
	}
}

static void print_bars(
	struct page *page, const struct sweep *s, const struct metric *m)
{
	char where[POINT_TEXT];
	struct chart *c;

	sweep_text(s, where, sizeof(where));
	c = report_new_chart(page, CHART_BARS, 1, m->title, where);
	if (!c)
		return;
	c->unit = m->unit;
	if (!strcmp(m->name, "cpu_per_request")) {
		c->part_title = "in user mode";
		c->remark = "The stripe at the foot of a bar is the part in "
			    "user mode, the rest was spent in the kernel.";
	}
	fill_point(page, c, 0, &s->a->points[s->first], m);
	report_hand_in(page, c);
}

static void fill_lines(struct page *page, struct chart *c,
	const struct sweep *s, const struct metric *m)
{
	size_t at = 0, p = SIZE_MAX;

	while ((p = sweep_point(s, p)) < s->a->count) {
		const struct point *point = &s->a->points[p];

		chart_set(&c->x[at].label, "%s", sweep_value(s, p));
		fill_point(page, c, at, point, m);
		if (report_has_theory(page, m))
			report_fill_theory(page, c, at, point, m);
		at++;
	}
}

static void print_lines(
	struct page *page, const struct sweep *s, const struct metric *m)
{
	char where[POINT_TEXT];
	struct chart *c;

	sweep_text(s, where, sizeof(where));
	c = new_chart_with(page, CHART_LINES,
		report_has_theory(page, m) ? THEORIES : 0, s->count, m->title,
		where);
	if (!c)
		return;
	c->x_title = s->axis;
	c->unit = m->unit;
	c->log_y = m->unit == UNIT_TIME;
	c->remark = report_has_theory(page, m)
			    ? "Bands are 95 % intervals. M/D/1 and M/M/1 are "
			      "computed: a queue in which the service always "
			      "takes the same, and one in which it is "
			      "exponential."
			    : "Bands are 95 % intervals.";
	fill_lines(page, c, s, m);
	chart_place_points(c);
	if (page->fits.count && !strcmp(m->name, "throughput"))
		report_add_fits(page, c, s);
	report_hand_in(page, c);
}

static void print_metric(
	struct page *page, const struct sweep *s, const struct metric *m)
{
	if (s->count > 1)
		print_lines(page, s, m);
	else
		print_bars(page, s, m);
}

/* ---- the sections --------------------------------------------------------- */

static void print_metrics(
	struct page *page, const char *const *names, size_t count)
{
	struct sweep s = {.a = page->a, .axis = page->axis};

	fputs("<div class=\"charts\">\n", page->out);
	while (sweep_next(&s))
		for (size_t i = 0; i < count; i++)
			if (metric_find(names[i]))
				print_metric(page, &s, metric_find(names[i]));
	fputs("</div>\n", page->out);
}

/* What is shown of a single point. */
typedef void print_point(struct page *, const struct point *, const char *);

static void print_point_by(
	struct page *page, size_t i, print_point *const *prints, size_t count)
{
	const struct point *p = &page->a->points[i];
	char where[POINT_TEXT];

	point_text(p->at, where, sizeof(where));
	for (size_t k = 0; k < count; k++)
		prints[k](page, p, where);
}

/* One below the other; the page's scripts show one and let the reader choose
 * which. */
static void print_choice(
	struct page *page, print_point *const *prints, size_t count)
{
	char where[POINT_TEXT];

	fputs("<div class=\"points\">\n", page->out);
	for (size_t i = 0; i < page->a->count; i++) {
		fputs("<div class=\"charts point\" data-point=\"", page->out);
		html_text(page->out, point_text(page->a->points[i].at, where,
					     sizeof(where)));
		fputs("\">", page->out);
		print_point_by(page, i, prints, count);
		fputs("</div>\n", page->out);
	}
	fputs("</div>\n", page->out);
}

static void print_last(
	struct page *page, print_point *const *prints, size_t count)
{
	size_t last = page->a->count - 1;
	char where[POINT_TEXT];

	fputs("<p class=\"dim\">Below: ", page->out);
	html_text(page->out,
		point_text(page->a->points[last].at, where, sizeof(where)));
	fprintf(page->out,
		", the last of %zu points. The tables of the models above have "
		"the figures of all.</p>\n<div class=\"charts\">\n",
		last + 1);
	print_point_by(page, last, prints, count);
	fputs("</div>\n", page->out);
}

/* All points side by side where they are few, or else one of them. */
static void print_each(
	struct page *page, print_point *const *prints, size_t count)
{
	if (page->a->count > POINTS_CHOSEN) {
		print_last(page, prints, count);
		return;
	}
	if (page->a->count > POINTS_SHOWN) {
		print_choice(page, prints, count);
		return;
	}
	for (size_t k = 0; k < count; k++) {
		fputs("<div class=\"charts\">\n", page->out);
		for (size_t i = 0; i < page->a->count; i++)
			print_point_by(page, i, &prints[k], 1);
		fputs("</div>\n", page->out);
	}
}

static void begin_section(struct page *page, const char *id, const char *title)
{
	fprintf(page->out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
}

static void end_section(struct page *page)
{
	fputs("</section>\n", page->out);
}

/* Whether a plot, "METRIC over ...", is of one of these metrics. */
static bool is_among(const char *plot, const char *const *names, size_t count)
{
	size_t length = strcspn(plot, " ");

	for (size_t i = 0; i < count; i++)
		if (!strncmp(names[i], plot, length) && !names[i][length])
			return true;
	return false;
}

/* What the experiment asks for and the other sections do not have anyway. */
static void print_asked(
	struct page *page, const char *const *others, size_t count)
{
	const struct texts *plots = &page->plan.plots;
	size_t i = 0;

	while (i < plots->count && is_among(plots->at[i], others, count))
		i++;
	if (i == plots->count)
		return;
	begin_section(page, "asked", "What to look at");
	for (const struct metric *m = metrics; m->name; m++)
		for (i = 0; i < plots->count; i++)
			if (is_among(plots->at[i], &m->name, 1) &&
				!is_among(plots->at[i], others, count))
				print_metrics(page, &m->name, 1);
	end_section(page);
}

/* Why there are no figures of system calls. */
static void print_counting(const struct page *page)
{
	if (!page->a->run->counting)
		return;
	fputs("<p class=\"dim\">System calls were not counted: ", page->out);
	html_text(page->out, page->a->run->counting);
	fputs(".</p>\n", page->out);
}

void report_print_charts(struct page *page)
{
	static const char *const shown[] = {"throughput", "p99",
		"cpu_per_request", "syscalls_per_request",
		"switches_per_request", "memory"};
	static print_point *const of_load[] = {
		report_print_quantiles, report_print_heat};
	static print_point *const of_cost[] = {
		report_print_workers, report_print_calls};
	enum { LOAD = 2, ALL = sizeof(shown) / sizeof(*shown) };

	print_asked(page, shown, ALL);
	begin_section(page, "load", "Throughput and latency");
	print_metrics(page, shown, LOAD);
	print_each(page, of_load, 2);
	end_section(page);
	begin_section(page, "cost", "What it costs the server");
	print_metrics(page, shown + LOAD, ALL - LOAD);
	print_each(page, of_cost, 2);
	print_counting(page);
	end_section(page);
}
