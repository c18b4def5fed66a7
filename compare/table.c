/* SPDX-License-Identifier: MIT */
#include "compare/table.h"

#include "common/options.h"
#include "compare/grid.h"
#include "compare/notes.h"
#include "compare/whole.h"

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

/* One model alone at several points: nothing is compared but the points. */
static bool is_sweep(const struct analysis *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->points[i].count != 1)
			return false;
	return a->count > 1;
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
	fputs(", ", out);
	if (!run_is_finished(run))
		fprintf(out, "%zu of ", run_rounds_whole(run));
	fprintf(out, "%zu round%s of %s", run_rounds_due(run),
		run_rounds_due(run) == 1 ? "" : "s",
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

/* Which point the following is of; nothing where there is but one. */
static void print_at(const struct point *p, bool markdown, FILE *out)
{
	char text[POINT_TEXT];

	if (!point_text(p->at, text, sizeof(text))[0])
		return;
	fputs(markdown ? "**" : "", out);
	if (markdown)
		grid_markdown_text(text, out);
	else
		fputs(text, out);
	fputs(markdown ? "**\n\n" : "\n", out);
}

static void print_remarks(const struct point *p, bool markdown, FILE *out)
{
	struct notes notes;

	notes_print_remarks(p, notes_begin(&notes, markdown, out));
	notes_end(&notes);
}

static void print_sweep(const struct analysis *a, const struct style *style,
	bool markdown, FILE *out)
{
	struct grid g = {0};
	char title[128];
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
		if (!notes_has_remarks(&a->points[i]))
			continue;
		print_at(&a->points[i], markdown, out);
		print_remarks(&a->points[i], markdown, out);
	}
	if (less)
		fputs(say_narrow, out);
}

/* True: the terminal was too narrow for all of it. */
static bool print_point(const struct analysis *a, const struct point *p,
	const struct style *style, bool markdown, FILE *out)
{
	struct grid g = {0};
	char title[128];
	bool less = false;

	print_at(p, markdown, out);
	set_columns(&g, a->run, style, title, sizeof(title));
	fill_grid(&g, a, p, style);
	if (g.count && markdown) {
		grid_print_markdown(&g, out);
	} else if (g.count) {
		fill_bars(&g, p, style);
		less = make_narrow(&g, style);
		grid_print(&g, style->colour, out);
	}
	if (g.count || !markdown)
		fputc('\n', out);
	grid_release(&g);
	print_remarks(p, markdown, out);
	return less;
}

static void print_points(const struct analysis *a, const struct style *style,
	bool markdown, FILE *out)
{
	bool less = false;

	if (is_sweep(a)) {
		print_sweep(a, style, markdown, out);
		return;
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct point *p = &a->points[i];

		less = print_point(a, p, style, markdown, out) || less;
		if (i + 1 < a->count && notes_has_remarks(p) && !markdown)
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
	notes_print_legend(a, !is_sweep(a), style, out);
	notes_print_warnings(a, style, out);
}

void table_print_markdown(const struct analysis *a, FILE *out)
{
	struct style style = {.utf8 = true, .width = 100};
	struct notes notes;

	table_print_setting(a->run, "; ", out);
	fputs(".\n\n", out);
	print_points(a, &style, true, out);
	fputs("Medians over the rounds; ± is half of the 95 % interval. * marks "
	      "the best, and what cannot be told from it; ~ is no difference "
	      "that is more than noise. ≥: the client was the slower side, so "
	      "order and ratios go by the server's CPU time per request.\n\n",
		out);
	notes_print_warnings(a, &style, notes_begin(&notes, true, out));
	notes_end(&notes);
}
