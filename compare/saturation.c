/* SPDX-License-Identifier: MIT */
#include "compare/saturation.h"

#include "common/options.h"
#include "compare/grid.h"
#include "compare/metric.h"
#include "compare/stats.h"
#include "compare/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rate that a cell offers; NAN where that is not varied. */
static double rate_of(const struct cell *cell)
{
	const char *text =
		json_string_value(json_object_get(cell->point, "rate"));
	uint64_t count;
	double rate;

	if (!text)
		return NAN;
	if (!parse_count(text, &count))
		return (double)count;
	return parse_number(text, &rate) ? NAN : rate;
}

static json_t *point_without_rate(const struct cell *cell)
{
	json_t *rest = json_copy(cell->point);

	json_object_del(rest, "rate");
	return rest;
}

static bool belong_together(const struct cell *a, const struct cell *b)
{
	json_t *x = point_without_rate(a), *y = point_without_rate(b);
	bool same = !strcmp(a->model, b->model) && json_equal(x, y);

	json_decref(x);
	json_decref(y);
	return same;
}

enum keeping { KEEPS_UP, FALLS_BEHIND, UNKNOWN };

/* How much of what was due in the window was answered. With random arrivals that
 * is not always the rate times the time. */
static double answered_share(const struct sample *s, double rate)
{
	json_t *requests = json_object_get(s->client, "requests");
	double due = json_number_value(json_object_get(requests, "scheduled"));

	return due > 0 ? (double)s->requests / due
		       : s->requests_per_second / rate;
}

static enum keeping judge(const struct cell *cell, double rate)
{
	double *shares = calloc(cell->sample_count + 1, sizeof(*shares));
	struct estimate e = {NAN, NAN, NAN, 0};
	size_t n = 0;

	for (size_t i = 0; shares && i < cell->sample_count; i++)
		if (sample_is_valid(&cell->samples[i]))
			shares[n++] = answered_share(&cell->samples[i], rate);
	if (shares)
		e = stats_estimate(shares, n);
	free(shares);
	if (e.low >= SATURATION_SHARE)
		return KEEPS_UP;
	return e.high < SATURATION_SHARE ? FALLS_BEHIND : UNKNOWN;
}

struct step {
	double rate;
	const struct cell *cell;
};

static int by_rate(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->rate < y->rate ? -1 : x->rate > y->rate;
}

/* The cells that belong to this one, by their rates; how many there are. */
static size_t gather(
	const struct run *run, const struct cell *cell, struct step *steps)
{
	size_t n = 0;

	for (size_t c = 0; c < run->cell_count; c++) {
		double rate = rate_of(&run->cells[c]);

		if (isfinite(rate) && belong_together(cell, &run->cells[c]))
			steps[n++] = (struct step) {rate, &run->cells[c]};
	}
	qsort(steps, n, sizeof(*steps), by_rate);
	return n;
}

struct saturation saturation_find(
	const struct run *run, const struct cell *cell)
{
	struct saturation s = {.last_rate = NAN, .first_rate = NAN};
	struct step *steps = calloc(run->cell_count + 1, sizeof(*steps));
	enum keeping keeping = KEEPS_UP;

	if (steps)
		s.rates = gather(run, cell, steps);
	for (size_t i = 0; i < s.rates && !s.first; i++) {
		bool so_far = keeping == KEEPS_UP;

		keeping = judge(steps[i].cell, steps[i].rate);
		if (so_far && keeping == KEEPS_UP) {
			s.last = steps[i].cell;
			s.last_rate = steps[i].rate;
		} else if (keeping == FALLS_BEHIND) {
			s.first = steps[i].cell;
			s.first_rate = steps[i].rate;
		} else {
			keeping = UNKNOWN; /* for good: a doubt stays one */
		}
	}
	free(steps);
	return s;
}

/* Whether no cell before it belongs to the same. */
static bool is_first(const struct run *run, size_t n)
{
	for (size_t c = 0; c < n; c++)
		if (belong_together(&run->cells[c], &run->cells[n]))
			return false;
	return true;
}

static void add_row(struct grid *g, const struct cell *cell,
	const struct saturation *s, const struct style *style)
{
	json_t *rest = point_without_rate(cell);
	struct grid_row *row = grid_add(g);
	char number[FIGURE_TEXT];

	if (row) {
		snprintf(row->text[0], GRID_CELL, "%s", cell->model);
		point_text(rest, row->text[1], GRID_CELL);
		snprintf(row->text[2], GRID_CELL, "%s",
			figure(s->last_rate, UNIT_RATE, style, number));
		if (s->last)
			snprintf(row->text[3], GRID_CELL, "%s",
				figure(metric_median(s->last, "p99"), UNIT_TIME,
					style, number));
		snprintf(row->text[4], GRID_CELL, "%s",
			figure(s->first_rate, UNIT_RATE, style, number));
		if (s->first)
			snprintf(row->text[5], GRID_CELL, "%s",
				figure(metric_median(s->first, "throughput"),
					UNIT_RATE, style, number));
	}
	json_decref(rest);
}

void saturation_fill(
	const struct run *run, const struct style *style, struct grid *g)
{
	static const char *const titles[] = {"model", "at", "keeps up to",
		"p99 there", "falls behind at", "answers there"};

	for (size_t c = 0; c < sizeof(titles) / sizeof(*titles); c++)
		grid_column(g, titles[c], c < 2);
	for (size_t c = 0; c < run->cell_count; c++) {
		struct saturation s;

		if (!is_first(run, c))
			continue;
		s = saturation_find(run, &run->cells[c]);
		if (s.rates > 1)
			add_row(g, &run->cells[c], &s, style);
	}
}

void saturation_print(
	const struct run *run, const struct style *style, FILE *out)
{
	struct grid g = {0};

	saturation_fill(run, style, &g);
	if (g.count) {
		fputs("\nSaturation, in requests offered a second\n", out);
		grid_print(&g, style->colour, out);
	}
	grid_release(&g);
}
