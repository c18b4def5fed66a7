/* SPDX-License-Identifier: MIT */
/* The charts of the report: which there are, and what is in them. */
#include "compare/report_charts.h"
#include "compare/html.h"
#include "compare/table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A page has room to show so many points one by one, and a chart so many
 * series before most of them turn grey. */
enum { POINTS_SHOWN = 4, SERIES_SHOWN = 8 };

/* ---- what is varied ------------------------------------------------------- */

static const char *value_of(const struct point *p, const char *axis)
{
	const char *value = json_string_value(json_object_get(p->at, axis));

	return value ? value : "";
}

static size_t count_values(const struct analysis *a, const char *axis)
{
	size_t different = 0;

	for (size_t i = 0; i < a->count; i++) {
		size_t k = 0;

		while (k < i && strcmp(value_of(&a->points[k], axis),
					value_of(&a->points[i], axis)))
			k++;
		different += k == i;
	}
	return different;
}

/* What follows "METRIC over " in what an experiment plots; NULL if nothing
 * does. */
static const char *plot_axis(const char *plot)
{
	const char *over = strstr(plot, " over ");

	return over ? over + strlen(" over ") : NULL;
}

/* What goes along the charts: what the experiment says, or else the name with
 * the most values. NULL where nothing is varied. */
static const char *main_axis(const struct page *page)
{
	const struct analysis *a = page->a;
	const char *name, *best = NULL;
	size_t most = 1;
	json_t *value;

	if (!a->count)
		return NULL;
	for (size_t i = 0; i < page->plan.plots.count; i++) {
		name = plot_axis(page->plan.plots.at[i]);
		if (name && count_values(a, name) > 1)
			return name;
	}
	json_object_foreach((json_t *)a->points[0].at, name, value)
	{
		size_t n = count_values(a, name);

		if (n > most) {
			most = n;
			best = name;
		}
	}
	return best;
}

/* Points that are alike in all but the main axis are one chart. */
struct group {
	const struct analysis *a;
	const char *axis; /* NULL: it is a single point */
	size_t first;	  /* the first point of it */
	size_t number;
};

static bool in_group(const struct group *g, size_t point)
{
	json_t *one, *other;
	bool same;

	if (point == g->first || !g->axis)
		return point == g->first;
	one = json_copy((json_t *)g->a->points[g->first].at);
	other = json_copy((json_t *)g->a->points[point].at);
	json_object_del(one, g->axis);
	json_object_del(other, g->axis);
	same = json_equal(one, other);
	json_decref(one);
	json_decref(other);
	return same;
}

static bool begins_group(const struct group *g)
{
	for (size_t p = 0; p < g->first; p++)
		if (in_group(g, p))
			return false;
	return true;
}

static size_t group_size(const struct group *g)
{
	size_t n = 0;

	for (size_t p = g->first; p < g->a->count; p++)
		n += in_group(g, p);
	return n;
}

/* "size 64" for all points of a group; "" if it is the only one. */
static void say_group(const struct group *g, char *buf, size_t size)
{
	json_t *at = json_copy((json_t *)g->a->points[g->first].at);

	if (g->axis)
		json_object_del(at, g->axis);
	point_text(at, buf, size);
	json_decref(at);
}

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
	snprintf(c->title, sizeof(c->title), "%.90s%s%.90s", title,
		where[0] ? ", " : "", where);
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

static struct estimate estimate_of(
	const struct metric *m, const struct cell *cell, gsl_rng *rng)
{
	struct estimate e = {NAN, NAN, NAN, 0};
	double *values = calloc(cell->sample_count + 1, sizeof(*values));

	if (values)
		e = stats_estimate(values, metric_values(m, cell, values), rng);
	free(values);
	return e;
}

/* Those of the ranked table shall be the same here to the digit. */
static struct estimate figure_of(
	const struct summary *s, const struct metric *m, gsl_rng *rng)
{
	const struct {
		const char *name;
		const struct estimate *e;
	} known[] = {{"throughput", &s->throughput},
		{"cpu_per_request", &s->cpu}, {"p50", &s->p50},
		{"p99", &s->p99}, {"switches_per_request", &s->switches},
		{"memory", &s->memory}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].name, m->name))
			return *known[i].e;
	return estimate_of(m, s->cell, rng);
}

/* ---- bars and lines of a metric ------------------------------------------- */

/* Of the CPU time, the share that was spent in user mode. */
static void split_cpu(
	struct chart_series *series, const struct cell *cell, gsl_rng *rng)
{
	double user =
		estimate_of(metric_find("user_per_request"), cell, rng).value;
	double system =
		estimate_of(metric_find("system_per_request"), cell, rng).value;

	if (user + system > 0)
		series->part = user / (user + system);
}

static void fill_point(struct page *page, struct chart *c, size_t at,
	const struct point *p, const struct metric *m)
{
	gsl_rng *rng = stats_rng((uint64_t)page->a->run->seed);

	for (size_t i = 0; rng && i < p->count; i++) {
		const struct summary *s = &p->summaries[i];
		size_t look = report_look_of(page, s->cell->model);

		if (s->standing >= NO_FIGURES || look == page->model_count)
			continue;
		c->series[look].y[at] = figure_of(s, m, rng);
		c->series[look].strong = s->best && m == p->order;
		c->series[look].lower_bound |= s->lower_bound;
		if (c->kind == CHART_BARS &&
			!strcmp(m->name, "cpu_per_request"))
			split_cpu(&c->series[look], s->cell, rng);
	}
	if (rng)
		gsl_rng_free(rng);
}

static void print_bars(
	struct page *page, const struct group *g, const struct metric *m)
{
	char where[128];
	struct chart *c;

	say_group(g, where, sizeof(where));
	c = report_new_chart(page, CHART_BARS, 1, m->title, where);
	if (!c)
		return;
	c->unit = m->unit;
	if (!strcmp(m->name, "cpu_per_request")) {
		c->part_title = "in user mode";
		c->remark = "The stripe at the foot of a bar is the part in "
			    "user mode, the rest was spent in the kernel.";
	}
	fill_point(page, c, 0, &g->a->points[g->first], m);
	report_hand_in(page, c);
}

/* What queueing theory says of the mean latency, beside the mean of a model
 * that is alone in its chart. */
static const struct {
	const char *metric, *label;
} theories[] = {{"md1", "M/D/1, computed"}, {"mm1", "M/M/1, computed"}};

enum { THEORIES = sizeof(theories) / sizeof(*theories) };

static bool has_theory(const struct page *page, const struct metric *m)
{
	return page->model_count == 1 && !strcmp(m->name, "mean");
}

static void fill_theory(
	struct page *page, struct chart *c, size_t at, const struct point *p)
{
	gsl_rng *rng = stats_rng((uint64_t)page->a->run->seed);

	for (size_t t = 0; rng && t < THEORIES; t++) {
		struct chart_series *s = &c->series[page->model_count + t];

		s->label = theories[t].label;
		s->look = (int)(page->model_count + t);
		s->y[at] = estimate_of(metric_find(theories[t].metric),
			p->summaries[0].cell, rng);
	}
	if (rng)
		gsl_rng_free(rng);
}

static void fill_lines(struct page *page, struct chart *c,
	const struct group *g, const struct metric *m)
{
	size_t at = 0;

	for (size_t p = g->first; p < g->a->count; p++) {
		const struct point *point = &g->a->points[p];

		if (!in_group(g, p))
			continue;
		snprintf(c->x[at].label, sizeof(c->x[at].label), "%.31s",
			value_of(point, g->axis));
		fill_point(page, c, at, point, m);
		if (has_theory(page, m))
			fill_theory(page, c, at, point);
		at++;
	}
}

static void print_lines(
	struct page *page, const struct group *g, const struct metric *m)
{
	char where[128];
	struct chart *c;

	say_group(g, where, sizeof(where));
	c = new_chart_with(page, CHART_LINES,
		has_theory(page, m) ? THEORIES : 0, group_size(g), m->title,
		where);
	if (!c)
		return;
	c->x_title = g->axis;
	c->unit = m->unit;
	c->log_y = m->unit == UNIT_TIME;
	c->remark = "Bands are 95 % intervals.";
	fill_lines(page, c, g, m);
	chart_place_points(c);
	report_hand_in(page, c);
}

static void print_metric(
	struct page *page, const struct group *g, const struct metric *m)
{
	if (group_size(g) > 1)
		print_lines(page, g, m);
	else
		print_bars(page, g, m);
}

/* ---- the sections --------------------------------------------------------- */

static void print_metrics(
	struct page *page, const char *const *names, size_t count)
{
	struct group g = {.a = page->a, .axis = main_axis(page)};

	fputs("<div class=\"charts\">\n", page->out);
	for (; g.first < page->a->count; g.first++)
		for (size_t i = 0; begins_group(&g) && i < count; i++)
			if (metric_find(names[i]))
				print_metric(page, &g, metric_find(names[i]));
	fputs("</div>\n", page->out);
}

/* A chart of one point, for each of them where they are few, or else for the
 * last one. */
static void print_each(struct page *page,
	void (*print)(struct page *, const struct point *, const char *))
{
	const struct analysis *a = page->a;
	size_t first = a->count > POINTS_SHOWN ? a->count - 1 : 0;
	char where[128];

	fputs("<div class=\"charts\">\n", page->out);
	for (size_t i = first; i < a->count; i++)
		print(page, &a->points[i],
			point_text(a->points[i].at, where, sizeof(where)));
	fputs("</div>\n", page->out);
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
	enum { LOAD = 2, ALL = sizeof(shown) / sizeof(*shown) };

	print_asked(page, shown, ALL);
	begin_section(page, "load", "Throughput and latency");
	print_metrics(page, shown, LOAD);
	print_each(page, report_print_quantiles);
	print_each(page, report_print_heat);
	end_section(page);
	begin_section(page, "cost", "What it costs the server");
	print_metrics(page, shown + LOAD, ALL - LOAD);
	print_each(page, report_print_workers);
	print_each(page, report_print_calls);
	print_counting(page);
	end_section(page);
}
