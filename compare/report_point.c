/* SPDX-License-Identifier: MIT */
/* What is shown of the latency at a single point: percentiles, and over time. */
#include "compare/report_charts.h"

#include <math.h>
#include <stdlib.h>

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
static struct estimate quantile_of(const struct cell *cell, const char *name)
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
		e = stats_estimate(values, n);
	free(values);
	return e;
}

/* Equal steps are factors of 1 / (1 - share): each nine is as wide as the one
 * before. */
static void place_quantiles(struct chart *c)
{
	for (size_t q = 0; q < QUANTILES; q++) {
		chart_set(&c->x[q].label, "%s", quantiles[q].title);
		c->x[q].position =
			log(0.5 / (1 - quantiles[q].share)) / log(0.5 / 0.0001);
	}
	chart_choose_ticks(c);
}

void report_print_quantiles(
	struct page *page, const struct point *p, const char *where)
{
	struct chart *c = report_new_chart(
		page, CHART_LINES, QUANTILES, "how long requests took", where);

	if (c) {
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
			size_t look = report_look_of(page, cell->model);

			for (size_t q = 0; q < QUANTILES; q++)
				c->series[look].y[q] =
					quantile_of(cell, quantiles[q].name);
		}
	}
	report_hand_in(page, c);
}

/* ---- latency over time ---------------------------------------------------- */

/* NULL of a sample that does not count: its figures are of a server that was
 * disturbed or watched. */
static json_t *intervals_of(const struct sample *s)
{
	return sample_is_valid(s) ? json_object_get(s->client, "intervals")
				  : NULL;
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

			chart_set(&c->x[k].label, "%.3g s",
				json_number_value(start) / 1e9);
			if (json_is_number(p99))
				y[k].value = fmax(
					y[k].value, json_number_value(p99));
		}
}

void report_print_heat(
	struct page *page, const struct point *p, const char *where)
{
	struct chart *c = report_new_chart(page, CHART_HEAT, most_steps(p),
		"p99 over time, the worst of all rounds", where);

	if (!c)
		return;
	c->unit = UNIT_TIME;
	c->x_title = "seconds";
	c->remark = "The stronger the shade, the longer the slowest hundredth "
		    "of the requests took in that step of time.";
	for (size_t i = 0; i < p->count; i++) {
		const struct cell *cell = p->summaries[i].cell;

		fill_steps(c, c->series[report_look_of(page, cell->model)].y,
			cell);
	}
	report_hand_in(page, c);
}
