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
} panels[] = {{"requests per second", 2}, {"server CPU per request, us", 5},
	{"p99 latency, us", 8}};

enum { PANELS = sizeof(panels) / sizeof(*panels) };

static void print_head(const struct run *run, FILE *out)
{
	fputs("# gnuplot -e 'set terminal pdfcairo size 16cm,21cm; set output "
	      "\"run.pdf\"' THIS_FILE\n"
	      "if (!exists(\"GPVAL_TERM\") || GPVAL_TERM eq \"unknown\") set "
	      "terminal svg size 800,1000\n"
	      "set encoding utf8\nset termoption noenhanced\n"
	      "set multiplot layout 3,1 title ",
		out);
	print_quoted(run->title, out);
	fputs("\nset grid ytics\n", out);
}

/* ---- bars: the last point ------------------------------------------------- */

static void print_bars(const struct point *p, FILE *out)
{
	fputs("$models << EOD\n", out);
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].standing < NO_FIGURES)
			print_row(p->summaries[i].cell->model, &p->summaries[i],
				out);
	fputs("EOD\nset style fill solid 0.6\nset boxwidth 0.6\n"
	      "set yrange [0:*]\nset xtics rotate by -35\nunset key\n",
		out);
	for (size_t i = 0; i < PANELS; i++)
		fprintf(out,
			"set ylabel \"%s\"\nplot $models using 0:%d:xtic(1) "
			"with boxes linecolor rgb \"#0072b2\", $models using "
			"0:%d:%d:%d with yerrorbars pointtype 0 linecolor "
			"black\n",
			panels[i].title, panels[i].column, panels[i].column,
			panels[i].column + 1, panels[i].column + 2);
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

static void print_lines(const struct analysis *a, FILE *out)
{
	const struct point *first = &a->points[0];

	for (size_t i = 0; i < first->count; i++)
		print_series(a, i, first->summaries[i].cell->model, out);
	fputs("set key outside\nset xlabel ", out);
	print_quoted(a->run->varied, out);
	fputs("\nset yrange [0:*]\n", out);
	for (size_t k = 0; k < PANELS; k++) {
		fprintf(out, "set ylabel \"%s\"\nplot ", panels[k].title);
		for (size_t i = 0; i < first->count; i++) {
			fprintf(out,
				"%s$model%zu using 0:%d:%d:%d:xtic(1) with "
				"yerrorlines title ",
				i ? ", \\\n  " : "", i, panels[k].column,
				panels[k].column + 1, panels[k].column + 2);
			print_quoted(first->summaries[i].cell->model, out);
		}
		fputc('\n', out);
	}
}

int gnuplot_print(const struct analysis *a, FILE *out)
{
	const char *axis = a->run->varied;

	print_head(a->run, out);
	if (a->count > 1 && axis && !strchr(axis, ','))
		print_lines(a, out);
	else if (a->count)
		print_bars(&a->points[a->count - 1], out);
	fputs("unset multiplot\n", out);
	return ferror(out) ? -1 : 0;
}
