/* SPDX-License-Identifier: MIT */
#include "compare/steady.h"

#include "compare/metric.h"
#include "compare/table.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS_LEAST = 6 };
#define STEADY_SHARE 0.05

/* Requests a step of the first third over those of the rest; NAN where the
 * series is too short for that. */
static double first_to_rest(const struct sample *s)
{
	json_t *steps = json_object_get(s->client, "intervals"), *step;
	size_t count = json_array_size(steps), third = count / 3, i;
	double first = 0, rest = 0;

	if (count < STEPS_LEAST)
		return NAN;
	json_array_foreach(steps, i, step)
	{
		double ok = json_number_value(json_object_get(step, "ok"));

		if (i < third)
			first += ok;
		else
			rest += ok;
	}
	return first / (double)third / (rest / (double)(count - third));
}

/* A load that changes on purpose, or a server to which something is done. */
static bool is_meant_to_change(const struct cell *cell)
{
	json_t *client = json_object_get(cell->options, "client");

	return json_object_get(client, "ramp") ||
	       json_object_get(client, "steps") ||
	       json_object_size(json_object_get(cell->options, "inject"));
}

struct trend steady_trend(const struct cell *cell)
{
	size_t most = cell->sample_count, n = 0;
	double *ratio = calloc(2 * most + 1, sizeof(*ratio));
	double *logs = ratio + most;
	struct trend t = {NAN, 1};

	for (size_t i = 0; ratio && i < most; i++) {
		double r = NAN;

		if (sample_is_valid(&cell->samples[i]))
			r = first_to_rest(&cell->samples[i]);
		if (!isfinite(r) || r <= 0)
			continue;
		ratio[n] = r;
		logs[n++] = log(r);
	}
	if (n > 2 && !is_meant_to_change(cell))
		t = (struct trend) {
			stats_median(ratio, n), stats_t_test(logs, n)};
	free(ratio);
	return t;
}

/* "epoll (connections 16)" */
static void print_name(
	const struct point *p, const struct cell *cell, FILE *out)
{
	char at[POINT_TEXT];

	point_text(p->at, at, sizeof(at));
	fprintf(out, "%s%s%s%s", cell->model, at[0] ? " (" : "", at,
		at[0] ? ")" : "");
}

static void print_trend(
	const struct point *p, const struct cell *cell, size_t cells, FILE *out)
{
	struct trend t = steady_trend(cell);

	/* Bonferroni's bound: a line for one of so many cells. */
	if (t.p * (double)cells >= STATS_LEVEL ||
		fabs(t.ratio - 1) < STEADY_SHARE)
		return;
	fprintf(out, "!  ");
	print_name(p, cell, out);
	fprintf(out,
		" was %.0f %% %s in the first third of its windows: it was not "
		"steady yet, and wants a longer --warmup\n",
		100 * fabs(t.ratio - 1), t.ratio < 1 ? "slower" : "faster");
}

/* "epoll (connections 16, 50.0)", after a comma unless it is the first of all.
 * Returns how many there were of this cell. */
static size_t list_outliers(const struct point *p, const struct cell *cell,
	const struct style *style, size_t before, FILE *list)
{
	double *values = calloc(cell->sample_count + 1, sizeof(*values));
	size_t n = values ? metric_values(p->order, cell, values) : 0;
	double median = values ? stats_median(values, n) : NAN;
	char at[POINT_TEXT], number[FIGURE_TEXT];
	size_t found = 0;

	point_text(p->at, at, sizeof(at));
	for (size_t i = 0; i < n; i++) {
		if (!stats_is_far_out(values, n, values[i]) ||
			fabs(values[i] / median - 1) < STEADY_SHARE)
			continue;
		fprintf(list, "%s%s (%s%s%s)", before + found ? ", " : "",
			cell->model, at, at[0] ? ", " : "",
			figure(values[i], p->order->unit, style, number));
		found++;
	}
	free(values);
	return found;
}

/* Of all cells in one line: it is much about little. */
static void print_outliers(
	const struct analysis *a, const struct style *style, FILE *out)
{
	char *text = NULL;
	size_t size, found = 0;
	FILE *list = open_memstream(&text, &size);

	for (size_t i = 0; list && i < a->count; i++)
		for (size_t k = 0; k < a->points[i].count; k++) {
			const struct summary *s = &a->points[i].summaries[k];

			if (s->standing < NO_FIGURES)
				found += list_outliers(&a->points[i], s->cell,
					style, found, list);
		}
	if (list)
		fclose(list);
	if (found == 1)
		fprintf(out,
			"a round lies far from the others, and counts like "
			"them: %s\n",
			text);
	else if (found)
		fprintf(out,
			"%zu rounds lie far from the others, and count like "
			"them: %s\n",
			found, text);
	free(text);
}

void steady_print(
	const struct analysis *a, const struct style *style, FILE *out)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct point *p = &a->points[i];

		for (size_t k = 0; k < p->count; k++)
			if (p->summaries[k].standing < NO_FIGURES)
				print_trend(p, p->summaries[k].cell,
					a->run->cell_count, out);
	}
	print_outliers(a, style, out);
}
