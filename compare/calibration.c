/* SPDX-License-Identifier: MIT */
#include "compare/calibration.h"

#include "compare/analysis.h"
#include "compare/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* NAN where the server was the slower side: the client can do more. */
static double ceiling_of(const struct cell *cell)
{
	return cell_is_bounded(cell) ? metric_median(cell, "throughput") : NAN;
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_machine(
	const struct environment *a, const struct environment *b)
{
	return same_text(a->kernel, b->kernel) && same_text(a->cpu, b->cpu) &&
	       same_text(a->machine, b->machine) && a->cpus == b->cpus;
}

static bool same_load(const struct cell *a, const struct cell *b)
{
	return same_text(a->workload, b->workload) &&
	       json_equal(json_object_get(a->options, "client"),
		       json_object_get(b->options, "client"));
}

static bool applies_to(const struct run *calibration, const struct run *run)
{
	return same_text(calibration->client_cpus, run->client_cpus) &&
	       calibration->shared_cpus == run->shared_cpus &&
	       same_machine(&calibration->environment, &run->environment);
}

/* Whether the calibration has this load. */
static bool apply_one(struct cell *cell, const struct run *calibration)
{
	for (size_t c = 0; c < calibration->cell_count; c++)
		if (same_load(cell, &calibration->cells[c])) {
			cell->ceiling = ceiling_of(&calibration->cells[c]);
			return true;
		}
	return false;
}

/* How many more cells have found their load in it. */
static size_t apply_all(
	struct run *run, bool *found, const struct run *calibration)
{
	size_t more = 0;

	for (size_t c = 0; c < run->cell_count; c++)
		if (!found[c] && apply_one(&run->cells[c], calibration)) {
			found[c] = true;
			more++;
		}
	return more;
}

void calibration_apply(struct store *s, struct run *run)
{
	bool *found = calloc(run->cell_count + 1, sizeof(*found));
	size_t left = found ? run->cell_count : 0;
	int64_t id = INT64_MAX;

	while (left && (id = store_find_calibration(s, id)) > 0) {
		struct run *calibration = store_load(s, id);

		if (!calibration)
			break;
		if (applies_to(calibration, run))
			left -= apply_all(run, found, calibration);
		run_free(calibration);
	}
	free(found);
}

static void explain_one(
	const struct cell *cell, const struct style *style, FILE *out)
{
	double rate = metric_median(cell, "throughput");
	double share = metric_median(cell, "client_cpu_share");
	const char *connections = json_string_value(json_object_get(
		json_object_get(cell->options, "client"), "connections"));
	char number[FIGURE_TEXT], near[FIGURE_TEXT];

	if (!isfinite(rate))
		return;
	figure(rate, UNIT_RATE, style, number);
	figure(rate * CALIBRATION_NEAR, UNIT_RATE, style, near);
	fprintf(out, "%s connections: ", connections ? connections : "?");
	if (cell_is_bounded(cell))
		fprintf(out,
			"the client ends at %s requests/s (%.0f %% of its "
			"CPU); from %s on, a throughput is the client's\n",
			number, 100 * share, near);
	else
		fprintf(out,
			"the client has %.0f %% of its CPU left at %s "
			"requests/s, the most that a server does here\n",
			100 * (1 - share), number);
}

void calibration_explain(
	const struct run *run, const struct style *style, FILE *out)
{
	fputs("\nWhat it means for the comparisons that follow on this "
	      "machine:\n",
		out);
	for (size_t c = 0; c < run->cell_count; c++)
		explain_one(&run->cells[c], style, out);
}
