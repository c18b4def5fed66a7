/* SPDX-License-Identifier: MIT */
/* The ranked tables of the report. */
#include "compare/figure.h"
#include "compare/html.h"
#include "compare/report_page.h"
#include "compare/saturation.h"
#include "compare/table.h"

#include <string.h>

static void print_cell(FILE *out, const struct estimate *e,
	enum metric_unit unit, bool lower_bound)
{
	char value[FIGURE_TEXT], spread[FIGURE_TEXT];

	figure(e->value, unit, &page_style, value);
	figure_spread(e, spread);
	fprintf(out, "<td>%s%s", lower_bound ? "≥ " : "", value);
	if (spread[0])
		fprintf(out, " <small>± %s</small>", spread);
	fputs("</td>", out);
}

static bool is_baseline(const struct run *run, const struct summary *s)
{
	return run->baseline && s->standing == RANKED &&
	       !strcmp(s->cell->model, run->baseline);
}

static void print_ratio(
	FILE *out, const struct run *run, const struct summary *s)
{
	const struct estimate *r = &s->to_baseline.ratio;

	if (s->has_baseline && s->differs)
		fprintf(out, "<td>×%.2f <small>%.2f to %.2f</small></td>",
			r->value, r->low, r->high);
	else
		fprintf(out, "<td>%s</td>",
			s->has_baseline	      ? "~"
			: is_baseline(run, s) ? "1"
					      : "");
}

/* A remark across the columns that the figures would have. */
static void print_remark(FILE *out, const char *kind, const char *why)
{
	fprintf(out, "<td class=\"t\" colspan=\"7\">%s: ", kind);
	html_text(out, why);
	fputs("</td></tr>\n", out);
}

static void print_figures(
	FILE *out, const struct run *run, const struct summary *s)
{
	print_cell(out, &s->throughput, UNIT_RATE, s->lower_bound);
	print_cell(out, &s->cpu, UNIT_TIME, false);
	print_cell(out, &s->p50, UNIT_TIME, false);
	print_cell(out, &s->p99, UNIT_TIME, false);
	print_cell(out, &s->switches, UNIT_NUMBER, false);
	print_cell(out, &s->memory, UNIT_BYTES, false);
	print_ratio(out, run, s);
	fputs("</tr>\n", out);
}

static void print_row(
	FILE *out, const struct run *run, const struct summary *s, size_t rank)
{
	fprintf(out, "<tr%s><td>", s->best ? " class=\"best\"" : "");
	if (s->standing == RANKED)
		fprintf(out, "%zu%s", rank, s->best ? " *" : "");
	fputs("</td><th class=\"l\" scope=\"row\">", out);
	html_text(out, s->cell->model);
	fputs("</th>", out);
	if (s->standing >= NO_FIGURES) {
		print_remark(out, summary_lacks(s), s->why);
		return;
	}
	print_figures(out, run, s);
	if (s->standing == UNRANKED) {
		fputs("<tr><td></td><td></td>", out);
		print_remark(out, summary_lacks(s), s->why);
	}
}

static void print_table(FILE *out, const struct run *run, const struct point *p)
{
	char at[POINT_TEXT];

	if (point_text(p->at, at, sizeof(at))[0]) {
		fputs("<h3>", out);
		html_text(out, at);
		fputs("</h3>\n", out);
	}
	html_table_begin(out, at[0] ? at : "The models");
	fputs("<thead><tr><th></th><th class=\"l\">model</th>"
	      "<th>requests/s</th><th>CPU/request</th><th>p50</th>"
	      "<th>p99</th><th>switches/request</th><th>memory</th><th>",
		out);
	if (run->baseline) {
		fputs("vs ", out);
		html_text(out, run->baseline);
	}
	fputs("</th></tr></thead><tbody>\n", out);
	for (size_t i = 0; i < p->count; i++)
		print_row(out, run, &p->summaries[i], i + 1);
	fputs("</tbody>", out);
	html_table_end(out);
}

void report_print_tables(const struct page *page)
{
	FILE *out = page->out;

	fputs("<section id=\"models\"><h2>The models</h2>\n", out);
	for (size_t i = 0; i < page->a->count; i++)
		print_table(out, page->a->run, &page->a->points[i]);
	fputs("<p class=\"dim\">Medians over the rounds, ± half of their 95 % "
	      "interval. * is the best, and what cannot be told from it. ~ is "
	      "no difference from the baseline that is more than noise; above "
	      "1 is better than the baseline, with the interval of the ratio. "
	      "≥ means that the client was the slower side: the server can do "
	      "at least so much, and the table is then ordered by the server's "
	      "CPU time per request.</p></section>\n",
		out);
}

void report_print_beside(const struct page *page)
{
	const struct beside *b = &page->plan.beside;
	FILE *out = page->out;
	struct grid g = {0};

	beside_fill(b, page->a->run, &page_style, &g);
	if (g.count) {
		fputs("<section id=\"beside\"><h2>", out);
		html_text(out, beside_title(b));
		fputs("</h2>\n", out);
		html_grid(out, beside_title(b), &g);
		if (b->source) {
			fputs("<p class=\"dim\">Published: ", out);
			html_text(out, b->source);
			fputs("</p>\n", out);
		}
		fputs("</section>\n", out);
	}
	grid_release(&g);
}

void report_print_saturation(const struct page *page)
{
	struct grid g = {0};

	saturation_fill(page->a->run, &page_style, &g);
	if (g.count) {
		fputs("<section id=\"saturation\"><h2>Saturation</h2>\n",
			page->out);
		html_grid(page->out, "Saturation", &g);
		fprintf(page->out,
			"<p class=\"dim\">In requests offered a second. A model "
			"keeps up with a rate where it answers %.0f %% or more "
			"of it, by the interval of the rounds; it ends somewhere "
			"between the two rates.</p></section>\n",
			100 * SATURATION_SHARE);
	}
	grid_release(&g);
}
