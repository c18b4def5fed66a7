/* SPDX-License-Identifier: MIT */
#include "compare/analysis.h"

#include "compare/calibration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOISY 0.1 /* the share of the machine that others may have */

size_t analysis_rounds(const struct run *run)
{
	int64_t most = 0;

	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++)
			if (run->cells[c].samples[i].round > most)
				most = run->cells[c].samples[i].round;
	return most > STATS_ROUNDS_MAX ? STATS_ROUNDS_MAX : (size_t)most;
}

static double noise_of(const struct run *run, const struct sample *s)
{
	if (sample_is_valid(s) && isfinite(s->noise_share))
		return s->noise_share;
	/* As a run of version 1 has it: of the whole machine. */
	if (!sample_is_valid(s) || s->foreign_ns == FIELD_ABSENT ||
		s->steal_ns == FIELD_ABSENT || s->window_ns <= 0 ||
		run->environment.cpus <= 0)
		return NAN;
	return (double)(s->foreign_ns + s->steal_ns) /
	       ((double)s->window_ns * (double)run->environment.cpus);
}

double analysis_noise(const struct run *run)
{
	size_t most = run->cell_count * analysis_rounds(run), n = 0;
	double *values = calloc(most + 1, sizeof(*values)), noise;

	for (size_t c = 0; values && c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++) {
			noise = noise_of(run, &run->cells[c].samples[i]);
			if (isfinite(noise) && n < most)
				values[n++] = noise;
		}
	noise = values ? stats_median(values, n) : NAN;
	free(values);
	return noise;
}

bool analysis_is_noisy(const struct run *run)
{
	return analysis_noise(run) > NOISY;
}

/* ---- one cell ------------------------------------------------------------- */

struct estimate cell_estimate(const struct cell *cell, const struct metric *m)
{
	double *values = calloc(cell->sample_count + 1, sizeof(*values));
	struct estimate e = {NAN, NAN, NAN, 0};
	size_t n;

	if (!values)
		return e;
	n = metric_values(m, cell, values);
	e = stats_estimate(values, n);
	free(values);
	return e;
}

static struct estimate estimate(const char *name, const struct cell *cell)
{
	return cell_estimate(cell, metric_find(name));
}

struct estimate summary_estimate(
	const struct summary *s, const struct metric *m)
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
	return cell_estimate(s->cell, m);
}

/* The reason that most of the invalid samples give: the last one's. */
static const char *last_reason(const struct cell *cell)
{
	for (size_t i = cell->sample_count; i-- > 0;)
		if (cell->samples[i].reason)
			return cell->samples[i].reason;
	return NULL;
}

/* A model that serves one connection at a time answers some and leaves the
 * others waiting: it did not do what the others did. */
static bool served_few(const struct cell *cell, int64_t *served, int64_t *asked)
{
	for (size_t i = 0; i < cell->sample_count; i++) {
		const struct sample *s = &cell->samples[i];

		if (!sample_is_valid(s) ||
			s->connections_served == FIELD_ABSENT ||
			s->connections_served >= s->connections_asked)
			continue;
		*served = s->connections_served;
		*asked = s->connections_asked;
		return true;
	}
	return false;
}

const char *cell_without_figures(const struct cell *cell)
{
	double rate = metric_median(cell, "throughput");
	const char *reason = last_reason(cell);

	if (cell->skipped)
		return cell->skipped;
	if (rate == 0)
		return "answered no request";
	if (isfinite(rate))
		return NULL;
	return reason ? reason : "no sample of it was finished";
}

static void find_standing(struct summary *s)
{
	const char *why = cell_without_figures(s->cell);
	int64_t served, asked;

	if (why) {
		s->standing = s->cell->skipped ? SKIPPED
			      : s->valid       ? UNRANKED
					       : NO_FIGURES;
		snprintf(s->why, sizeof(s->why), "%s", why);
	} else if (served_few(s->cell, &served, &asked)) {
		s->standing = UNRANKED;
		snprintf(s->why, sizeof(s->why),
			"answered %lld of %lld connections while the others "
			"waited: not the same work",
			(long long)served, (long long)asked);
	}
}

/* Close below what the client can do, as a calibration has found it. */
static bool near_ceiling(const struct cell *cell)
{
	struct estimate e = {0};

	if (isfinite(cell->ceiling))
		e = estimate("throughput", cell);
	return e.value >= CALIBRATION_NEAR * cell->ceiling;
}

bool cell_is_bounded(const struct cell *cell)
{
	size_t valid = 0, bounded = 0;

	for (size_t i = 0; i < cell->sample_count; i++) {
		const struct sample *s = &cell->samples[i];

		if (!sample_is_valid(s))
			continue;
		valid++;
		bounded += s->bounded_by && !strcmp(s->bounded_by, "client");
	}
	return (bounded && bounded * 2 >= valid) || near_ceiling(cell);
}

const char *summary_lacks(const struct summary *s)
{
	static const char *const words[] = {
		[RANKED] = "",
		[UNRANKED] = "not ranked",
		[NO_FIGURES] = "invalid",
		[SKIPPED] = "skipped",
	};

	return s->standing == NO_FIGURES && !s->invalid ? "not measured"
							: words[s->standing];
}

static void count_sample(struct summary *s, const struct sample *sample)
{
	bool valid = sample_is_valid(sample);

	s->valid += valid;
	s->repeated += sample_is_repeated(sample);
	s->invalid += sample_is_invalid(sample);
	s->noisy += valid && sample->noise;
}

static void summarise(struct summary *s, const struct cell *cell)
{
	s->cell = cell;
	for (size_t i = 0; i < cell->sample_count; i++)
		count_sample(s, &cell->samples[i]);
	s->lower_bound = cell_is_bounded(cell);
	s->throughput = estimate("throughput", cell);
	s->cpu = estimate("cpu_per_request", cell);
	find_standing(s);
	s->p50 = estimate("p50", cell);
	s->p99 = estimate("p99", cell);
	s->switches = estimate("switches_per_request", cell);
	s->memory = estimate("memory", cell);
}

/* ---- the cells of a point ------------------------------------------------- */

/* Throughput, unless it is the client's. */
static const struct metric *find_order(const struct point *p)
{
	bool bounded = false;

	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];

		if (s->standing != RANKED)
			continue;
		if (!isfinite(s->cpu.value))
			return metric_find("throughput");
		bounded = bounded || s->lower_bound;
	}
	return metric_find(bounded ? "cpu_per_request" : "throughput");
}

static int by_score(const void *a, const void *b)
{
	const struct summary *x = a, *y = b;

	if (x->standing != y->standing)
		return x->standing < y->standing ? -1 : 1;
	if (x->score != y->score && x->standing < NO_FIGURES)
		return x->score > y->score ? -1 : 1;
	return x->cell->position < y->cell->position ? -1 : 1;
}

static void put_in_order(struct point *p)
{
	p->order = find_order(p);
	for (size_t i = 0; i < p->count; i++) {
		struct summary *s = &p->summaries[i];
		double value = p->order->more_is_better ? s->throughput.value
							: 1 / s->cpu.value;

		s->score = isfinite(value) ? value : 0;
	}
	qsort(p->summaries, p->count, sizeof(*p->summaries), by_score);
}

/* The ratio of a's score to b's, round by round; above 1 a is better. */
static struct comparison compare_cells(const struct metric *m,
	const struct cell *a, const struct cell *b, size_t rounds)
{
	double *x = calloc(2 * rounds + 1, sizeof(*x)), *y = x + rounds;
	struct comparison c = {{NAN, NAN, NAN, 0}, 1, NAN};

	if (!x)
		return c;
	metric_by_round(m, a, x, rounds);
	metric_by_round(m, b, y, rounds);
	c = m->more_is_better ? stats_compare(x, y, rounds)
			      : stats_compare(y, x, rounds);
	free(x);
	return c;
}

/* Which cells cannot be told from the first, which the figures have chosen. */
static void mark_best(struct point *p, size_t rounds)
{
	double *adjusted = calloc(p->count + 1, sizeof(*adjusted));
	size_t n = 0;

	if (!adjusted || !p->count || p->summaries[0].standing != RANKED) {
		free(adjusted);
		return;
	}
	p->summaries[0].best = true;
	for (size_t i = 1; i < p->count; i++) {
		struct summary *s = &p->summaries[i];

		if (s->standing != RANKED)
			break;
		s->to_best = compare_cells(
			p->order, s->cell, p->summaries[0].cell, rounds);
		adjusted[n++] = s->to_best.p;
	}
	if (!stats_holm_of_best(adjusted, n))
		for (size_t i = 0; i < n; i++) {
			struct summary *s = &p->summaries[i + 1];

			s->best =
				s->to_best.ratio.n > 1 &&
				!stats_differs(&s->to_best.ratio, adjusted[i]);
		}
	free(adjusted);
}

static const struct summary *find_baseline(
	const struct point *p, const char *model)
{
	for (size_t i = 0; model && i < p->count; i++)
		if (p->summaries[i].standing == RANKED &&
			!strcmp(p->summaries[i].cell->model, model))
			return &p->summaries[i];
	return NULL;
}

static void compare_to_baseline(
	struct point *p, const char *model, size_t rounds)
{
	const struct summary *base = find_baseline(p, model);
	double *adjusted = calloc(p->count + 1, sizeof(*adjusted));
	size_t n = 0;

	for (size_t i = 0; base && adjusted && i < p->count; i++) {
		struct summary *s = &p->summaries[i];

		if (s == base || s->standing != RANKED)
			continue;
		s->has_baseline = true;
		s->to_baseline =
			compare_cells(p->order, s->cell, base->cell, rounds);
		adjusted[n++] = s->to_baseline.p;
	}
	if (n && !stats_holm(adjusted, n)) {
		n = 0;
		for (size_t i = 0; i < p->count; i++) {
			struct summary *s = &p->summaries[i];

			if (!s->has_baseline)
				continue;
			s->adjusted_p = adjusted[n++];
			s->differs = stats_differs(
				&s->to_baseline.ratio, s->adjusted_p);
		}
	}
	free(adjusted);
}

/* ---- all points ----------------------------------------------------------- */

static struct point *find_point(struct analysis *a, const json_t *at)
{
	for (size_t i = 0; i < a->count; i++)
		if (json_equal(a->points[i].at, at))
			return &a->points[i];
	a->points[a->count].at = at;
	return &a->points[a->count++];
}

static int fill_points(struct analysis *a)
{
	const struct run *run = a->run;

	a->points = calloc(run->cell_count + 1, sizeof(*a->points));
	if (!a->points)
		return -1;
	for (size_t c = 0; c < run->cell_count; c++) {
		struct point *p = find_point(a, run->cells[c].point);

		if (!p->summaries)
			p->summaries =
				calloc(run->cell_count, sizeof(*p->summaries));
		if (!p->summaries)
			return -1;
		summarise(&p->summaries[p->count++], &run->cells[c]);
	}
	return 0;
}

struct analysis *analysis_new(const struct run *run)
{
	struct analysis *a = calloc(1, sizeof(*a));
	size_t rounds = analysis_rounds(run);

	if (a)
		a->run = run;
	if (!a || fill_points(a)) {
		analysis_free(a);
		a = NULL;
	}
	for (size_t i = 0; a && i < a->count; i++) {
		put_in_order(&a->points[i]);
		mark_best(&a->points[i], rounds);
		compare_to_baseline(&a->points[i], run->baseline, rounds);
	}
	return a;
}

/* ---- how narrow the intervals are ------------------------------------------ */

static double width_of(const struct estimate *e)
{
	double width = (e->high - e->low) / 2 / e->value;

	return isfinite(width) ? width : INFINITY;
}

/* The widest of a point, whose summaries are in order. */
static double point_width(
	const struct point *p, const char *model, size_t rounds)
{
	const struct summary *base = find_baseline(p, model);
	double widest = 0, width;

	for (size_t i = 0; i < p->count && p->summaries[i].standing == RANKED;
		i++) {
		const struct cell *cell = p->summaries[i].cell;
		struct estimate e;

		if (&p->summaries[i] == base && p->count > 1)
			continue;
		if (base && &p->summaries[i] != base)
			e = compare_cells(p->order, cell, base->cell, rounds)
				    .ratio;
		else
			e = estimate(p->order->name, cell);
		width = width_of(&e);
		widest = width > widest ? width : widest;
	}
	return widest;
}

double analysis_width(const struct run *run)
{
	struct analysis a = {.run = run};
	double widest = !fill_points(&a) ? 0 : INFINITY, width;

	for (size_t i = 0; isfinite(widest) && i < a.count; i++) {
		put_in_order(&a.points[i]);
		width = point_width(
			&a.points[i], run->baseline, analysis_rounds(run));
		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; i < a.count; i++)
		free(a.points[i].summaries);
	free(a.points);
	return widest;
}

void analysis_free(struct analysis *a)
{
	for (size_t i = 0; a && i < a->count; i++)
		free(a->points[i].summaries);
	if (a)
		free(a->points);
	free(a);
}

/* ---- the models ----------------------------------------------------------- */

static size_t add_model(const char **models, size_t count, const char *model)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(models[i], model))
			return count;
	models[count] = model;
	return count + 1;
}

const char **analysis_models(const struct analysis *a, size_t *count)
{
	const char **models = calloc(a->run->cell_count + 1, sizeof(*models));

	*count = 0;
	for (size_t i = a->count; models && i-- > 0;)
		for (size_t k = 0; k < a->points[i].count; k++)
			*count = add_model(models, *count,
				a->points[i].summaries[k].cell->model);
	return models;
}
