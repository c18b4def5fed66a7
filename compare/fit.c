/* SPDX-License-Identifier: MIT */
#include "compare/fit.h"

#include "common/options.h"
#include "compare/analysis.h"
#include "compare/metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum fit_kind fit_read(const char *text, const char **axis)
{
	static const struct {
		const char *words;
		enum fit_kind kind;
	} kinds[] = {{"usl over ", FIT_USL}, {"queue over ", FIT_QUEUE}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t len = strlen(kinds[i].words);

		*axis = text + len;
		if (!strncmp(text, kinds[i].words, len) && text[len])
			return kinds[i].kind;
	}
	return FIT_UNKNOWN;
}

bool fit_is_asked(
	const struct texts *fits, enum fit_kind kind, const char *axis)
{
	const char *over;

	for (size_t i = 0; i < fits->count; i++)
		if (fit_read(fits->at[i], &over) == kind && axis &&
			!strcmp(over, axis))
			return true;
	return false;
}

/* ---- which cells belong together -------------------------------------------- */

static json_t *point_without(const struct cell *cell, const char *axis)
{
	json_t *at = json_copy(cell->point);

	json_object_del(at, axis);
	return at;
}

double fit_load(const char *value)
{
	uint64_t load;

	return value && !parse_count(value, &load) ? (double)load : 0;
}

static double load_of(const struct cell *cell, const char *axis)
{
	return fit_load(json_string_value(json_object_get(cell->point, axis)));
}

static bool belongs(
	const struct fit *f, const struct cell *cell, const char *axis)
{
	json_t *at = point_without(cell, axis);
	bool same = !strcmp(f->model, cell->model) && json_equal(f->at, at);

	json_decref(at);
	return same && load_of(cell, axis) >= 1;
}

const struct fit *fits_find(
	const struct fits *fits, const char *model, const json_t *at)
{
	for (size_t i = 0; i < fits->count; i++)
		if (!strcmp(fits->at[i].model, model) &&
			json_equal(fits->at[i].at, at))
			return &fits->at[i];
	return NULL;
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

/* All rates of the fit's model, and the load of each. Returns how many. */
static size_t collect(struct fit *f, const struct run *run, const char *axis,
	double *loads, double *rates)
{
	size_t n = 0;

	for (size_t c = 0; c < run->cell_count; c++) {
		const struct cell *cell = &run->cells[c];

		if (belongs(f, cell, axis))
			n += add_cell(f, cell, load_of(cell, axis), loads + n,
				rates + n);
	}
	return n;
}

static int fit_one(struct fit *f, const struct run *run, const char *axis)
{
	size_t most = count_samples(run);
	double *loads = calloc(2 * most + 1, sizeof(*loads));
	gsl_rng *rng = stats_rng((uint64_t)run->seed);

	f->fan = calloc(1, sizeof(*f->fan));
	f->load = calloc(2 * run->cell_count, sizeof(*f->load));
	f->rate = f->load + run->cell_count;
	f->error = loads && f->load && f->fan && rng ? 0 : -ENOMEM;
	if (!f->error) {
		size_t n = collect(f, run, axis, loads, loads + most);

		f->error = usl_bootstrap(loads, loads + most, n, rng, f->fan);
	}
	if (!f->error)
		f->intervals = usl_intervals(f->fan);
	if (rng)
		gsl_rng_free(rng);
	free(loads);
	return f->error == -ENOMEM ? -ENOMEM : 0;
}

/* Begins the fit that the cell belongs to, unless there is one already. */
static int begin_fit(struct fits *fits, const struct run *run,
	const struct cell *cell, const char *axis)
{
	struct fit *f = &fits->at[fits->count];

	if (cell->skipped || load_of(cell, axis) < 1)
		return 0;
	*f = (struct fit) {
		.model = cell->model, .at = point_without(cell, axis)};
	if (fits_find(fits, f->model, f->at)) {
		json_decref(f->at);
		return 0;
	}
	fits->count++;
	return fit_one(f, run, axis);
}

int fits_make(const struct run *run, const char *axis, struct fits *fits)
{
	int rc = 0;

	*fits = (struct fits) {
		.at = calloc(run->cell_count + 1, sizeof(*fits->at))};
	if (!fits->at)
		return -ENOMEM;
	for (size_t c = 0; c < run->cell_count && !rc; c++)
		rc = begin_fit(fits, run, &run->cells[c], axis);
	return rc;
}

void fits_release(struct fits *fits)
{
	for (size_t i = 0; i < fits->count; i++) {
		json_decref(fits->at[i].at);
		free(fits->at[i].fan);
		free(fits->at[i].load);
	}
	free(fits->at);
	*fits = (struct fits) {0};
}

/* ---- what it says ----------------------------------------------------------- */

/* A curve that misses a median by so much describes something else. */
#define REST_MOST 0.25

double fit_rest(const struct fit *f)
{
	double most = 0;

	for (size_t i = 0; !f->error && i < f->loads; i++) {
		double fitted = usl_rate(&f->fan->fit, f->load[i]);

		most = fmax(most, fabs(f->rate[i] / fitted - 1));
	}
	return most;
}

static double largest_load(const struct fit *f)
{
	double largest = 0;

	for (size_t i = 0; i < f->loads; i++)
		largest = fmax(largest, f->load[i]);
	return largest;
}

bool fit_reaches(const struct fit *f, double load)
{
	double least = INFINITY;

	for (size_t i = 0; i < f->loads; i++)
		least = fmin(least, f->load[i]);
	return least <= load && load <= largest_load(f);
}

const char *fit_objection(const struct fit *f)
{
	if (f->error == -EINVAL)
		return "it takes four loads with figures";
	if (f->error)
		return "no such law describes what was measured";
	if (f->bounded)
		return "the client was the slower side";
	if (fit_rest(f) > REST_MOST)
		return "what was measured is too far from it";
	return NULL;
}

/* "9.49 (9.3 to 9.7)"; an interval without an end is "(9.3 or more)". */
static void say_peak(const struct estimate *peak, char *buf, size_t size)
{
	int used = snprintf(buf, size, "%.3g", peak->value);

	if (isfinite(peak->low) && isfinite(peak->high))
		snprintf(buf + used, size - (size_t)used, " (%.3g to %.3g)",
			peak->low, peak->high);
	else if (isfinite(peak->low))
		snprintf(buf + used, size - (size_t)used, " (%.3g or more)",
			peak->low);
}

const char *fit_say(
	const struct fit *f, const struct style *style, char *buf, size_t size)
{
	const struct estimate *peak = &f->intervals.peak;
	char where[64], rate[FIGURE_TEXT];

	if (fit_objection(f)) {
		snprintf(buf, size, "not drawn: %s", fit_objection(f));
	} else if (peak->value > largest_load(f)) {
		snprintf(buf, size, "no peak within what was measured");
	} else {
		say_peak(peak, where, sizeof(where));
		snprintf(buf, size, "peak at %s, %s a second", where,
			figure(usl_rate(&f->fan->fit, peak->value), UNIT_RATE,
				style, rate));
	}
	return buf;
}
