/* SPDX-License-Identifier: MIT */
/* What the report answers: what became of what was expected, and which model
 * does best where that was asked. */
#include "compare/figure.h"
#include "compare/html.h"
#include "compare/notes.h"
#include "compare/report_page.h"
#include "compare/table.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- what became of the expectations ---------------------------------------- */

static size_t count_verdicts(const struct page *page, enum verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < page->plan.expects.count; i++)
		n += page->expected[i].verdict == v;
	return n;
}

/* "; refuted: one, another"; nothing where there is none. */
static void name_verdicts(const struct page *page, enum verdict v)
{
	const char *between = "; ";

	for (size_t i = 0; i < page->plan.expects.count; i++) {
		if (page->expected[i].verdict != v)
			continue;
		fputs(between, page->out);
		if (*between == ';')
			fprintf(page->out, "%s: ", verdict_name(v));
		html_text(page->out, page->expected[i].name);
		between = ", ";
	}
}

/* Up to a full stop, or a mark like it, with nothing or a space after it. */
static size_t first_sentence(const char *text)
{
	size_t n = 0;

	while (text[n] &&
		!(strchr(".?!", text[n]) &&
			(!text[n + 1] || isspace((unsigned char)text[n + 1]))))
		n++;
	return text[n] ? n + 1 : n;
}

/* The lesson's own words; only where all was confirmed they are the run's. */
static void print_lesson(const struct page *page, bool confirmed)
{
	const char *explain = page->plan.explain;
	char *sentence;

	if (!explain)
		return;
	sentence = strndup(explain, first_sentence(explain));
	fputs(confirmed ? " " : " The lesson says: ", page->out);
	html_text(page->out, sentence);
	free(sentence);
}

static void print_verdicts(const struct page *page)
{
	size_t all = page->plan.expects.count;
	size_t confirmed = count_verdicts(page, CONFIRMED);

	fprintf(page->out,
		"<p class=\"answer\">%zu of %zu expectation%s confirmed",
		confirmed, all, all == 1 ? "" : "s");
	name_verdicts(page, REFUTED);
	name_verdicts(page, UNDECIDED);
	fputs(".", page->out);
	print_lesson(page, confirmed == all);
	fputs("</p>\n", page->out);
}

/* ---- the best at one point -------------------------------------------------- */

/* Those that are ranked are the first ones. */
static size_t count_ranked(const struct point *p)
{
	size_t n = 0;

	while (n < p->count && p->summaries[n].standing == RANKED)
		n++;
	return n;
}

static size_t count_best(const struct point *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->summaries[i].best;
	return n;
}

/* "; poll, select and thread cannot be told from it" */
static void print_equals(FILE *out, const struct point *p)
{
	size_t n = count_best(p), seen = 1;

	for (size_t i = 1; i < p->count; i++) {
		if (!p->summaries[i].best)
			continue;
		seen++;
		fputs(seen == 2 ? "; " : seen == n ? " and " : ", ", out);
		html_text(out, p->summaries[i].cell->model);
	}
	if (n > 1)
		fputs(" cannot be told from it", out);
}

static void print_best(FILE *out, const struct point *p)
{
	const struct summary *first = p->summaries;
	char number[FIGURE_TEXT];

	html_text(out, first->cell->model);
	if (p->order->more_is_better)
		fprintf(out, " answers the most requests, %s a second",
			figure(first->throughput.value, UNIT_RATE, &page_style,
				number));
	else
		fprintf(out,
			" needs the least of the server's CPU, %s a request",
			figure(first->cpu.value, UNIT_TIME, &page_style,
				number));
	print_equals(out, p);
	fputc('.', out);
}

/* One that has no other beside it is the best of nothing. */
static void print_alone(FILE *out, const struct summary *s)
{
	char number[FIGURE_TEXT];

	html_text(out, s->cell->model);
	fprintf(out, " answers %s%s requests a second",
		s->lower_bound ? "at least " : "",
		figure(s->throughput.value, UNIT_RATE, &page_style, number));
	if (isfinite(s->cpu.value))
		fprintf(out, ", for %s of the server's CPU each",
			figure(s->cpu.value, UNIT_TIME, &page_style, number));
	fputc('.', out);
}

static void print_sentence(FILE *out, const struct point *p)
{
	if (count_ranked(p) > 1)
		print_best(out, p);
	else
		print_alone(out, p->summaries);
}

/* ---- the best at several points ---------------------------------------------- */

static bool is_best(const struct point *p, const char *model)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].best &&
			!strcmp(p->summaries[i].cell->model, model))
			return true;
	return false;
}

/* At how many points several models are ranked, and this one, if any is meant,
 * is the best or not to be told from it. */
static size_t count_points(const struct page *page, const char *model)
{
	size_t n = 0;

	for (size_t i = 0; i < page->a->count; i++) {
		const struct point *p = &page->a->points[i];

		n += count_ranked(p) > 1 && (!model || is_best(p, model));
	}
	return n;
}

static size_t count_winners(const struct page *page, size_t wins)
{
	size_t n = 0;

	for (size_t m = 0; m < page->model_count; m++)
		n += count_points(page, page->models[m]) == wins;
	return n;
}

static void print_overall(const struct page *page)
{
	size_t all = count_points(page, NULL), most = all, winners = 0;
	const char *between = "<p class=\"answer\">";

	while (most && !(winners = count_winners(page, most)))
		most--;
	if (!most)
		return;
	for (size_t m = 0; m < page->model_count; m++) {
		if (count_points(page, page->models[m]) != most)
			continue;
		fputs(between, page->out);
		html_text(page->out, page->models[m]);
		between = ", ";
	}
	fprintf(page->out,
		most == all ? " %s among the best at every point.</p>\n"
			    : " %s among the best most often, at %zu of %zu "
			      "points.</p>\n",
		winners == 1 ? "is" : "are", most, all);
}

static void print_each(const struct page *page)
{
	const struct analysis *a = page->a;
	char at[POINT_TEXT];

	fputs("<ul>\n", page->out);
	for (size_t i = 0; i < a->count; i++) {
		if (!count_ranked(&a->points[i]))
			continue;
		fputs("<li><b>", page->out);
		html_text(
			page->out, point_text(a->points[i].at, at, sizeof(at)));
		fputs("</b>: ", page->out);
		print_sentence(page->out, &a->points[i]);
		fputs("</li>\n", page->out);
	}
	fputs("</ul>\n", page->out);
}

static void print_ranking(const struct page *page)
{
	if (page->a->count > 1) {
		print_overall(page);
		print_each(page);
	} else {
		fputs("<p class=\"answer\">", page->out);
		print_sentence(page->out, &page->a->points[0]);
		fputs("</p>\n", page->out);
	}
}

/* ---- which of these is an answer ---------------------------------------------- */

/* Whether a plot, "METRIC over WHAT", or an expectation is of this metric; its
 * name may look like one. */
static bool is_of(const char *text, const char *metric)
{
	size_t length = strlen(metric);

	for (const char *at = text; (at = strstr(at, metric)); at += length) {
		bool begins = at == text || (!isalnum((unsigned char)at[-1]) &&
						    at[-1] != '_');

		if (begins && strchr("( ", at[length])) /* or at the end */
			return true;
	}
	return false;
}

/* Whether one of the first texts does, of which there may be fewer. */
static bool speak_of_speed(const struct texts *texts, size_t first)
{
	for (size_t i = 0; i < texts->count && i < first; i++)
		if (is_of(texts->at[i], "throughput") ||
			is_of(texts->at[i], "cpu_per_request"))
			return true;
	return false;
}

/* Whether it is asked which model does best: an experiment that looks at
 * neither throughput nor CPU time asks something else. */
static bool asks_for_the_best(const struct plan *plan)
{
	return !plan->expects.count || speak_of_speed(&plan->plots, SIZE_MAX) ||
	       speak_of_speed(&plan->expects, SIZE_MAX);
}

/* Whether it asks for that above all, as a race does: nothing is varied, and
 * the first thing to look at is speed. */
static bool is_race(const struct page *page)
{
	return page->a->count == 1 && speak_of_speed(&page->plan.plots, 1);
}

/* Whether any cell has come at least so far. */
static bool has_standing(const struct analysis *a, enum standing least)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < a->points[i].count; k++)
			if (a->points[i].summaries[k].standing <= least)
				return true;
	return false;
}

/* What the table in the terminal warns of. */
static void print_warnings(const struct page *page)
{
	char *text = NULL, *rest, *line;
	size_t size;
	FILE *lines = open_memstream(&text, &size);

	if (!lines)
		return;
	notes_print_warnings(page->a, &page_style, lines);
	fclose(lines);
	for (line = strtok_r(text, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		if (*line != '!')
			continue;
		fputs("<p class=\"warning\"><b>!</b> ", page->out);
		html_text(page->out, line + strspn(line, "! "));
		fputs(".</p>\n", page->out);
	}
	free(text);
}

static void print_none(const struct page *page)
{
	fprintf(page->out, "<p class=\"answer\">There is none: %s.</p>\n",
		has_standing(page->a, UNRANKED)
			? "nothing that was measured can be ranked"
			: "nothing could be measured");
}

void report_print_answer(const struct page *page)
{
	bool measured = has_standing(page->a, UNRANKED);
	bool verdicts = measured && page->plan.expects.count;
	bool ranking =
		has_standing(page->a, RANKED) && asks_for_the_best(&page->plan);

	fputs("<section id=\"answer\"><h2>The answer</h2>\n", page->out);
	if (ranking && is_race(page))
		print_ranking(page);
	if (verdicts)
		print_verdicts(page);
	if (ranking && !is_race(page))
		print_ranking(page);
	if (!verdicts && !ranking)
		print_none(page);
	print_warnings(page);
	fputs("</section>\n", page->out);
}
