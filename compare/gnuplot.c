/* SPDX-License-Identifier: MIT */
#include "compare/gnuplot.h"

#include <math.h>
#include <string.h>

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

static void print_estimate(const struct estimate *e, double divisor, FILE *out)
{
	print_number(e->value / divisor, out);
	print_number(e->low / divisor, out);
	print_number(e->high / divisor, out);
}

/* name, throughput with its interval, CPU per request and p99 in us. */
static void print_row(const char *name, const struct summary *s, FILE *out)
{
	print_quoted(name, out);
	print_estimate(&s->throughput, 1, out);
	print_estimate(&s->cpu, 1e3, out);
	print_estimate(&s->p99, 1e3, out);
	fputc('\n', out);
}

static const struct {
	const char *title;
	int column; /* of the value; its interval is in the next two */
	bool log;   /* of lines: what differs by powers */
} panels[] = {{"requests per second", 2, false},
	{"server CPU per request, µs", 5, false}, {"p99 latency, µs", 8, true}};

enum { PANELS = sizeof(panels) / sizeof(*panels) };

/* The panels stand one above the other and share what is written below the
 * last of them; `right` is where they end, of 1. */
static void print_head(
	const struct run *run, double right, double below, FILE *out)
{
	fputs("# gnuplot -e 'set terminal pdfcairo size 16cm,21cm; set output "
	      "\"run.pdf\"' THIS_FILE\n"
	      "if (!exists(\"GPVAL_TERM\") || GPVAL_TERM eq \"unknown\") set "
	      "terminal svg size 800,1000 background rgb \"white\"\n"
	      "set encoding utf8\nset termoption noenhanced\n",
		out);
	fprintf(out,
		"set multiplot layout 3,1 margins 0.13,%.2f,%.2f,0.94 "
		"spacing 0.03 title ",
		right, below);
	print_quoted(run->title, out);
	fputs("\nset grid ytics\nset border 3\nset tics nomirror\n"
	      "set format x \"\"\n",
		out);
}

/* ---- bars: the last point ------------------------------------------------- */

static void print_bars(const struct point *p, FILE *out)
{
	size_t rows = 0;

	fputs("$models << EOD\n", out);
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].standing < NO_FIGURES) {
			print_row(p->summaries[i].cell->model, &p->summaries[i],
				out);
			rows++;
		}
	fprintf(out,
		"EOD\nset style fill solid 0.6\nset errorbars linecolor "
		"black\nset yrange [0:*]\nset xrange [-0.6:%zu.4]\n"
		"set xtics rotate by -45\nunset key\n",
		rows ? rows - 1 : 0);
	for (size_t i = 0; i < PANELS; i++)
		fprintf(out,
			"set ylabel \"%s\"\n%splot $models using "
			"0:%d:%d:%d:(0.6)%s with boxerrorbars linecolor rgb "
			"\"#0072b2\"\n",
			panels[i].title,
			i + 1 == PANELS ? "set format x\n" : "",
			panels[i].column, panels[i].column + 1,
			panels[i].column + 2,
			i + 1 == PANELS ? ":xtic(1)" : "");
}

/* ---- lines: over what is varied ------------------------------------------- */

static const struct summary *find(const struct point *p, const char *model)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->summaries[i].cell->model, model))
			return &p->summaries[i];
	return NULL;
}

static void print_series(
	const struct analysis *a, size_t number, const char *model, FILE *out)
{
	fprintf(out, "$model%zu << EOD\n", number);
	for (size_t i = 0; i < a->count; i++) {
		const struct summary *s = find(&a->points[i], model);
		const char *value = json_string_value(
			json_object_get(a->points[i].at, a->run->varied));

		if (s && s->standing < NO_FIGURES)
			print_row(value, s, out);
	}
	fputs("EOD\n", out);
}

/* Colour, mark and dash, so that none needs the others to be told. */
static void print_look(size_t i, FILE *out)
{
	static const char *const colours[] = {"0072b2", "e69f00", "009e73",
		"d55e00", "cc79a7", "56b4e9", "b5a900", "000000"};

	fprintf(out, " linecolor rgb \"#%s\" pointtype %zu dashtype %zu title ",
		colours[i % 8], i % 15 + 1, i / 8 % 5 + 1);
}

static void print_panel(const struct point *p, size_t k, FILE *out)
{
	fprintf(out, "set ylabel \"%s\"\n%s", panels[k].title,
		panels[k].log ? "set logscale y\nset yrange [*:*]\n" : "");
	if (k + 1 == PANELS)
		fputs("set format x\n", out);
	fputs("plot ", out);
	for (size_t i = 0; i < p->count; i++) {
		fprintf(out, "%s$model%zu using 0:%d:%d:%d%s with yerrorlines",
			i ? ", \\\n  " : "", i, panels[k].column,
			panels[k].column + 1, panels[k].column + 2,
			k + 1 == PANELS ? ":xtic(1)" : "");
		print_look(i, out);
		print_quoted(p->summaries[i].cell->model, out);
	}
	fputs("\nunset key\n", out);
}

/* In the order of the last point, that of the lines at their right end. */
static void print_lines(const struct analysis *a, FILE *out)
{
	const struct point *last = &a->points[a->count - 1];

	for (size_t i = 0; i < last->count; i++)
		print_series(a, i, last->summaries[i].cell->model, out);
	fputs("set key at screen 0.99,0.94 right top\nset yrange [0:*]\n", out);
	for (size_t k = 0; k < PANELS; k++) {
		if (k + 1 == PANELS) {
			fputs("set xlabel ", out);
			print_quoted(a->run->varied, out);
			fputc('\n', out);
		}
		print_panel(last, k, out);
	}
}

int gnuplot_print(const struct analysis *a, FILE *out)
{
	const char *axis = a->run->varied;
	bool lines = a->count > 1 && axis && !strchr(axis, ',');

	print_head(a->run, lines ? 0.72 : 0.94, lines ? 0.08 : 0.2, out);
	if (lines)
		print_lines(a, out);
	else if (a->count)
		print_bars(&a->points[a->count - 1], out);
	fputs("unset multiplot\n", out);
	return ferror(out) ? -1 : 0;
}
