/* SPDX-License-Identifier: MIT */
/* Fits in the terminal. */
#include "compare/fit.h"

#include "compare/grid.h"
#include "compare/table.h"

#include <math.h>
#include <string.h>

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
	snprintf(row->text[6], GRID_CELL, "%.1f %%", 100 * fit_rest(f));
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
		double rate = usl_rate(&f->fan->fit, f->load[i]);

		fprintf(out, "%s %g: %s, fitted %s (%+.1f %%)", i ? ";" : "",
			f->load[i],
			figure(f->rate[i], UNIT_RATE, style, measured),
			figure(rate, UNIT_RATE, style, fitted),
			100 * (f->rate[i] / rate - 1));
	}
	fputc('\n', out);
}

void fits_print(const struct fits *fits, const char *axis,
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
