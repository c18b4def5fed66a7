/* SPDX-License-Identifier: MIT */
#include "compare/table.h"

#include "common/options.h"
#include "compare/grid.h"
#include "compare/steady.h"

#include <math.h>
#include <string.h>

enum column {
	MARK,
	MODEL,
	THROUGHPUT,
	SPREAD,
	BAR,
	CPU,
	CPU_SPREAD,
	P50,
	P99,
	SWITCHES,
	MEMORY,
	BASELINE,
};

enum { BAR_LEAST = 6, BAR_MOST = 24 };

/* In the place of what did not fit, after a whole letter. */
static void mark_cut(char *buf, size_t size)
{
	size_t end = size - sizeof("…");

	while (end && ((unsigned char)buf[end] & 0xc0) == 0x80)
		end--;
	memcpy(buf + end, "…", sizeof("…"));
}

const char *point_text(const json_t *at, char *buf, size_t size)
{
	const char *name;
	json_t *value;
	size_t used = 0;

	buf[0] = '\0';
	json_object_foreach((json_t *)at, name, value) if (used < size) used +=
		(size_t)snprintf(buf + used, size - used, "%s%s %s",
			used ? ", " : "", name, json_string_value(value));
	if (used >= size)
		mark_cut(buf, size);
	return buf;
}

/* ---- the rows ------------------------------------------------------------- */

static void set_columns(struct grid *g, const struct run *run,
	const struct style *style, char *title, size_t size)
{
	const char *spread = style->utf8 ? "±" : "+/-";

	snprintf(title, size, "vs %s", run->baseline ? run->baseline : "");
	grid_column(g, "", true);
	grid_column(g, "model", true);
	grid_column(g, "requests/s", false);
	grid_column(g, spread, false);
	grid_column(g, "", true);
	grid_column(g, "CPU/request", false);
	grid_column(g, spread, false);
	grid_column(g, "p50", false);
	grid_column(g, "p99", false);
	grid_column(g, "switches/req", false);
	grid_column(g, "memory", false);
	grid_column(g, title, false);
}

static void set_throughput(
	const struct summary *s, const struct style *style, char *text)
{
	char number[FIGURE_TEXT];

	figure(s->throughput.value, UNIT_RATE, style, number);
	snprintf(text, GRID_CELL, "%s%s",
		!s->lower_bound ? ""
		: style->utf8	? "≥ "
				: ">= ",
		number);
}

static void set_baseline(
	const struct summary *s, const struct style *style, char *text)
{
	if (!s->has_baseline)
		return;
	if (!s->differs)
		snprintf(text, GRID_CELL, "~");
	else
		snprintf(text, GRID_CELL, "%s%.2f", style->utf8 ? "×" : "x",
			s->to_baseline.ratio.value);
}

static void fill_row(struct grid_row *row, const struct point *p,
	const struct summary *s, const struct style *style)
{
	snprintf(row->text[MODEL], GRID_CELL, "%s", s->cell->model);
	if (s->standing >= NO_FIGURES)
		return;
	if (s->best)
		snprintf(row->text[MARK], GRID_CELL, "*");
	set_throughput(s, style, row->text[THROUGHPUT]);
	figure_spread(&s->throughput, row->text[SPREAD]);
	figure(s->cpu.value, UNIT_TIME, style, row->text[CPU]);
	if (!p->order->more_is_better)
		figure_spread(&s->cpu, row->text[CPU_SPREAD]);
	figure(s->p50.value, UNIT_TIME, style, row->text[P50]);
	figure(s->p99.value, UNIT_TIME, style, row->text[P99]);
	figure(s->switches.value, UNIT_NUMBER, style, row->text[SWITCHES]);
	figure(s->memory.value, UNIT_BYTES, style, row->text[MEMORY]);
	set_baseline(s, style, row->text[BASELINE]);
	row->colour = s->best ? "1;32" : NULL;
}

/* In the row of the baseline itself. */
static void mark_baseline(struct grid_row *row, const struct point *p,
	const struct summary *s, const char *baseline)
{
	if (baseline && s->standing == RANKED &&
		!strcmp(s->cell->model, baseline) && p->count > 1)
		snprintf(row->text[BASELINE], GRID_CELL, "1");
}

static void fill_grid(struct grid *g, const struct analysis *a,
	const struct point *p, const struct style *style)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];
		struct grid_row *row;

		if (s->standing >= NO_FIGURES)
			continue;
		row = grid_add(g);
		if (!row)
			return;
		fill_row(row, p, s, style);
		mark_baseline(row, p, s, a->run->baseline);
	}
}

/* Of the columns that the figures leave. */
static int bar_width(const struct grid *g, const struct style *style)
{
	int left = style->width - (int)grid_width(g) - 2;

	return left < BAR_LEAST ? BAR_LEAST : left > BAR_MOST ? BAR_MOST : left;
}

/* The rows are those of the first summaries, the ranked ones before the
 * others. */
static void fill_bars(
	struct grid *g, const struct point *p, const struct style *style)
{
	int width = bar_width(g, style);
	double most = p->summaries[0].score;

	for (size_t i = 0; i < g->count && most > 0; i++)
		if (p->summaries[i].standing == RANKED)
			figure_bar(p->summaries[i].score / most, width, style,
				g->rows[i].text[BAR], GRID_CELL);
}

static const char say_narrow[] = "A wider terminal shows more columns.\n";

/* On a terminal that is too narrow, what matters least is left out. False: all
 * is there. */
static bool make_narrow(struct grid *g, const struct style *style)
{
	static const enum column order[] = {
		BAR, MEMORY, SWITCHES, P50, CPU_SPREAD, SPREAD, P99, CPU};
	bool less = false;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (!style->terminal || grid_width(g) <= (size_t)style->width)
			break;
		grid_empty(g, order[i]);
		less = true;
	}
	return less;
}

/* ---- what must be known to read them -------------------------------------- */

/* One model alone at several points: nothing is compared but the points. */
static bool is_sweep(const struct analysis *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->points[i].count != 1)
			return false;
	return a->count > 1;
}

/* What the notes below the tables are about. */
struct found {
	bool lower_bound, marked, several_best, undecided;
};

static void look_at(const struct point *p, struct found *f)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];

		f->marked |= s->standing == RANKED;
		f->lower_bound |= s->standing == RANKED && s->lower_bound;
		f->several_best |= i > 0 && s->best;
		f->undecided |= s->has_baseline && !s->differs;
	}
}

static void print_legend(
	const struct analysis *a, const struct style *style, FILE *out)
{
	struct found f = {0};

	for (size_t i = 0; i < a->count; i++)
		look_at(&a->points[i], &f);
	f.marked = f.marked && !is_sweep(a);
	if (f.lower_bound)
		fprintf(out,
			"%s  the client, not the server, was the slower side: "
			"at least so many.%s\n",
			style->utf8 ? "≥" : ">=",
			f.marked ? " Order, bars and ratios\n   go by the "
				   "server's CPU per request: the less of it, "
				   "the more requests a CPU can serve."
				 : "");
	if (f.marked)
		fprintf(out, "*  the best%s\n",
			f.several_best ? ", and what cannot be told from it"
				       : "");
	if (f.undecided)
		fprintf(out,
			"~  no difference from %s that is more than noise\n",
			a->run->baseline);
}

/* Figures from a busy machine are no measure of anything. */
static void print_noise(const struct run *run, FILE *out)
{
	double noise = analysis_noise(run);
	size_t noisy = 0, all = 0;

	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++) {
			const struct sample *s = &run->cells[c].samples[i];

			all += sample_is_valid(s);
			noisy += sample_is_valid(s) && s->noise;
		}
	if (analysis_is_noisy(run))
		fprintf(out,
			"!  %.0f %% of the machine went to other things "
			"meanwhile: measure again when it is quiet\n",
			100 * noise);
	else if (noisy)
		fprintf(out,
			"!  %zu of %zu samples were disturbed by others "
			"on this machine; they count all the same\n",
			noisy, all);
}

/* Of one model, by its name; of several, how many there were. */
static void print_repeated(const struct point *p, FILE *out)
{
	const char *model = NULL;
	size_t samples = 0, models = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].repeated) {
			model = p->summaries[i].cell->model;
			samples += p->summaries[i].repeated;
			models++;
		}
	if (models == 1)
		fprintf(out, "%zu disturbed sample%s of %s %s", samples,
			samples == 1 ? "" : "s", model,
			samples == 1 ? "was" : "were");
	else if (models)
		fprintf(out, "%zu disturbed samples of %zu models were",
			samples, models);
	if (models)
		fprintf(out, " taken again; what stands is the last\n");
}

static void print_remarks(const struct point *p, FILE *out)
{
	print_repeated(p, out);
	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];
		const char *model = s->cell->model;

		if (s->standing == SKIPPED)
			fprintf(out, "skipped  %s: %s\n", model, s->why);
		else if (s->standing == NO_FIGURES)
			fprintf(out, "invalid  %s: %s\n", model, s->why);
		else if (s->standing == UNRANKED)
			fprintf(out, "not ranked  %s %s\n", model, s->why);
		if (s->standing < NO_FIGURES && s->invalid)
			fprintf(out,
				"%zu of %zu samples of %s were invalid and are "
				"left out\n",
				s->invalid, s->invalid + s->valid, model);
	}
}

static bool has_remarks(const struct point *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].standing != RANKED ||
			p->summaries[i].invalid || p->summaries[i].repeated)
			return true;
	return false;
}

/* ---- the heading ---------------------------------------------------------- */

/* An option of the client that all cells have alike, or NULL. */
static const char *common_option(const struct run *run, const char *name)
{
	json_t *client;

	if (!run->cell_count || json_object_get(run->cells[0].point, name))
		return NULL;
	client = json_object_get(run->cells[0].options, "client");
	return json_string_value(json_object_get(client, name));
}

static const char *common_workload(const struct run *run)
{
	for (size_t c = 1; c < run->cell_count; c++)
		if (strcmp(run->cells[c].workload, run->cells[0].workload))
			return "several workloads";
	return run->cell_count ? run->cells[0].workload : "nothing";
}

static bool is_open(const struct cell *cell)
{
	json_t *client = json_object_get(cell->options, "client");
	const char *rate = json_string_value(json_object_get(client, "rate"));

	return rate && strcmp(rate, "closed");
}

static void print_loop(const struct run *run, FILE *out)
{
	const char *rate = common_option(run, "rate");
	size_t open = 0;

	for (size_t c = 0; c < run->cell_count; c++)
		open += is_open(&run->cells[c]);
	if (!open)
		fprintf(out, ", closed loop");
	else if (rate)
		fprintf(out, ", open loop at %s requests/s", rate);
	else
		fprintf(out, ", %sopen loop",
			open < run->cell_count ? "closed and " : "");
}

static void print_load(const struct run *run, FILE *out)
{
	const char *connections = common_option(run, "connections");
	char time[32];

	fprintf(out, "%s", common_workload(run));
	if (connections)
		fprintf(out, ", %s connections", connections);
	print_loop(run, out);
	fprintf(out, ", %lld round%s of %s", (long long)run->rounds,
		run->rounds == 1 ? "" : "s",
		format_time((uint64_t)run->duration_ns, time, sizeof(time)));
}

static void print_place(const struct run *run, FILE *out)
{
	const struct environment *e = &run->environment;

	if (run->shared_cpus > 0)
		fprintf(out, "server and client SHARE CPU %s",
			run->server_cpus);
	else
		fprintf(out, "server on CPU %s, client on CPU %s",
			run->server_cpus, run->client_cpus);
	fprintf(out, "; %s, %s%s%s", e->cpu ? e->cpu : "unknown CPU",
		e->kernel ? e->kernel : "",
		e->virtualization && strcmp(e->virtualization, "none")
			? ", virtual: "
			: "",
		e->virtualization && strcmp(e->virtualization, "none")
			? e->virtualization
			: "");
}

void table_print_setting(const struct run *run, const char *between, FILE *out)
{
	print_load(run, out);
	fputs(between, out);
	print_place(run, out);
}

static void print_heading(
	const struct run *run, int64_t id, const struct style *style, FILE *out)
{
	fprintf(out, "%s%s%s", style->colour ? "\033[1m" : "",
		run->title ? run->title : "Comparison",
		style->colour ? "\033[0m" : "");
	if (id)
		fprintf(out, " (run %lld)", (long long)id);
	fputc('\n', out);
	table_print_setting(run, "\n", out);
	fputs("\n\n", out);
}

/* A row for each point of a sweep. */
static void fill_sweep(
	struct grid *g, const struct analysis *a, const struct style *style)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct point *p = &a->points[i];
		struct grid_row *row = grid_add(g);

		if (!row)
			return;
		fill_row(row, p, &p->summaries[0], style);
		point_text(p->at, row->text[MODEL], GRID_CELL);
		row->text[MARK][0] = '\0';
		row->colour = NULL;
	}
}

/* By throughput: no point is better than another. */
static void fill_sweep_bars(
	struct grid *g, const struct analysis *a, const struct style *style)
{
	int width = bar_width(g, style);
	double most = 0, rate;

	for (size_t i = 0; i < a->count; i++)
		most = fmax(most, a->points[i].summaries[0].throughput.value);
	for (size_t i = 0; i < g->count && most > 0; i++) {
		rate = a->points[i].summaries[0].throughput.value;
		if (rate > 0)
			figure_bar(rate / most, width, style,
				g->rows[i].text[BAR], GRID_CELL);
	}
}

static void print_sweep(const struct analysis *a, const struct style *style,
	bool markdown, FILE *out)
{
	struct grid g = {0};
	char title[128], text[POINT_TEXT];
	bool less = false;

	set_columns(&g, a->run, style, title, sizeof(title));
	g.titles[MODEL] = a->points[0].summaries[0].cell->model;
	fill_sweep(&g, a, style);
	if (markdown) {
		grid_print_markdown(&g, out);
	} else {
		fill_sweep_bars(&g, a, style);
		less = make_narrow(&g, style);
		grid_print(&g, style->colour, out);
	}
	grid_release(&g);
	fputc('\n', out);
	for (size_t i = 0; i < a->count; i++) {
		if (!has_remarks(&a->points[i]))
			continue;
		fprintf(out, "%s\n",
			point_text(a->points[i].at, text, sizeof(text)));
		print_remarks(&a->points[i], out);
	}
	if (less)
		fputs(say_narrow, out);
}

static void print_points(const struct analysis *a, const struct style *style,
	bool markdown, FILE *out)
{
	char text[POINT_TEXT], title[128];
	bool less = false;

	if (is_sweep(a)) {
		print_sweep(a, style, markdown, out);
		return;
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct point *p = &a->points[i];
		struct grid g = {0};

		if (point_text(p->at, text, sizeof(text))[0])
			fprintf(out, markdown ? "**%s**\n\n" : "%s\n", text);
		set_columns(&g, a->run, style, title, sizeof(title));
		fill_grid(&g, a, p, style);
		if (markdown)
			grid_print_markdown(&g, out);
		else if (g.count) {
			fill_bars(&g, p, style);
			less = make_narrow(&g, style) || less;
			grid_print(&g, style->colour, out);
		}
		grid_release(&g);
		fputc('\n', out);
		print_remarks(p, out);
		if (i + 1 < a->count && has_remarks(p))
			fputc('\n', out);
	}
	if (less)
		fputs(say_narrow, out);
}

void table_print(const struct analysis *a, int64_t id,
	const struct style *style, FILE *out)
{
	print_heading(a->run, id, style, out);
	print_points(a, style, false, out);
	print_legend(a, style, out);
	steady_print(a, style, out);
	print_noise(a->run, out);
}

void table_print_markdown(const struct analysis *a, FILE *out)
{
	struct style style = {.utf8 = true, .width = 100};

	table_print_setting(a->run, "; ", out);
	fputs(".\n\n", out);
	print_points(a, &style, true, out);
	fputs("Medians over the rounds; ± is half of the 95 % interval. * marks "
	      "the best, and what cannot be told from it; ~ is no difference "
	      "that is more than noise. ≥: the client was the slower side, so "
	      "order and ratios go by the server's CPU time per request.\n",
		out);
}
