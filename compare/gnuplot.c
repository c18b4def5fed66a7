/* SPDX-License-Identifier: MIT */
#include "compare/gnuplot.h"

#include "compare/gnuplot_drawing.h"
#include "compare/lesson.h"
#include "compare/sweep.h"
#include "compare/theory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct panel usual[PANELS] = {
	{"requests per second", "throughput", 1, false},
	{"server CPU per request, µs", "cpu_per_request", 1e3, false},
	{"p99 latency, µs", "p99", 1e3, true}};

/* Where queueing theory is asked for: what it speaks of. */
static const struct panel queue[PANELS] = {
	{"mean latency, µs", "mean", 1e3, true},
	{"median latency, µs", "p50", 1e3, true},
	{"p99 latency, µs", "p99", 1e3, true}};

/* A letter that no line of a script may hold is a blank. */
static char plain(char letter)
{
	return (unsigned char)letter < ' ' || letter == 127 ? ' ' : letter;
}

void gnuplot_quote(const char *text, FILE *out)
{
	fputc('\'', out);
	for (; text && *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc(plain(*text), out);
	}
	fputc('\'', out);
}

/* A text in a row of data, which knows double quotes alone, and ends at the
 * next one, escaped or not. */
static void print_datum(const char *text, FILE *out)
{
	fputc('"', out);
	for (; text && *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%03o", (unsigned)*text);
		else
			fputc(plain(*text), out);
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

void gnuplot_estimate(const struct estimate *e, double unit, FILE *out)
{
	print_number(e->value / unit, out);
	print_number(e->low / unit, out);
	print_number(e->high / unit, out);
}

void gnuplot_row(const struct drawing *d, size_t place, const char *name,
	const struct summary *s)
{
	fprintf(d->out, "%zu ", place);
	print_datum(name, d->out);
	for (const struct panel *p = d->panels; p < d->panels + PANELS; p++) {
		struct estimate e = summary_estimate(s, metric_find(p->metric));

		gnuplot_estimate(&e, p->unit, d->out);
	}
	for (size_t i = 0; d->theory && i < PANELS * THEORIES; i++) {
		const struct panel *p = &d->panels[i / THEORIES];
		const struct metric *m = theory_of(i % THEORIES, p->metric);

		print_number(metric_median(s->cell, m->name) / p->unit, d->out);
	}
	fputc('\n', d->out);
}

int gnuplot_column(size_t panel)
{
	return 3 + 3 * (int)panel;
}

int gnuplot_theory_column(size_t panel, size_t theory)
{
	return gnuplot_column(PANELS) + (int)(panel * THEORIES + theory);
}

/* In pixels: a panel of lines or of bars, what stands left of it, and what a
 * key needs. */
enum {
	LINES_WIDTH = 470,
	BARS_WIDTH = 650,
	LEFT = 104,
	KEY_MARK = 90,
	KEY_LETTER = 8,
};

static int key_width(const struct drawing *d)
{
	size_t longest = 0;

	for (size_t m = 0; m < d->model_count; m++)
		if (strlen(d->models[m]) > longest)
			longest = strlen(d->models[m]);
	return KEY_MARK + KEY_LETTER * (int)longest;
}

/* The size of the whole, and how much of it is around the panels. */
static void print_head(const struct drawing *d)
{
	int right = d->axis ? key_width(d) : 48;
	int width = right + (LEFT + (d->axis ? LINES_WIDTH : BARS_WIDTH)) *
				    (int)d->sweeps;

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
		PANELS, d->sweeps, (double)LEFT / width,
		1 - (double)right / width, d->axis ? 0.08 : 0.2,
		d->sweeps > 1 ? 0.91 : 0.94, (double)LEFT / width);
	gnuplot_quote(d->a->run->title, d->out);
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
			gnuplot_row(d, rows++, p->summaries[i].cell->model,
				&p->summaries[i]);
	fprintf(d->out,
		"EOD\nset style fill solid 0.6\nset errorbars linecolor "
		"black\nset yrange [0:*]\nset xrange [-0.6:%zu.4]\n"
		"set xtics rotate by -45\nunset key\n",
		rows ? rows - 1 : 0);
	for (size_t i = 0; i < PANELS; i++) {
		int at = gnuplot_column(i);

		fprintf(d->out,
			"set ylabel \"%s\"\n%splot $models using "
			"1:%d:%d:%d:(0.6)%s with boxerrorbars linecolor rgb "
			"\"#0072b2\"\n",
			d->panels[i].title,
			i + 1 == PANELS ? "set format x\n" : "", at, at + 1,
			at + 2, i + 1 == PANELS ? ":xtic(2)" : "");
	}
}

/* ---- all ------------------------------------------------------------------ */

/* What there is to draw. False without memory. */
static bool prepare(struct drawing *d, const struct plan *plan)
{
	struct sweep s = {.a = d->a};

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
	return d->models;
}

static void print_drawing(const struct drawing *d)
{
	print_head(d);
	if (d->axis)
		gnuplot_lines(d);
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
	plan_release(&plan);
	return ready && !ferror(out) ? 0 : -1;
}
