/* SPDX-License-Identifier: MIT */
#include "compare/fit.h"

#include "common/options.h"
#include "compare/analysis.h"
#include "compare/grid.h"
#include "compare/lesson.h"
#include "compare/metric.h"
#include "compare/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char usl_over[] = "usl over ";

const char *fit_axis(const char *text)
{
	size_t len = sizeof(usl_over) - 1;

	return !strncmp(text, usl_over, len) && text[len] ? text + len : NULL;
}

/* ---- which cells belong together -------------------------------------------- */

static json_t *point_without(const struct cell *cell, const char *axis)
{
	json_t *at = json_copy(cell->point);

	json_object_del(at, axis);
	return at;
}

/* The cell's value on the axis; 0 if it is no number from 1 on. */
static double load_of(const struct cell *cell, const char *axis)
{
	const char *text =
		json_string_value(json_object_get(cell->point, axis));
	uint64_t value;

	return text && !parse_count(text, &value) ? (double)value : 0;
}

static bool belongs(
	const struct fit *f, const struct cell *cell, const char *axis)
{
	json_t *at = point_without(cell, axis);
	bool same = !strcmp(f->model, cell->model) && json_equal(f->at, at);

	json_decref(at);
	return same && load_of(cell, axis) >= 1;
}

static bool known(
	const struct fits *fits, const struct cell *cell, const char *axis)
{
	for (size_t i = 0; i < fits->count; i++)
		if (belongs(&fits->at[i], cell, axis))
			return true;
	return false;
}

/* ---- one fit ------------------------------------------------------------------ */

/* Adds the valid rates of a cell, and their median. Returns how many. */
static size_t add_cell(struct fit *f, const struct cell *cell, double load,
	double *loads, double *rates)
{
	size_t n = metric_values(metric_find("throughput"), cell, rates);

	for (size_t i = 0; i < n; i++)
		loads[i] = load;
	if (n) {
		f->load[f->loads] = load;
		f->rate[f->loads++] = stats_median(rates, n);
		f->bounded |= cell_is_bounded(cell);
	}
	return n;
}

static size_t count_samples(const struct run *run)
{
	size_t n = 0;

	for (size_t c = 0; c < run->cell_count; c++)
		n += run->cells[c].sample_count;
	return n;
}

static int fit_one(struct fit *f, const struct run *run, const char *axis)
{
	size_t most = count_samples(run), n = 0;
	double *loads = calloc(2 * most + 1, sizeof(*loads));
	double *rates = loads + most;
	gsl_rng *rng = stats_rng((uint64_t)run->seed);

	f->load = calloc(2 * run->cell_count, sizeof(*f->load));
	f->rate = f->load + run->cell_count;
	f->error = loads && f->load && rng ? 0 : -ENOMEM;
	for (size_t c = 0; !f->error && c < run->cell_count; c++) {
		const struct cell *cell = &run->cells[c];

		if (belongs(f, cell, axis))
			n += add_cell(f, cell, load_of(cell, axis), loads + n,
				rates + n);
	}
	if (!f->error)
		f->error = usl_fit(loads, rates, n, &f->usl);
	if (!f->error)
		f->error = usl_intervals(loads, rates, n, rng, &f->intervals);
	if (rng)
		gsl_rng_free(rng);
	free(loads);
	return f->error == -ENOMEM ? -ENOMEM : 0;
}

int fits_make(const struct run *run, const char *axis, struct fits *fits)
{
	int rc = 0;

	*fits = (struct fits) {
		.at = calloc(run->cell_count + 1, sizeof(*fits->at))};
	if (!fits->at)
		return -ENOMEM;
	for (size_t c = 0; c < run->cell_count && !rc; c++) {
		const struct cell *cell = &run->cells[c];
		struct fit *f = &fits->at[fits->count];

		if (cell->skipped || load_of(cell, axis) < 1 ||
			known(fits, cell, axis))
			continue;
		*f = (struct fit) {
			.model = cell->model, .at = point_without(cell, axis)};
		fits->count++;
		rc = fit_one(f, run, axis);
	}
	return rc;
}

void fits_release(struct fits *fits)
{
	for (size_t i = 0; i < fits->count; i++) {
		json_decref(fits->at[i].at);
		free(fits->at[i].load);
	}
	free(fits->at);
	*fits = (struct fits) {0};
}

/* ---- what is printed ------------------------------------------------------------ */

/* "0.0277 (0.012 to 0.041)" */
static void set_parameter(char *text, const struct estimate *e)
{
	if (isinf(e->value))
		snprintf(text, GRID_CELL, "none");
	else if (isfinite(e->low) && isfinite(e->high))
		snprintf(text, GRID_CELL, "%.3g (%.3g to %.3g)", e->value,
			e->low, e->high);
	else
		snprintf(text, GRID_CELL, "%.3g", e->value);
}

/* The largest distance between a median and the fit, in percent. */
static double largest_rest(const struct fit *f)
{
	double most = 0;

	for (size_t i = 0; i < f->loads; i++) {
		double fitted = usl_rate(&f->usl, f->load[i]);

		most = fmax(most, fabs(f->rate[i] / fitted - 1));
	}
	return 100 * most;
}

static void add_row(struct grid *g, const struct fit *f)
{
	struct grid_row *row = grid_add(g);
	char at[160];

	if (!row)
		return;
	snprintf(row->text[0], GRID_CELL, "%.250s", f->model);
	snprintf(row->text[1], GRID_CELL, "%s",
		point_text(f->at, at, sizeof(at)));
	if (f->error) {
		snprintf(row->text[2], GRID_CELL, "no fit");
		return;
	}
	set_parameter(row->text[2], &f->intervals.gamma);
	set_parameter(row->text[3], &f->intervals.alpha);
	set_parameter(row->text[4], &f->intervals.beta);
	set_parameter(row->text[5], &f->intervals.peak);
	snprintf(row->text[6], GRID_CELL, "%.1f %%", largest_rest(f));
	snprintf(row->text[7], GRID_CELL, "%s", f->bounded ? "client" : "");
}

/* "epoll at 1: 20.1k measured, 19.8k fitted (+1.5 %)" for each load. */
static void print_rests(
	const struct fit *f, const struct style *style, FILE *out)
{
	char measured[FIGURE_TEXT], fitted[FIGURE_TEXT];

	if (f->error)
		return;
	fprintf(out, "%s:", f->model);
	for (size_t i = 0; i < f->loads; i++) {
		double rate = usl_rate(&f->usl, f->load[i]);

		fprintf(out, "%s %g: %s, fitted %s (%+.1f %%)", i ? ";" : "",
			f->load[i],
			figure(f->rate[i], UNIT_RATE, style, measured),
			figure(rate, UNIT_RATE, style, fitted),
			100 * (f->rate[i] / rate - 1));
	}
	fputc('\n', out);
}

static void print_fits(const struct fits *fits, const char *axis,
	const struct style *style, FILE *out)
{
	static const char *const titles[] = {"model", "at", "gamma", "alpha",
		"beta", "peak at", "largest rest", "bounded by"};
	struct grid g = {0};

	for (size_t c = 0; c < sizeof(titles) / sizeof(*titles); c++)
		grid_column(&g, titles[c], c < 2 || c == 7);
	for (size_t i = 0; i < fits->count; i++)
		add_row(&g, &fits->at[i]);
	fprintf(out,
		"\nFitted, not measured: the Universal Scalability Law over "
		"%s\n",
		axis);
	if (g.count)
		grid_print(&g, style->colour, out);
	grid_release(&g);
	fputs("\nrequests/s = gamma N / (1 + alpha (N - 1) + beta N (N - 1)); "
	      "intervals of 95 %. What was measured:\n",
		out);
	for (size_t i = 0; i < fits->count; i++)
		print_rests(&fits->at[i], style, out);
}

void fits_print(const struct run *run, const struct style *style, FILE *out)
{
	struct plan plan;
	struct fits fits;

	if (!lesson_load(&plan, run))
		for (size_t i = 0; i < plan.fits.count; i++) {
			const char *axis = fit_axis(plan.fits.at[i]);

			if (!fits_make(run, axis, &fits) && fits.count)
				print_fits(&fits, axis, style, out);
			fits_release(&fits);
		}
	plan_release(&plan);
}
