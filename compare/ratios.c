/* SPDX-License-Identifier: MIT */
#include "compare/ratios.h"

#include "compare/grid.h"
#include "compare/table.h"

#include <math.h>

static void add_row(struct grid *g, const struct summary *s)
{
	const struct estimate *ratio = &s->to_baseline.ratio;
	struct grid_row *row = grid_add(g);

	if (!row)
		return;
	snprintf(row->text[0], GRID_CELL, "%s", s->cell->model);
	snprintf(row->text[1], GRID_CELL, "%.3f", ratio->value);
	if (isfinite(ratio->low))
		snprintf(row->text[2], GRID_CELL, "%.3f to %.3f", ratio->low,
			ratio->high);
	snprintf(row->text[3], GRID_CELL, "%.2g", s->adjusted_p);
	if (isfinite(s->to_baseline.effect))
		snprintf(row->text[4], GRID_CELL, "%+.1f",
			s->to_baseline.effect);
	snprintf(row->text[5], GRID_CELL, "%zu", ratio->n);
	snprintf(row->text[6], GRID_CELL, "%s",
		!s->differs	   ? "~"
		: ratio->value > 1 ? "better"
				   : "worse");
	row->colour = !s->differs ? NULL : ratio->value > 1 ? "32" : "31";
}

static size_t print_point(
	const struct point *p, const struct style *style, FILE *out)
{
	static const char *const titles[] = {
		"model", "ratio", "95 %", "p (Holm)", "effect", "rounds", ""};
	struct grid g = {0};
	size_t count;
	char at[POINT_TEXT];

	for (size_t c = 0; c < sizeof(titles) / sizeof(*titles); c++)
		grid_column(&g, titles[c], c == 0 || c == 6);
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].has_baseline)
			add_row(&g, &p->summaries[i]);
	if (g.count) {
		point_text(p->at, at, sizeof(at));
		fprintf(out, "%s%sby %s\n", at, at[0] ? ", " : "",
			p->order->title);
		grid_print(&g, style->colour, out);
		fputc('\n', out);
	}
	count = g.count;
	grid_release(&g);
	return count;
}

void ratios_print(
	const struct analysis *a, const struct style *style, FILE *out)
{
	const char *baseline = a->run->baseline;
	size_t count = 0;

	fprintf(out, "\nEach against %s, round by round\n",
		baseline ? baseline : "a baseline");
	for (size_t i = 0; i < a->count; i++)
		count += print_point(&a->points[i], style, out);
	if (!count) {
		fputs("nothing was measured beside it\n", out);
		return;
	}
	fprintf(out,
		"A ratio above 1 is better than %s. Better or worse is said "
		"where its interval excludes 1\nand p, of a paired t-test of "
		"the logarithms, is below %.3g. The effect is the mean of\n"
		"those in their standard deviations (Cohen's d: from 0.8 on it "
		"is large).\n",
		baseline, STATS_CLAIM);
}
