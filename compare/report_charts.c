/* SPDX-License-Identifier: MIT */
/* The charts of the report: which there are, and what is in them. */
#include "compare/chart.h"
#include "compare/html.h"
#include "compare/report_page.h"
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

/* The name with the most values: it goes along the charts. NULL where nothing
 * is varied. */
static const char *main_axis(const struct analysis *a)
{
	const char *name, *best = NULL;
	size_t most = 1;
	json_t *value;

	if (!a->count)
		return NULL;
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

static size_t look_of(const struct page *page, const char *model)
{
	size_t i = 0;

	while (i < page->model_count && strcmp(page->models[i], model))
		i++;
	return i;
}

static void name_series(struct page *page, struct chart *c)
{
	const char *baseline = page->a->run->baseline;

	for (size_t i = 0; i < c->count; i++) {
		c->series[i].label = page->models[i];
		c->series[i].look = (int)i;
		c->series[i].faint =
			i >= SERIES_SHOWN &&
			!(baseline && !strcmp(baseline, page->models[i]));
	}
}

/* A chart with a series for each model of the page, NULL without memory. */
static struct chart *new_chart(struct page *page, enum chart_kind kind,
	size_t points, const char *title, const char *where)
{
	struct chart *c = chart_new(kind, page->model_count, points);

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

static void hand_in(struct page *page, struct chart *c)
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
		size_t look = look_of(page, s->cell->model);

		if (s->standing >= NO_FIGURES || look == c->count)
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
	c = new_chart(page, CHART_BARS, 1, m->title, where);
	if (!c)
		return;
	c->unit = m->unit;
	if (!strcmp(m->name, "cpu_per_request")) {
		c->part_title = "in user mode";
		c->remark = "The stripe at the foot of a bar is the part in "
			    "user mode, the rest was spent in the kernel.";
	}
	fill_point(page, c, 0, &g->a->points[g->first], m);
	hand_in(page, c);
}

static void print_lines(
	struct page *page, const struct group *g, const struct metric *m)
{
	char where[128];
	struct chart *c;
	size_t at = 0;

	say_group(g, where, sizeof(where));
	c = new_chart(page, CHART_LINES, group_size(g), m->title, where);
	if (!c)
		return;
	c->x_title = g->axis;
	c->unit = m->unit;
	c->log_y = m->unit == UNIT_TIME;
	c->remark = "Bands are 95 % intervals.";
	for (size_t p = g->first; p < g->a->count; p++)
		if (in_group(g, p)) {
			snprintf(c->x[at].label, sizeof(c->x[at].label),
				"%.31s", value_of(&g->a->points[p], g->axis));
			fill_point(page, c, at++, &g->a->points[p], m);
		}
	chart_place_points(c);
	hand_in(page, c);
}

static void print_metric(
	struct page *page, const struct group *g, const struct metric *m)
{
	if (group_size(g) > 1)
		print_lines(page, g, m);
	else
		print_bars(page, g, m);
}

/* ---- percentiles ---------------------------------------------------------- */

static const struct {
	const char *name, *title;
	double share;
} quantiles[] = {{"p50", "50", 0.5}, {"p75", "75", 0.75}, {"p90", "90", 0.9},
	{"p95", "95", 0.95}, {"p99", "99", 0.99}, {"p99_9", "99.9", 0.999},
	{"p99_99", "99.99", 0.9999}};

enum { QUANTILES = sizeof(quantiles) / sizeof(*quantiles) };

/* A percentile over the rounds; unknown where a round had too few requests for
 * it. */
static struct estimate quantile_of(
	const struct cell *cell, const char *name, gsl_rng *rng)
{
	struct estimate e = {NAN, NAN, NAN, 0};
	double *values = calloc(cell->sample_count + 1, sizeof(*values));
	size_t n = 0;

	for (size_t i = 0; values && i < cell->sample_count; i++) {
		const struct sample *s = &cell->samples[i];
		json_t *latency = json_object_get(s->client, "latency_ns");
		json_t *value = json_object_get(
			json_object_get(latency, "corrected"), name);

		if (sample_is_valid(s) && json_is_number(value))
			values[n++] = json_number_value(value);
	}
	if (n)
		e = stats_estimate(values, n, rng);
	free(values);
	return e;
}

/* Equal steps are factors of 1 / (1 - share): each nine is as wide as the one
 * before. */
static void place_quantiles(struct chart *c)
{
	for (size_t q = 0; q < QUANTILES; q++) {
		snprintf(c->x[q].label, sizeof(c->x[q].label), "%s",
			quantiles[q].title);
		c->x[q].position =
			log(0.5 / (1 - quantiles[q].share)) / log(0.5 / 0.0001);
	}
	chart_choose_ticks(c);
}

static void print_quantiles(
	struct page *page, const struct point *p, const char *where)
{
	struct chart *c = new_chart(
		page, CHART_LINES, QUANTILES, "how long requests took", where);
	gsl_rng *rng = stats_rng((uint64_t)page->a->run->seed);

	if (c && rng) {
		c->x_title = "percentile";
		c->remark =
			"At a percentile of 99, one request in a hundred took "
			"longer; each further nine is as wide as the one "
			"before it. Bands are 95 % intervals.";
		c->unit = UNIT_TIME;
		c->log_y = true;
		place_quantiles(c);
		for (size_t i = 0; i < p->count; i++) {
			const struct cell *cell = p->summaries[i].cell;
			size_t look = look_of(page, cell->model);

			for (size_t q = 0; q < QUANTILES; q++)
				c->series[look].y[q] = quantile_of(
					cell, quantiles[q].name, rng);
		}
	}
	if (rng)
		gsl_rng_free(rng);
	hand_in(page, c);
}

/* ---- latency over time ---------------------------------------------------- */

static json_t *intervals_of(const struct sample *s)
{
	return json_object_get(s->client, "intervals");
}

static size_t most_steps(const struct point *p)
{
	size_t most = 0;

	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->summaries[i].cell->sample_count;
			k++) {
			json_t *all =
				intervals_of(&p->summaries[i].cell->samples[k]);

			if (json_array_size(all) > most)
				most = json_array_size(all);
		}
	return most;
}

/* The greatest p99 of a step in any round: outliers shall be seen. */
static void fill_steps(
	struct chart *c, struct estimate *y, const struct cell *cell)
{
	json_t *one;
	size_t k;

	for (size_t i = 0; i < cell->sample_count; i++)
		json_array_foreach(intervals_of(&cell->samples[i]), k, one)
		{
			json_t *p99 = json_object_get(one, "p99_ns");
			json_t *start = json_object_get(one, "start_ns");

			snprintf(c->x[k].label, sizeof(c->x[k].label), "%.3g s",
				json_number_value(start) / 1e9);
			if (json_is_number(p99))
				y[k].value = fmax(
					y[k].value, json_number_value(p99));
		}
}

static void print_heat(
	struct page *page, const struct point *p, const char *where)
{
	struct chart *c = new_chart(page, CHART_HEAT, most_steps(p),
		"p99 over time, the worst of all rounds", where);

	if (!c)
		return;
	c->unit = UNIT_TIME;
	c->x_title = "seconds";
	c->remark = "The stronger the shade, the longer the slowest hundredth "
		    "of the requests took in that step of time.";
	for (size_t i = 0; i < p->count; i++) {
		const struct cell *cell = p->summaries[i].cell;

		fill_steps(c, c->series[look_of(page, cell->model)].y, cell);
	}
	hand_in(page, c);
}

/* ---- work per worker ------------------------------------------------------ */

static json_t *workers_of(const struct cell *cell)
{
	for (size_t i = cell->sample_count; i-- > 0;)
		if (sample_is_valid(&cell->samples[i]))
			return json_object_get(
				cell->samples[i].server, "workers");
	return NULL;
}

static double requests_of(json_t *worker)
{
	return json_number_value(json_object_get(worker, "requests"));
}

/* Those that served requests: a main thread that only accepts is none. */
static size_t count_workers(const struct cell *cell)
{
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(workers_of(cell), i, one) n += requests_of(one) > 0;
	return n;
}

static size_t most_workers(const struct point *p)
{
	size_t most = 0;

	for (size_t i = 0; i < p->count; i++) {
		size_t n = count_workers(p->summaries[i].cell);

		if (n > most)
			most = n;
	}
	return most;
}

static void fill_workers(struct estimate *y, const struct cell *cell)
{
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(workers_of(cell), i, one) if (requests_of(one) > 0)
		y[n++]
			.value = requests_of(one);
}

static void print_workers(
	struct page *page, const struct point *p, const char *where)
{
	size_t workers = most_workers(p);
	struct chart *c;

	if (workers < 2)
		return;
	c = new_chart(page, CHART_SHARES, workers,
		"requests of each worker, in the last round", where);
	if (!c)
		return;
	c->unit = UNIT_NUMBER;
	c->x_title = "worker";
	c->remark = "A bar is all requests of a model, a piece of it those of "
		    "one worker; the more even, the better they share.";
	for (size_t w = 0; w < workers; w++)
		snprintf(c->x[w].label, sizeof(c->x[w].label), "worker %zu",
			w + 1);
	for (size_t i = 0; i < p->count; i++) {
		const struct cell *cell = p->summaries[i].cell;

		if (count_workers(cell) > 1)
			fill_workers(
				c->series[look_of(page, cell->model)].y, cell);
	}
	hand_in(page, c);
}

/* ---- the sections --------------------------------------------------------- */

static void print_metrics(
	struct page *page, const char *const *names, size_t count)
{
	struct group g = {.a = page->a, .axis = main_axis(page->a)};

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

void report_print_charts(struct page *page)
{
	static const char *const load[] = {"throughput", "p99"};
	static const char *const cost[] = {"cpu_per_request",
		"syscalls_per_request", "switches_per_request", "memory"};

	begin_section(page, "load", "Throughput and latency");
	print_metrics(page, load, sizeof(load) / sizeof(*load));
	print_each(page, print_quantiles);
	print_each(page, print_heat);
	end_section(page);
	begin_section(page, "cost", "What it costs the server");
	print_metrics(page, cost, sizeof(cost) / sizeof(*cost));
	print_each(page, print_workers);
	end_section(page);
}
