/* SPDX-License-Identifier: MIT */
#include "compare/theory.h"

#include "compare/grid.h"
#include "compare/metric.h"
#include "compare/table.h"

#include <math.h>
#include <string.h>

const char *const theory_labels[THEORIES] = {"M/D/1", "M/M/1"};
const char *const theory_metrics[THEORY_METRICS] = {"mean", "p50", "p99"};

static const char *const computed[THEORIES][THEORY_METRICS] = {
	{"md1", "md1_p50", "md1_p99"}, {"mm1", "mm1_p50", "mm1_p99"}};

const struct metric *theory_of(size_t theory, const char *measured)
{
	for (size_t m = 0; m < THEORY_METRICS; m++)
		if (!strcmp(theory_metrics[m], measured))
			return metric_find(computed[theory][m]);
	return NULL;
}

/* ---- in the terminal ------------------------------------------------------ */

enum { FIRST = 3, EACH = 1 + THEORIES };

static void set_figure(char *text, const struct cell *cell,
	const struct metric *m, const struct style *style)
{
	char number[FIGURE_TEXT];

	snprintf(text, GRID_CELL, "%s",
		figure(metric_median(cell, m->name), m->unit, style, number));
}

static void add_row(
	struct grid *g, const struct cell *cell, const struct style *style)
{
	struct grid_row *row = grid_add(g);
	char at[160];

	if (!row)
		return;
	snprintf(row->text[0], GRID_CELL, "%.250s", cell->model);
	snprintf(row->text[1], GRID_CELL, "%s",
		point_text(cell->point, at, sizeof(at)));
	snprintf(row->text[2], GRID_CELL, "%.0f %%",
		100 * metric_median(cell, "utilisation"));
	for (size_t m = 0; m < THEORY_METRICS; m++) {
		char(*text)[GRID_CELL] = &row->text[FIRST + EACH * m];

		set_figure(
			text[0], cell, metric_find(theory_metrics[m]), style);
		for (size_t t = 0; t < THEORIES; t++)
			set_figure(text[1 + t], cell,
				theory_of(t, theory_metrics[m]), style);
	}
}

static void begin_grid(struct grid *g)
{
	grid_column(g, "model", true);
	grid_column(g, "at", true);
	grid_column(g, "busy", false);
	for (size_t m = 0; m < THEORY_METRICS; m++) {
		grid_column(g, theory_metrics[m], false);
		for (size_t t = 0; t < THEORIES; t++)
			grid_column(g, theory_labels[t], false);
	}
}

void theory_print(const struct run *run, const char *axis,
	const struct style *style, FILE *out)
{
	struct grid g = {0};

	begin_grid(&g);
	for (size_t c = 0; c < run->cell_count; c++)
		if (isfinite(metric_median(&run->cells[c], "utilisation")))
			add_row(&g, &run->cells[c], style);
	fprintf(out,
		"\nComputed beside what was measured: a queue with one server, "
		"over %s\n",
		axis);
	if (g.count)
		grid_print(&g, style->colour, out);
	grid_release(&g);
	fputs("\nLatency; beside each, that of a queue in which the service "
	      "always takes the same (M/D/1)\nand of one in which it is "
	      "exponential (M/M/1), with the CPU time per request and the\n"
	      "utilisation that were measured. Nothing is fitted.\n",
		out);
}
