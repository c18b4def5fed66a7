/* SPDX-License-Identifier: MIT */
#include "compare/report.h"

#include "compare/html.h"
#include "compare/lesson.h"
#include "compare/page.h"
#include "compare/report_page.h"
#include "compare/sweep.h"
#include "compare/table.h"

#include <stdlib.h>
#include <string.h>

/* ---- the lesson ----------------------------------------------------------- */

/* What was measured, in a line of text. */
static void print_setting(const struct page *page)
{
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	table_print_setting(page->a->run, "; ", line);
	fclose(line);
	fputs("<p class=\"dim\">", page->out);
	html_text(page->out, text);
	fputs(".</p>\n", page->out);
	free(text);
}

static void print_question(const struct page *page)
{
	FILE *out = page->out;

	fputs("<section id=\"question\"><h2>The question</h2>\n", out);
	html_paragraphs(out, page->plan.question
				     ? page->plan.question
				     : "Which of these serves this load best?");
	if (page->plan.choices) {
		fputs("<p class=\"choices\">", out);
		html_text(out, page->plan.choices);
		fputs("</p>\n", out);
	}
	print_setting(page);
	fputs("</section>\n", out);
}

static void print_expectation(FILE *out, const struct expectation *e)
{
	char figures[400];

	fprintf(out,
		"<tr><td class=\"l\"><b class=\"%s\">%s</b></td>"
		"<td class=\"t\">",
		verdict_name(e->verdict), verdict_name(e->verdict));
	html_text(out, e->name);
	fputs(": <code>", out);
	html_text(out, e->text);
	fputs("</code><br>", out);
	html_text(
		out, expect_figures(e, &page_style, figures, sizeof(figures)));
	fputs("</td></tr>\n", out);
}

static void print_expectations(const struct page *page)
{
	size_t count = page->plan.expects.count;

	if (!count)
		return;
	fputs("<section id=\"expected\"><h2>What was expected</h2>\n",
		page->out);
	html_table_begin(page->out, "What was expected");
	fputs("<tbody>\n", page->out);
	for (size_t i = 0; i < count; i++)
		print_expectation(page->out, &page->expected[i]);
	fputs("</tbody>", page->out);
	html_table_end(page->out);
	fputs("</section>\n", page->out);
}

static void print_explanation(const struct page *page)
{
	FILE *out = page->out;

	if (!page->plan.explain)
		return;
	fputs("<section id=\"why\"><h2>Why</h2>\n", out);
	html_paragraphs(out, page->plan.explain);
	if (page->plan.read_next) {
		fputs("<p>Read next: <code>", out);
		html_text(out, page->plan.read_next);
		fputs("</code></p>\n", out);
	}
	fputs("</section>\n", out);
}

/* ---- the page ------------------------------------------------------------- */

/* The browser itself sees to it that the page loads nothing. */
static void print_head(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
	      "charset=\"utf-8\"><meta name=\"viewport\" "
	      "content=\"width=device-width,initial-scale=1\"><meta "
	      "http-equiv=\"Content-Security-Policy\" content=\"default-src "
	      "'none'; style-src 'unsafe-inline'; script-src "
	      "'unsafe-inline'\"><meta name=\"color-scheme\" content=\"light "
	      "dark\"><title>",
		out);
	html_text(out, title);
	fprintf(out, "</title>\n<style>\n%s\n%s</style></head>\n<body><main>\n",
		page_uplot_css, page_style_css);
	fputs("<h1>", out);
	html_text(out, title);
	fputs("</h1>\n", out);
}

/* As JSON in which nothing ends the element that it stands in. */
static void print_data(const struct page *page)
{
	char *text = json_dumps(page->charts,
		JSON_COMPACT | JSON_REAL_PRECISION(6) | JSON_ENSURE_ASCII);

	fputs("<script type=\"application/json\" id=\"data\">", page->out);
	for (const char *c = text ? text : "[]"; *c; c++) {
		if (*c == '<')
			fputs("\\u003c", page->out);
		else
			fputc(*c, page->out);
	}
	fputs("</script>\n", page->out);
	free(text);
}

static void print_scripts(const struct page *page)
{
	if (!page_uplot_js[0])
		fputs("<p class=\"dim\">This was made by a build without "
		      "uPlot, so its line charts are still pictures "
		      "(scripts/setup installs it).</p>\n",
			page->out);
	print_data(page);
	fprintf(page->out, "<script>\n%s\n%s</script>\n", page_uplot_js,
		page_scripts_js);
}

static void print_body(struct page *page)
{
	print_question(page);
	report_print_answer(page);
	report_print_tables(page);
	report_print_saturation(page);
	print_expectations(page);
	report_print_beside(page);
	print_explanation(page);
	if (page->a->count)
		report_print_charts(page);
	report_print_failures(page);
	report_print_samples(page);
	report_print_environment(page);
	report_print_command(page);
	print_scripts(page);
}

/* What became of the expectations, in their order. NULL without memory. */
static struct expectation *judge(const struct plan *plan, const struct run *run)
{
	const struct texts *expects = &plan->expects;
	struct expectation *all = calloc(expects->count + 1, sizeof(*all));

	for (size_t i = 0; all && i < expects->count; i++)
		expect_evaluate(&all[i], expects->at[i], run);
	return all;
}

int report_print(const struct analysis *a, FILE *out)
{
	struct page page = {.out = out, .a = a, .charts = json_array()};
	int rc = -1;

	lesson_load(&page.plan, a->run);
	page.axis = sweep_axis(a, &page.plan.plots);
	if (fit_is_asked(&page.plan.fits, FIT_USL, page.axis))
		fits_make(a->run, page.axis, &page.fits);
	page.models = analysis_models(a, &page.model_count);
	page.expected = judge(&page.plan, a->run);
	if (page.charts && page.models && page.expected) {
		print_head(out, a->run->title ? a->run->title : "Comparison");
		print_body(&page);
		fputs("</main></body></html>\n", out);
		rc = ferror(out) ? -1 : 0;
	}
	free(page.expected);
	free(page.models);
	fits_release(&page.fits);
	plan_release(&page.plan);
	json_decref(page.charts);
	return rc;
}
