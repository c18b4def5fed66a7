/* SPDX-License-Identifier: MIT */
#include "compare/report.h"

#include "common/options.h"
#include "compare/expect.h"
#include "compare/html.h"
#include "compare/lesson.h"
#include "compare/report_style.h"
#include "compare/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct style page_style = {.utf8 = true, .width = 100};

/* ---- the answer ----------------------------------------------------------- */

static size_t count_best(const struct point *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->summaries[i].best;
	return n;
}

/* " poll, select and thread" after the first one. */
static size_t name_others(const struct point *p, char *buf, size_t size)
{
	size_t used = 0, n = count_best(p), seen = 0;

	for (size_t i = 1; i < p->count && used < size; i++) {
		if (!p->summaries[i].best)
			continue;
		seen++;
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
			seen == 1      ? ""
			: seen + 1 < n ? ", "
				       : " and ",
			p->summaries[i].cell->model);
	}
	return used;
}

const char *report_answer(const struct point *p, char *buf, size_t size)
{
	const struct summary *first = p->summaries;
	char number[FIGURE_TEXT], others[600] = "";

	buf[0] = '\0';
	if (!p->count || first->standing != RANKED)
		return buf;
	name_others(p, others, sizeof(others));
	if (p->order->more_is_better)
		snprintf(buf, size, "%s answers the most requests, %s a second",
			first->cell->model,
			figure(first->throughput.value, UNIT_RATE, &page_style,
				number));
	else
		snprintf(buf, size,
			"%s needs the least of the server's CPU, %s a request",
			first->cell->model,
			figure(first->cpu.value, UNIT_TIME, &page_style,
				number));
	if (others[0])
		snprintf(buf + strlen(buf), size - strlen(buf),
			"; %s cannot be told from it", others);
	snprintf(buf + strlen(buf), size - strlen(buf), ".");
	return buf;
}

static void print_answers(const struct analysis *a, FILE *out)
{
	char text[1024], at[256];

	for (size_t i = 0; i < a->count; i++) {
		const struct point *p = &a->points[i];

		if (!report_answer(p, text, sizeof(text))[0])
			continue;
		fputs("<p class=\"answer\">", out);
		if (point_text(p->at, at, sizeof(at))[0]) {
			html_text(out, at);
			fputs(": ", out);
		}
		html_text(out, text);
		fputs("</p>\n", out);
	}
}

/* ---- the ranked table ----------------------------------------------------- */

static void print_cell(FILE *out, const struct estimate *e,
	enum metric_unit unit, bool lower_bound)
{
	char value[FIGURE_TEXT], spread[FIGURE_TEXT];

	figure(e->value, unit, &page_style, value);
	figure_spread(e, spread);
	fprintf(out, "<td>%s%s%s%s</td>", lower_bound ? "≥ " : "", value,
		spread[0] ? " ± " : "", spread);
}

static void print_ratio(
	FILE *out, const struct analysis *a, const struct summary *s)
{
	const struct estimate *r = &s->to_baseline.ratio;

	if (s->has_baseline && s->differs)
		fprintf(out, "<td>×%.2f (%.2f to %.2f)</td>", r->value, r->low,
			r->high);
	else if (s->has_baseline)
		fputs("<td>~</td>", out);
	else
		fprintf(out, "<td>%s</td>",
			a->run->baseline && s->standing == RANKED &&
					!strcmp(s->cell->model,
						a->run->baseline)
				? "1"
				: "");
}

static void print_row(
	FILE *out, const struct analysis *a, const struct summary *s)
{
	fprintf(out, "<tr%s><td class=\"l\">%s</td><td class=\"l\">",
		s->best ? " class=\"best\"" : "", s->best ? "*" : "");
	html_text(out, s->cell->model);
	fputs("</td>", out);
	if (s->standing >= NO_FIGURES) {
		fprintf(out, "<td class=\"t\" colspan=\"7\">%s: ",
			s->standing == SKIPPED ? "skipped" : "invalid");
		html_text(out, s->why);
		fputs("</td></tr>\n", out);
		return;
	}
	print_cell(out, &s->throughput, UNIT_RATE, s->lower_bound);
	print_cell(out, &s->cpu, UNIT_TIME, false);
	print_cell(out, &s->p50, UNIT_TIME, false);
	print_cell(out, &s->p99, UNIT_TIME, false);
	print_cell(out, &s->switches, UNIT_NUMBER, false);
	print_cell(out, &s->memory, UNIT_BYTES, false);
	print_ratio(out, a, s);
	fputs("</tr>\n", out);
	if (s->standing == UNRANKED) {
		fputs("<tr><td></td><td class=\"t\" colspan=\"8\">not ranked: ",
			out);
		html_text(out, s->why);
		fputs("</td></tr>\n", out);
	}
}

static void print_table(
	FILE *out, const struct analysis *a, const struct point *p)
{
	char at[256];

	if (point_text(p->at, at, sizeof(at))[0]) {
		fputs("<h3>", out);
		html_text(out, at);
		fputs("</h3>\n", out);
	}
	fputs("<div class=\"wide\"><table><thead><tr><th class=\"l\"></th><th "
	      "class=\"l\">model</th><th>requests/s</th><th>CPU/request</th>"
	      "<th>p50</th><th>p99</th><th>switches/request</th>"
	      "<th>memory</th><th>vs ",
		out);
	html_text(out, a->run->baseline);
	fputs("</th></tr></thead><tbody>\n", out);
	for (size_t i = 0; i < p->count; i++)
		print_row(out, a, &p->summaries[i]);
	fputs("</tbody></table></div>\n", out);
}

static void print_tables(FILE *out, const struct analysis *a)
{
	fputs("<h2>The models</h2>\n", out);
	for (size_t i = 0; i < a->count; i++)
		print_table(out, a, &a->points[i]);
	fputs("<p class=\"dim\">Medians over the rounds, ± half of their 95 % "
	      "interval. * is the best, and what cannot be told from it. ~ is "
	      "no difference from the baseline that is more than noise. ≥ "
	      "means that the client was the slower side: the server can do at "
	      "least so much, and the table is then ordered by the server's "
	      "CPU time per request.</p>\n",
		out);
}

/* ---- bars: one point ------------------------------------------------------ */

static struct estimate of_summary(const struct summary *s, const char *metric)
{
	if (!strcmp(metric, "throughput"))
		return s->throughput;
	if (!strcmp(metric, "cpu_per_request"))
		return s->cpu;
	if (!strcmp(metric, "p99"))
		return s->p99;
	if (!strcmp(metric, "switches_per_request"))
		return s->switches;
	return s->memory;
}

static void print_bars(FILE *out, const struct point *p, const char *metric)
{
	const struct metric *m = metric_find(metric);
	struct bars b = {.title = m->title, .unit = m->unit};
	char alternative[256];

	for (size_t i = 0; i < p->count && b.count < CHART_SERIES; i++) {
		const struct summary *s = &p->summaries[i];

		if (s->standing >= NO_FIGURES)
			continue;
		snprintf(b.bar[b.count].label, CHART_LABEL, "%.80s",
			s->cell->model);
		b.bar[b.count].value = of_summary(s, metric);
		b.bar[b.count].strong = s->best && m == p->order;
		b.bar[b.count].lower_bound =
			s->lower_bound && m->unit == UNIT_RATE;
		b.count++;
	}
	snprintf(alternative, sizeof(alternative),
		"Bars: %s of %zu models, with intervals; the figures are in "
		"the table of the models.",
		m->title, b.count);
	b.alternative = alternative;
	if (b.count)
		chart_bars(out, &b);
}

/* ---- lines: over what is varied ------------------------------------------- */

/* The number that a value such as 64, 4k or 2ms begins with; NAN if none. */
static double number_of(const char *text)
{
	uint64_t value;

	if (text && !parse_size(text, &value))
		return (double)value;
	return NAN;
}

/* Positions by their logarithm where all values are numbers above 0, else one
 * beside the other. */
static void place_points(struct lines *l, const double *numbers)
{
	double first = numbers[0], last = numbers[l->points - 1];
	bool log_x = last > first && first > 0;

	for (size_t p = 0; p < l->points; p++)
		log_x = log_x && numbers[p] > 0;
	for (size_t p = 0; p < l->points; p++)
		l->position[p] =
			log_x ? log(numbers[p] / first) / log(last / first)
			: l->points > 1 ? (double)p / (double)(l->points - 1)
					: 0.5;
}

static void fill_points(
	struct lines *l, const struct analysis *a, const char *axis)
{
	double numbers[CHART_POINTS];

	l->points = a->count < CHART_POINTS ? a->count : CHART_POINTS;
	for (size_t p = 0; p < l->points; p++) {
		const char *value = json_string_value(
			json_object_get(a->points[p].at, axis));

		snprintf(l->x[p], sizeof(l->x[p]), "%.31s", value ? value : "");
		numbers[p] = number_of(value);
	}
	place_points(l, numbers);
}

static size_t find_series(struct lines *l, const char *model)
{
	for (size_t i = 0; i < l->series; i++)
		if (!strncmp(l->label[i], model, CHART_LABEL - 1))
			return i;
	if (l->series == CHART_SERIES)
		return CHART_SERIES;
	snprintf(l->label[l->series], CHART_LABEL, "%.95s", model);
	for (size_t p = 0; p < CHART_POINTS; p++)
		l->y[l->series][p] = (struct estimate) {NAN, NAN, NAN, 0};
	return l->series++;
}

/* A model has the same colour and mark in all charts of a page. */
static void name_series(struct lines *l, const struct run *run)
{
	for (size_t c = 0; c < run->cell_count; c++)
		find_series(l, run->cells[c].model);
}

static void print_lines(FILE *out, const struct analysis *a, const char *axis,
	const char *metric)
{
	const struct metric *m = metric_find(metric);
	struct lines *l = calloc(1, sizeof(*l));
	char alternative[256];

	if (!l)
		return;
	l->title = m->title;
	l->x_title = axis;
	l->unit = m->unit;
	l->log_y = m->unit == UNIT_TIME;
	fill_points(l, a, axis);
	name_series(l, a->run);
	for (size_t p = 0; p < l->points; p++)
		for (size_t i = 0; i < a->points[p].count; i++) {
			const struct summary *s = &a->points[p].summaries[i];
			size_t series = find_series(l, s->cell->model);

			if (series < CHART_SERIES && s->standing < NO_FIGURES)
				l->y[series][p] = of_summary(s, metric);
		}
	snprintf(alternative, sizeof(alternative),
		"Lines: %s against %s for %zu models, with bands for their "
		"intervals; the figures are in the tables of the models.",
		m->title, axis, l->series);
	l->alternative = alternative;
	chart_lines(out, l);
	free(l);
}

/* ---- percentiles ---------------------------------------------------------- */

static const struct {
	const char *name, *title;
	double share;
} quantiles[] = {{"p50", "50 %", 0.5}, {"p75", "75 %", 0.75},
	{"p90", "90 %", 0.9}, {"p95", "95 %", 0.95}, {"p99", "99 %", 0.99},
	{"p99_9", "99.9 %", 0.999}, {"p99_99", "99.99 %", 0.9999}};

enum { QUANTILES = sizeof(quantiles) / sizeof(*quantiles) };

/* The median over the rounds of one percentile. */
static double quantile_of(const struct cell *cell, const char *name)
{
	double *values = calloc(cell->sample_count + 1, sizeof(*values));
	double median;
	size_t n = 0;

	for (size_t i = 0; values && i < cell->sample_count; i++) {
		const struct sample *s = &cell->samples[i];
		json_t *latency = json_object_get(s->client, "latency_ns");
		json_t *value = json_object_get(
			json_object_get(latency, "corrected"), name);

		if (sample_is_valid(s) && json_is_number(value))
			values[n++] = json_number_value(value);
	}
	median = values ? stats_median(values, n) : NAN;
	free(values);
	return median;
}

static void print_quantile_table(FILE *out, const struct lines *l)
{
	char number[FIGURE_TEXT];

	fputs("<details><summary>The same as a table</summary><div "
	      "class=\"wide\"><table><thead><tr><th class=\"l\">model</th>",
		out);
	for (size_t p = 0; p < l->points; p++)
		fprintf(out, "<th>%s</th>", l->x[p]);
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = 0; i < l->series; i++) {
		if (!isfinite(l->y[i][0].value))
			continue;
		fputs("<tr><td class=\"l\">", out);
		html_text(out, l->label[i]);
		fputs("</td>", out);
		for (size_t p = 0; p < l->points; p++)
			fprintf(out, "<td>%s</td>",
				figure(l->y[i][p].value, l->unit, &page_style,
					number));
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div></details>\n", out);
}

static void print_quantiles(
	FILE *out, const struct run *run, const struct point *p)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (!l)
		return;
	l->title = "How long requests took: percentiles";
	l->alternative = "Lines: the latency that a share of all requests kept "
			 "below, on a logarithmic scale; the figures are in "
			 "the table that follows.";
	l->x_title = "share of all requests";
	l->unit = UNIT_TIME;
	l->log_y = true;
	l->points = QUANTILES;
	for (size_t q = 0; q < QUANTILES; q++) {
		snprintf(l->x[q], sizeof(l->x[q]), "%s", quantiles[q].title);
		l->position[q] =
			log(0.5 / (1 - quantiles[q].share)) / log(0.5 / 0.0001);
	}
	name_series(l, run);
	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];
		size_t series = find_series(l, s->cell->model);

		if (s->standing >= NO_FIGURES || series == CHART_SERIES)
			continue;
		for (size_t q = 0; q < QUANTILES; q++)
			l->y[series][q].value =
				quantile_of(s->cell, quantiles[q].name);
	}
	if (l->series) {
		chart_lines(out, l);
		print_quantile_table(out, l);
	}
	free(l);
}

/* ---- latency over time ---------------------------------------------------- */

/* The greatest p99 of an interval in any round: outliers shall be seen. */
static void fill_shades(struct shades *s, size_t row, const struct cell *cell)
{
	for (size_t i = 0; i < cell->sample_count; i++) {
		json_t *one, *intervals = json_object_get(
				     cell->samples[i].client, "intervals");
		size_t k;

		json_array_foreach(intervals, k, one)
		{
			double v = json_number_value(
				json_object_get(one, "p99_ns"));

			if (k >= CHART_POINTS)
				break;
			s->steps = k + 1 > s->steps ? k + 1 : s->steps;
			s->value[row][k] = fmax(s->value[row][k], v);
			s->step_seconds = json_number_value(json_object_get(
						  one, "length_ns")) /
					  1e9;
		}
	}
}

static void print_shades(FILE *out, const struct point *p)
{
	struct shades *s = calloc(1, sizeof(*s));

	if (!s)
		return;
	s->title = "p99 over time, the worst of all rounds";
	s->alternative = "A row of shades for each model: the darker, the "
			 "longer the slowest hundredth of the requests took in "
			 "that step of time, in the worst round.";
	s->unit = UNIT_TIME;
	for (size_t i = 0; i < p->count && s->rows < CHART_SERIES; i++) {
		if (p->summaries[i].standing >= NO_FIGURES)
			continue;
		snprintf(s->label[s->rows], CHART_LABEL, "%.95s",
			p->summaries[i].cell->model);
		fill_shades(s, s->rows++, p->summaries[i].cell);
	}
	if (s->rows && s->steps)
		chart_shades(out, s);
	free(s);
}

/* ---- all charts ----------------------------------------------------------- */

static void print_charts(FILE *out, const struct analysis *a)
{
	static const char *const shown[] = {"throughput", "cpu_per_request",
		"p99", "switches_per_request", "memory"};
	const char *axis = a->run->varied;
	const struct point *last = &a->points[a->count - 1];

	fputs("<h2>The figures as charts</h2>\n", out);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		if (axis && !strchr(axis, ',') && a->count > 1)
			print_lines(out, a, axis, shown[i]);
		else
			print_bars(out, last, shown[i]);
	}
	print_quantiles(out, a->run, last);
	print_shades(out, last);
}

/* ---- expectations, samples, environment ----------------------------------- */

static void print_expectations(
	FILE *out, const struct plan *plan, const struct run *run)
{
	char figures[400];

	if (!plan->expects.count)
		return;
	fputs("<h2>What was expected</h2>\n<div class=\"wide\"><table><tbody>\n",
		out);
	for (size_t i = 0; i < plan->expects.count; i++) {
		struct expectation e;

		expect_evaluate(&e, plan->expects.at[i], run);
		fprintf(out,
			"<tr><td class=\"l\">%s</td><td class=\"t\"><code>",
			verdict_name(e.verdict));
		html_text(out, e.text);
		fputs("</code><br>", out);
		html_text(out, expect_figures(&e, &page_style, figures,
				       sizeof(figures)));
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

static void print_sample(
	FILE *out, const struct cell *cell, const struct sample *s)
{
	const struct metric *cpu = metric_find("cpu_per_request");
	const struct metric *p99 = metric_find("p99");
	char at[256], number[FIGURE_TEXT];

	fprintf(out, "<tr><td>%lld</td><td class=\"l\">", (long long)s->round);
	html_text(out, cell->model);
	fputs("</td><td class=\"l\">", out);
	html_text(out, point_text(cell->point, at, sizeof(at)));
	fprintf(out, "</td><td>%s</td>",
		figure(s->requests_per_second, UNIT_RATE, &page_style, number));
	fprintf(out, "<td>%s</td>",
		figure(cpu->of(s), UNIT_TIME, &page_style, number));
	fprintf(out, "<td>%s</td><td class=\"l\">",
		figure(p99->of(s), UNIT_TIME, &page_style, number));
	html_text(out, s->status);
	fputs(s->reason ? ": " : "", out);
	html_text(out, s->reason);
	fputs("</td></tr>\n", out);
}

static void print_samples(FILE *out, const struct run *run)
{
	fputs("<h2>Every sample</h2>\n<details><summary>None is left out"
	      "</summary><div class=\"wide\"><table><thead><tr><th>round</th>"
	      "<th class=\"l\">model</th><th class=\"l\">at</th>"
	      "<th>requests/s</th><th>CPU/request</th><th>p99</th>"
	      "<th class=\"l\">status</th></tr></thead><tbody>\n",
		out);
	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++)
			print_sample(
				out, &run->cells[c], &run->cells[c].samples[i]);
	fputs("</tbody></table></div></details>\n", out);
}

static void print_fact(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<tr><td class=\"l\">%s</td><td class=\"t\">", name);
	html_text(out, value ? value : "not known");
	fputs("</td></tr>\n", out);
}

static void print_environment(FILE *out, const struct run *run)
{
	const struct environment *e = &run->environment;
	char text[256];

	fputs("<h2>Where and how</h2>\n<div class=\"wide\"><table><tbody>\n",
		out);
	print_fact(out, "kernel", e->kernel);
	print_fact(out, "CPU", e->cpu);
	snprintf(text, sizeof(text),
		"%lld; the server on %s, the client on %s%s",
		(long long)e->cpus, run->server_cpus ? run->server_cpus : "?",
		run->client_cpus ? run->client_cpus : "?",
		run->shared_cpus > 0 ? ": they SHARE a CPU" : "");
	print_fact(out, "CPUs", text);
	print_fact(out, "virtual", e->virtualization);
	print_fact(out, "governor", e->governor);
	print_fact(out, "compiler", e->compiler);
	snprintf(text, sizeof(text), "%.2f before, %.2f after",
		run->load_before, run->load_after);
	print_fact(out, "load average", text);
	print_fact(out, "started", run->started);
	print_fact(out, "ended", run->finished);
	snprintf(text, sizeof(text),
		"%lld rounds of %.3g s after %.3g s of "
		"warm-up; seed %lld",
		(long long)run->rounds, (double)run->duration_ns / 1e9,
		(double)run->warmup_ns / 1e9, (long long)run->seed);
	print_fact(out, "rounds", text);
	fputs("</tbody></table></div>\n<h2>Do it again</h2>\n<pre>", out);
	html_text(out, run->command);
	fprintf(out, " --seed %lld</pre>\n", (long long)run->seed);
}

static void print_lesson(FILE *out, const struct plan *plan)
{
	if (plan->question) {
		fputs("<h2>The question</h2>\n", out);
		html_paragraphs(out, plan->question);
	}
}

static void print_explanation(FILE *out, const struct plan *plan)
{
	if (!plan->explain)
		return;
	fputs("<h2>Why</h2>\n", out);
	html_paragraphs(out, plan->explain);
	if (plan->read_next) {
		fputs("<p>Read next: <code>", out);
		html_text(out, plan->read_next);
		fputs("</code></p>\n", out);
	}
}

static void print_head(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
	      "charset=\"utf-8\"><meta name=\"viewport\" "
	      "content=\"width=device-width,initial-scale=1\"><title>",
		out);
	html_text(out, title);
	fprintf(out, "</title>\n<style>%s</style></head>\n<body><main>\n<h1>",
		report_style);
	html_text(out, title);
	fputs("</h1>\n", out);
}

int report_print(const struct analysis *a, FILE *out)
{
	const struct run *run = a->run;
	struct plan plan;

	lesson_load(&plan, run);
	print_head(out, run->title ? run->title : "Comparison");
	print_lesson(out, &plan);
	fputs("<h2>The answer</h2>\n", out);
	print_answers(a, out);
	print_tables(out, a);
	print_expectations(out, &plan, run);
	print_explanation(out, &plan);
	if (a->count)
		print_charts(out, a);
	print_samples(out, run);
	print_environment(out, run);
	fputs("</main></body></html>\n", out);
	plan_release(&plan);
	return ferror(out) ? -1 : 0;
}
