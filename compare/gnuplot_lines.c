/* SPDX-License-Identifier: MIT */
/* Lines over what is varied: a column of panels for each sweep. */
#include "compare/gnuplot_drawing.h"

#include "compare/sweep.h"
#include "compare/theory.h"

#include <math.h>
#include <string.h>

/* Of a curve between two places: it is bent. */
enum { CURVE_STEPS = 12 };

/* ---- the data of a sweep ------------------------------------------- */

static const struct summary *find(const struct point *p, const char *model)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->summaries[i].cell->model, model) &&
			p->summaries[i].standing < NO_FIGURES)
			return &p->summaries[i];
	return NULL;
}

static bool has_model(const struct sweep *s, const char *model)
{
	for (size_t p = sweep_point(s, SIZE_MAX); p < s->a->count;
		p = sweep_point(s, p))
		if (find(&s->a->points[p], model))
			return true;
	return false;
}

static void print_series(
	const struct drawing *d, const struct sweep *s, size_t n, size_t model)
{
	size_t place = 0;

	fprintf(d->out, "$sweep%zu_model%zu << EOD\n", n, model);
	for (size_t p = sweep_point(s, SIZE_MAX); p < s->a->count;
		p = sweep_point(s, p), place++) {
		const struct summary *one =
			find(&s->a->points[p], d->models[model]);

		if (one)
			gnuplot_row(d, place, sweep_value(s, p), one);
	}
	fputs("EOD\n", d->out);
}

/* The curve of a fit from one place to the next. */
static void print_curve(const struct drawing *d, const struct fit *f,
	size_t place, double from, double to)
{
	if (!fit_reaches(f, from) || !fit_reaches(f, to))
		return;
	for (int i = 0; i <= CURVE_STEPS; i++) {
		double share = (double)i / CURVE_STEPS;
		struct estimate e =
			usl_rate_interval(f->fan, from * pow(to / from, share));

		fprintf(d->out, "%.3f", (double)place + share);
		gnuplot_estimate(&e, 1, d->out);
		fputc('\n', d->out);
	}
}

static void print_fit(const struct drawing *d, const struct sweep *s, size_t n,
	size_t model, const struct fit *f)
{
	size_t place = 0, p = sweep_point(s, SIZE_MAX);
	double from = fit_load(sweep_value(s, p));

	fprintf(d->out, "$sweep%zu_fit%zu << EOD\n", n, model);
	while ((p = sweep_point(s, p)) < s->a->count) {
		double to = fit_load(sweep_value(s, p));

		print_curve(d, f, place++, from, to);
		from = to;
	}
	fputs("EOD\n", d->out);
}

/* The model's fit in the sweep; NULL where none is to be drawn. */
static const struct fit *fit_of(
	const struct drawing *d, const struct sweep *s, size_t model)
{
	json_t *at = sweep_at(s);
	const struct fit *f = fits_find(&d->fits, d->models[model], at);

	json_decref(at);
	return f;
}

/* The curve's data, and in the panel's lower corner what it says. */
static void print_fits(const struct drawing *d, const struct sweep *s, size_t n)
{
	char text[200];
	int lines = 0;

	for (size_t m = d->model_count; m-- > 0;) {
		const struct fit *f = fit_of(d, s, m);

		if (!f)
			continue;
		if (!fit_objection(f))
			print_fit(d, s, n, m, f);
		fprintf(d->out, "set label %d ", ++lines);
		snprintf(text, sizeof(text), "%.60s, fitted: ", f->model);
		fit_say(f, &page_style, text + strlen(text),
			sizeof(text) - strlen(text));
		gnuplot_quote(text, d->out);
		fprintf(d->out, " at graph 0.98,%.2f right font \",8\" front\n",
			0.02 + 0.06 * lines);
	}
}

/* ---- the panels of a sweep ----------------------------------------- */

static void print_colour(size_t i, FILE *out)
{
	static const char *const colours[] = {"0072b2", "e69f00", "009e73",
		"d55e00", "cc79a7", "56b4e9", "b5a900", "000000"};

	fprintf(out, " linecolor rgb \"#%s\"", colours[i % 8]);
}

/* Colour, mark and dash, so that none needs the others to be told. */
static void print_look(size_t i, FILE *out)
{
	print_colour(i, out);
	fprintf(out, " pointtype %zu dashtype %zu", i % 15 + 1, i / 8 % 5 + 1);
}

static const char *separator(size_t *drawn)
{
	return (*drawn)++ ? ", \\\n  " : "plot ";
}

static void plot_model(const struct drawing *d, size_t n, size_t model,
	size_t panel, FILE *out)
{
	int at = gnuplot_column(panel);

	fprintf(out, "$sweep%zu_model%zu using 1:%d:%d:%d%s with yerrorlines",
		n, model, at, at + 1, at + 2,
		panel + 1 == PANELS ? ":xtic(2)" : "");
	print_look(model, out);
	fputs(" title ", out);
	gnuplot_quote(d->models[model], out);
}

/* Dotted on its band. */
static void plot_fit(size_t n, size_t model, FILE *out)
{
	fprintf(out,
		"$sweep%zu_fit%zu using 1:3:4 with filledcurves fillstyle "
		"transparent solid 0.15 noborder",
		n, model);
	print_colour(model, out);
	fprintf(out, " notitle, \\\n  $sweep%zu_fit%zu using 1:2 with lines", n,
		model);
	print_colour(model, out);
	fputs(" linewidth 2 dashtype \".\" notitle", out);
}

static void plot_theory(const struct drawing *d, size_t n, size_t panel,
	size_t theory, FILE *out)
{
	fprintf(out, "$sweep%zu_model0 using 1:%d with linespoints", n,
		gnuplot_theory_column(panel, theory));
	print_look(d->model_count + theory, out);
	fprintf(out, " title \"%s\"", theory_labels[theory]);
}

static void print_panel(
	const struct drawing *d, const struct sweep *s, size_t n, size_t panel)
{
	size_t drawn = 0;

	for (size_t m = 0; m < d->model_count; m++) {
		const struct fit *f = panel ? NULL : fit_of(d, s, m);

		if (!has_model(s, d->models[m]))
			continue;
		fputs(separator(&drawn), d->out);
		plot_model(d, n, m, panel, d->out);
		if (f && !fit_objection(f)) {
			fputs(separator(&drawn), d->out);
			plot_fit(n, m, d->out);
		}
	}
	for (size_t t = 0; drawn && d->theory && t < THEORIES; t++) {
		fputs(separator(&drawn), d->out);
		plot_theory(d, n, panel, t, d->out);
	}
	fputs(drawn ? "\n" : "set multiplot next\n", d->out);
}

/* A column: the first of them has the key, the last panel what is varied. */
static void print_sweep(
	const struct drawing *d, const struct sweep *s, size_t n)
{
	char name[128];

	for (size_t m = 0; m < d->model_count; m++)
		if (has_model(s, d->models[m]))
			print_series(d, s, n, m);
	print_fits(d, s, n);
	fputs(n ? "unset key\n" : "set key at screen 0.99,0.9 right top\n",
		d->out);
	fputs("set title ", d->out);
	gnuplot_quote(sweep_text(s, name, sizeof(name)), d->out);
	fprintf(d->out,
		"\nunset xlabel\nset format x \"\"\nset xtics 1\n"
		"set xrange [-0.15:%zu.15]\n",
		s->count - 1);
	for (size_t k = 0; k < PANELS; k++) {
		fprintf(d->out, "set ylabel \"%s\"\n%s", d->panels[k].title,
			d->panels[k].log ? "set logscale y\nset yrange [*:*]\n"
					 : "unset logscale y\nset yrange "
					   "[0:*]\n");
		if (k + 1 == PANELS) {
			fputs("set format x\nset xlabel ", d->out);
			gnuplot_quote(s->axis, d->out);
			fputc('\n', d->out);
		}
		print_panel(d, s, n, k);
		fputs("unset key\nunset title\nunset label\n", d->out);
	}
}

void gnuplot_lines(const struct drawing *d)
{
	struct sweep s = {.a = d->a, .axis = d->axis};

	for (size_t n = 0; sweep_next(&s); n++)
		print_sweep(d, &s, n);
}
