/* SPDX-License-Identifier: MIT */
#include "compare/gnuplot.h"

#include "compare/fit.h"
#include "compare/lesson.h"
#include "compare/sweep.h"
#include "compare/theory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Panels stand one above the other: what each shows, and in which unit. */
struct panel {
	const char *title, *metric;
	double unit;
	bool log; /* of lines: what differs by powers */
};

enum { PANELS = 3, CURVE_STEPS = 12 };

static const struct panel usual[PANELS] = {
	{"requests per second", "throughput", 1, false},
	{"server CPU per request, µs", "cpu_per_request", 1e3, false},
	{"p99 latency, µs", "p99", 1e3, true}};

/* Where queueing theory is asked for: what it speaks of. */
static const struct panel queue[PANELS] = {
	{"mean latency, µs", "mean", 1e3, true},
	{"median latency, µs", "p50", 1e3, true},
	{"p99 latency, µs", "p99", 1e3, true}};

struct drawing {
	const struct analysis *a;
	const struct panel *panels;
	const char **models;
	size_t model_count, sweeps;
	const char *axis; /* NULL: bars */
	struct fits fits;
	bool theory;
	gsl_rng *rng;
	FILE *out;
};

static const struct style gnuplot_style = {.utf8 = true, .width = 100};

/* Within double quotes. */
static void print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; text && *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_number(double value, FILE *out)
{
	if (isfinite(value))
		fprintf(out, " %.6g", value);
	else
		fputs(" NaN", out);
}

static void print_estimate(const struct estimate *e, double unit, FILE *out)
{
	print_number(e->value / unit, out);
	print_number(e->low / unit, out);
	print_number(e->high / unit, out);
}

/* Its place, its name, each panel's value with its interval, and what theory
 * has beside each. */
static void print_row(const struct drawing *d, size_t place, const char *name,
	const struct summary *s)
{
	fprintf(d->out, "%zu ", place);
	print_quoted(name, d->out);
	for (const struct panel *p = d->panels; p < d->panels + PANELS; p++) {
		struct estimate e =
			summary_estimate(s, metric_find(p->metric), d->rng);

		print_estimate(&e, p->unit, d->out);
	}
	for (size_t i = 0; d->theory && i < PANELS * THEORIES; i++) {
		const struct panel *p = &d->panels[i / THEORIES];
		const struct metric *m = theory_of(i % THEORIES, p->metric);

		print_number(metric_median(s->cell, m->name) / p->unit, d->out);
	}
	fputc('\n', d->out);
}

/* Where a panel's value is in a row, and what theory has beside it. */
static int column_of(size_t panel)
{
	return 3 + 3 * (int)panel;
}

static int theory_column(size_t panel, size_t theory)
{
	return column_of(PANELS) + (int)(panel * THEORIES + theory);
}

/* The size of the whole, and how much of it is around the panels. */
static void print_head(const struct drawing *d)
{
	int width = 300 + 500 * (int)d->sweeps;

	fprintf(d->out,
		"# gnuplot -e 'set terminal pdfcairo size %dcm,21cm; set "
		"output \"run.pdf\"' THIS_FILE\n"
		"if (!exists(\"GPVAL_TERM\") || GPVAL_TERM eq \"unknown\") set "
		"terminal svg size %d,1000 background rgb \"white\"\n"
		"set encoding utf8\nset termoption noenhanced\n",
		width / 50, width);
	fprintf(d->out,
		"set multiplot layout %d,%zu columnsfirst margins "
		"%.3f,%.3f,%.2f,%.2f spacing %.3f,0.03 title ",
		PANELS, d->sweeps, 104.0 / width,
		1 - (d->axis ? 224.0 : 48.0) / width, d->axis ? 0.08 : 0.2,
		d->sweeps > 1 ? 0.91 : 0.94, 90.0 / width);
	print_quoted(d->a->run->title, d->out);
	fputs("\nset grid ytics\nset border 3\nset tics nomirror\n"
	      "set format x \"\"\n",
		d->out);
}

/* ---- bars ----------------------------------------------------------------- */

static void print_bars(const struct drawing *d, const struct point *p)
{
	size_t rows = 0;

	fputs("$models << EOD\n", d->out);
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].standing < NO_FIGURES)
			print_row(d, rows++, p->summaries[i].cell->model,
				&p->summaries[i]);
	fprintf(d->out,
		"EOD\nset style fill solid 0.6\nset errorbars linecolor "
		"black\nset yrange [0:*]\nset xrange [-0.6:%zu.4]\n"
		"set xtics rotate by -45\nunset key\n",
		rows ? rows - 1 : 0);
	for (size_t i = 0; i < PANELS; i++) {
		int at = column_of(i);

		fprintf(d->out,
			"set ylabel \"%s\"\n%splot $models using "
			"1:%d:%d:%d:(0.6)%s with boxerrorbars linecolor rgb "
			"\"#0072b2\"\n",
			d->panels[i].title,
			i + 1 == PANELS ? "set format x\n" : "", at, at + 1,
			at + 2, i + 1 == PANELS ? ":xtic(2)" : "");
	}
}

/* ---- lines: the data of a sweep ------------------------------------------- */

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
			print_row(d, place, sweep_value(s, p), one);
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
		print_estimate(&e, 1, d->out);
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
		fit_say(f, &gnuplot_style, text + strlen(text),
			sizeof(text) - strlen(text));
		print_quoted(text, d->out);
		fprintf(d->out, " at graph 0.98,%.2f right font \",9\" front\n",
			0.02 + 0.06 * lines);
	}
}

/* ---- lines: the panels of a sweep ----------------------------------------- */

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
	int at = column_of(panel);

	fprintf(out, "$sweep%zu_model%zu using 1:%d:%d:%d%s with yerrorlines",
		n, model, at, at + 1, at + 2,
		panel + 1 == PANELS ? ":xtic(2)" : "");
	print_look(model, out);
	fputs(" title ", out);
	print_quoted(d->models[model], out);
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
		theory_column(panel, theory));
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
	print_quoted(sweep_text(s, name, sizeof(name)), d->out);
	fputs("\nunset xlabel\nset format x \"\"\n", d->out);
	for (size_t k = 0; k < PANELS; k++) {
		fprintf(d->out, "set ylabel \"%s\"\n%s", d->panels[k].title,
			d->panels[k].log ? "set logscale y\nset yrange [*:*]\n"
					 : "unset logscale y\nset yrange "
					   "[0:*]\n");
		if (k + 1 == PANELS) {
			fputs("set format x\nset xlabel ", d->out);
			print_quoted(s->axis, d->out);
			fputc('\n', d->out);
		}
		print_panel(d, s, n, k);
		fputs("unset key\nunset title\nunset label\n", d->out);
	}
}

static void print_lines(const struct drawing *d)
{
	struct sweep s = {.a = d->a, .axis = d->axis};

	for (size_t n = 0; sweep_next(&s); n++)
		print_sweep(d, &s, n);
}

/* ---- all ------------------------------------------------------------------ */

/* What there is to draw. False without memory. */
static bool prepare(struct drawing *d, const struct plan *plan)
{
	struct sweep s = {.a = d->a};

	d->rng = stats_rng((uint64_t)d->a->run->seed);
	d->models = analysis_models(d->a, &d->model_count);
	d->axis = s.axis = sweep_axis(d->a, &plan->plots);
	d->sweeps = d->axis ? 0 : 1;
	while (d->axis && sweep_next(&s))
		d->sweeps++;
	d->theory = d->model_count == 1 &&
		    fit_is_asked(&plan->fits, FIT_QUEUE, d->axis);
	d->panels = d->theory ? queue : usual;
	if (fit_is_asked(&plan->fits, FIT_USL, d->axis))
		fits_make(d->a->run, d->axis, &d->fits);
	return d->rng && d->models;
}

static void print_drawing(const struct drawing *d)
{
	print_head(d);
	if (d->axis)
		print_lines(d);
	else if (d->a->count)
		print_bars(d, &d->a->points[d->a->count - 1]);
	fputs("unset multiplot\n", d->out);
}

int gnuplot_print(const struct analysis *a, FILE *out)
{
	struct drawing d = {.a = a, .out = out};
	struct plan plan;
	bool ready;

	lesson_load(&plan, a->run);
	ready = prepare(&d, &plan);
	if (ready)
		print_drawing(&d);
	fits_release(&d.fits);
	free(d.models);
	if (d.rng)
		gsl_rng_free(d.rng);
	plan_release(&plan);
	return ready && !ferror(out) ? 0 : -1;
}
