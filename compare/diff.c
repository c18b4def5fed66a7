/* SPDX-License-Identifier: MIT */
#include "compare/diff.h"

#include "compare/analysis.h"
#include "compare/grid.h"
#include "compare/metric.h"
#include "compare/stats.h"
#include "compare/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One metric of a cell that both runs have. */
struct pair {
	const struct cell *a, *b;
	const struct metric *metric;
	struct comparison ratio; /* b over a, above 1: better */
	double before, after;
	double p; /* of the ratio, after Holm's correction */
	bool before_bounded, after_bounded; /* at least that: the client's */
	const char *lost, *found; /* only one run has figures: why not both */
};

struct pairs {
	struct pair *at;
	size_t count;
};

static const struct cell *find_same(
	const struct run *run, const struct cell *cell)
{
	for (size_t c = 0; c < run->cell_count; c++) {
		const struct cell *other = &run->cells[c];

		if (!strcmp(other->model, cell->model) &&
			!strcmp(other->handler, cell->handler) &&
			!strcmp(other->workload, cell->workload) &&
			json_equal(other->point, cell->point) &&
			json_equal(other->options, cell->options))
			return other;
	}
	return NULL;
}

static void compare_pair(struct pair *p, gsl_rng *rng)
{
	size_t most = p->a->sample_count + p->b->sample_count + 1;
	double *x = calloc(2 * most, sizeof(*x)), *y = x + most;
	size_t n, m;

	if (!x)
		return;
	n = metric_values(p->metric, p->a, x);
	m = metric_values(p->metric, p->b, y);
	p->before = stats_median(x, n);
	p->after = stats_median(y, m);
	p->ratio = p->metric->more_is_better
			   ? stats_compare_unpaired(y, m, x, n, rng)
			   : stats_compare_unpaired(x, n, y, m, rng);
	if (p->metric->unit == UNIT_RATE) {
		p->before_bounded = cell_is_bounded(p->a);
		p->after_bounded = cell_is_bounded(p->b);
	}
	free(x);
}

/* A model that has stopped working, or began to: there is no ratio to test, and
 * nothing needs one. True if so, or if neither run has figures. */
static bool add_broken(
	struct pairs *pairs, const struct cell *a, const struct cell *b)
{
	struct pair p = {.a = a,
		.b = b,
		.metric = metric_find("throughput"),
		.before = metric_median(a, "throughput"),
		.after = metric_median(b, "throughput"),
		.ratio = {{NAN, NAN, NAN, 0}, 1, NAN},
		.lost = cell_without_figures(b),
		.found = cell_without_figures(a)};

	if (!p.lost && !p.found)
		return false;
	if (!p.lost || !p.found)
		pairs->at[pairs->count++] = p;
	return true;
}

static void add_pairs(struct pairs *pairs, const struct cell *a,
	const struct cell *b, gsl_rng *rng)
{
	static const char *const names[] = {"throughput", "cpu_per_request"};

	if (add_broken(pairs, a, b))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = {
			.a = a, .b = b, .metric = metric_find(names[i])};

		compare_pair(&p, rng);
		if (isfinite(p.ratio.ratio.value))
			pairs->at[pairs->count++] = p;
	}
}

/* What the figures say: "better", "worse", or "~". */
static const char *measured(const struct pair *p, double margin)
{
	const struct estimate *r = &p->ratio.ratio;

	if (!stats_differs(r, p->p))
		return "~";
	if (r->low > 1 + margin)
		return "better";
	return r->high < 1 - margin ? "worse" : "~";
}

/* A lower bound may be as much higher as it likes: after one nothing is known to
 * be better, and a second one is not known to be worse. */
static const char *verdict(const struct pair *p, double margin)
{
	const char *word = measured(p, margin);

	if (p->lost)
		return "worse";
	if (p->found)
		return "better";
	if (*word == 'b' && p->before_bounded)
		return "~";
	return *word == 'w' && p->after_bounded ? "~" : word;
}

/* What stands behind the verdict: why there is none, or no ratio. */
static const char *remark(const struct pair *p, const char *word)
{
	if (p->lost)
		return p->lost;
	if (p->found)
		return p->found;
	return *word == '~' && (p->before_bounded || p->after_bounded)
		       ? "the client's"
		       : NULL;
}

static void print_figure(char *text, double value, bool bounded,
	const struct pair *p, const struct style *style)
{
	char number[FIGURE_TEXT];

	if (isfinite(value))
		snprintf(text, GRID_CELL, "%s%s",
			!bounded      ? ""
			: style->utf8 ? "≥ "
				      : ">= ",
			figure(value, p->metric->unit, style, number));
}

static void add_row(struct grid *g, const struct pair *p, const char *word,
	const struct style *style)
{
	struct grid_row *row = grid_add(g);
	const char *why = remark(p, word);
	char at[160];

	if (!row)
		return;
	point_text(p->a->point, at, sizeof(at));
	snprintf(row->text[0], GRID_CELL, "%.80s", p->a->model);
	snprintf(row->text[1], GRID_CELL, "%.150s", at);
	snprintf(row->text[2], GRID_CELL, "%s", p->metric->name);
	print_figure(row->text[3], p->before, p->before_bounded, p, style);
	print_figure(row->text[4], p->after, p->after_bounded, p, style);
	if (isfinite(p->ratio.ratio.value))
		snprintf(row->text[5], GRID_CELL, "%.3f", p->ratio.ratio.value);
	if (isfinite(p->ratio.ratio.low))
		snprintf(row->text[6], GRID_CELL, "%.3f to %.3f",
			p->ratio.ratio.low, p->ratio.ratio.high);
	snprintf(row->text[7], GRID_CELL, "%s%s%.200s%s", word, why ? " (" : "",
		why ? why : "", why ? ")" : "");
	row->colour = *word == 'w' ? "31" : *word == 'b' ? "32" : NULL;
}

/* Holm's correction, over all that have a ratio. */
static int adjust(struct pairs *pairs)
{
	double *p = calloc(pairs->count + 1, sizeof(*p));
	size_t n = 0;
	int rc;

	if (!p)
		return -1;
	for (size_t i = 0; i < pairs->count; i++)
		if (isfinite(pairs->at[i].ratio.ratio.value))
			p[n++] = pairs->at[i].ratio.p;
	rc = stats_holm(p, n);
	n = 0;
	for (size_t i = 0; i < pairs->count; i++)
		if (isfinite(pairs->at[i].ratio.ratio.value))
			pairs->at[i].p = p[n++];
	free(p);
	return rc;
}

static struct diff_count print_pairs(const struct pairs *pairs,
	double threshold, const struct style *style, FILE *out)
{
	static const char *const titles[] = {"model", "at", "metric", "before",
		"after", "ratio", "interval", ""};
	struct diff_count count = {.compared = pairs->count};
	struct grid g = {0};

	for (size_t c = 0; c < sizeof(titles) / sizeof(*titles); c++)
		grid_column(&g, titles[c], c < 3 || c == 7);
	for (size_t i = 0; i < pairs->count; i++) {
		const char *word = verdict(&pairs->at[i], threshold);

		count.better += *word == 'b';
		count.worse += *word == 'w';
		add_row(&g, &pairs->at[i], word, style);
	}
	if (g.count)
		grid_print(&g, style->colour, out);
	grid_release(&g);
	return count;
}

/* The cells of `run` that the other does not have. */
static void name_alone(const struct run *run, const struct run *other,
	const char *which, FILE *out)
{
	char at[160];

	for (size_t c = 0; c < run->cell_count; c++) {
		const struct cell *cell = &run->cells[c];

		if (find_same(other, cell))
			continue;
		point_text(cell->point, at, sizeof(at));
		fprintf(out, "only in the %s run: %s%s%s\n", which, cell->model,
			at[0] ? " at " : "", at);
	}
}

/* Two builds: what the diff is about. */
static void tell_versions(const struct run *a, const struct run *b, FILE *out)
{
	const char *x = a->environment.version, *y = b->environment.version;

	if (x && y && strcmp(x, y))
		fprintf(out, "from %s to %s\n", x, y);
}

/* Figures of two machines are no measure of a change. */
static void warn_of(const struct run *a, const struct run *b, FILE *out)
{
	json_t *x = fields_to_json(environment_fields, &a->environment);
	json_t *y = fields_to_json(environment_fields, &b->environment);
	const char *name;
	json_t *value;

	json_object_foreach(x, name,
		value) if (strcmp(name, "version") &&
			   !json_equal(value, json_object_get(y, name)))
		fprintf(out, "warning: the runs differ in %s\n", name);
	if (strcmp(a->server_cpus ? a->server_cpus : "",
		    b->server_cpus ? b->server_cpus : "") ||
		a->shared_cpus != b->shared_cpus)
		fputs("warning: the runs differ in the CPUs they had\n", out);
	json_decref(x);
	json_decref(y);
}

struct diff_count diff_print(const struct run *a, const struct run *b,
	double threshold, const struct style *style, FILE *out)
{
	struct pairs pairs = {
		calloc(2 * a->cell_count + 1, sizeof(struct pair)), 0};
	gsl_rng *rng = stats_rng((uint64_t)a->seed);
	struct diff_count count = {0};

	tell_versions(a, b, out);
	warn_of(a, b, out);
	for (size_t c = 0; pairs.at && rng && c < a->cell_count; c++) {
		const struct cell *same = find_same(b, &a->cells[c]);

		if (same)
			add_pairs(&pairs, &a->cells[c], same, rng);
	}
	if (pairs.at && rng && !adjust(&pairs))
		count = print_pairs(&pairs, threshold, style, out);
	name_alone(a, b, "first", out);
	name_alone(b, a, "second", out);
	fprintf(out, "\n%zu figures compared: %zu better, %zu worse\n",
		count.compared, count.better, count.worse);
	if (rng)
		gsl_rng_free(rng);
	free(pairs.at);
	return count;
}
