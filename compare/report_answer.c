/* SPDX-License-Identifier: MIT */
/* What the report answers, in a sentence. */
#include "compare/figure.h"
#include "compare/html.h"
#include "compare/notes.h"
#include "compare/report.h"
#include "compare/report_page.h"
#include "compare/table.h"

#include <stdlib.h>
#include <string.h>

/* ---- the answer to one point ---------------------------------------------- */

static size_t count_best(const struct point *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->summaries[i].best;
	return n;
}

/* " poll, select and thread" after the first one. */
static size_t name_others(const struct point *p, char *buf, size_t size)
{
	size_t used = 0, n = count_best(p), seen = 0;

	for (size_t i = 1; i < p->count && used < size; i++) {
		if (!p->summaries[i].best)
			continue;
		seen++;
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
			seen == 1      ? ""
			: seen + 1 < n ? ", "
				       : " and ",
			p->summaries[i].cell->model);
	}
	return used;
}

const char *report_answer(const struct point *p, char *buf, size_t size)
{
	const struct summary *first = p->summaries;
	char number[FIGURE_TEXT], others[600] = "";

	buf[0] = '\0';
	if (!p->count || first->standing != RANKED)
		return buf;
	name_others(p, others, sizeof(others));
	if (p->order->more_is_better)
		snprintf(buf, size, "%s answers the most requests, %s a second",
			first->cell->model,
			figure(first->throughput.value, UNIT_RATE, &page_style,
				number));
	else
		snprintf(buf, size,
			"%s needs the least of the server's CPU, %s a request",
			first->cell->model,
			figure(first->cpu.value, UNIT_TIME, &page_style,
				number));
	if (others[0])
		snprintf(buf + strlen(buf), size - strlen(buf),
			"; %s cannot be told from it", others);
	snprintf(buf + strlen(buf), size - strlen(buf), ".");
	return buf;
}

/* ---- the answer to several points ----------------------------------------- */

static bool is_best(const struct point *p, const char *model)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].best &&
			!strcmp(p->summaries[i].cell->model, model))
			return true;
	return false;
}

/* At how many points a model is the best, or not to be told from it. */
static size_t count_wins(const struct page *page, const char *model)
{
	size_t n = 0;

	for (size_t i = 0; i < page->a->count; i++)
		n += is_best(&page->a->points[i], model);
	return n;
}

/* Names the models that win at so many points; returns how many they are. */
static size_t name_winners(
	const struct page *page, size_t wins, char *buf, size_t size)
{
	size_t used = 0, n = 0;

	buf[0] = '\0';
	for (size_t m = 0; m < page->model_count && used < size; m++) {
		if (count_wins(page, page->models[m]) != wins)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
			n ? ", " : "", page->models[m]);
		n++;
	}
	return n;
}

static void print_overall(const struct page *page)
{
	size_t most = page->a->count, n = 0;
	char names[600];

	while (most && !(n = name_winners(page, most, names, sizeof(names))))
		most--;
	if (!most)
		return;
	fputs("<p class=\"answer\">", page->out);
	html_text(page->out, names);
	fprintf(page->out,
		most == page->a->count
			? " %s among the best at every point.</p>\n"
			: " %s among the best most often, at %zu of %zu "
			  "points.</p>\n",
		n == 1 ? "is" : "are", most, page->a->count);
}

static void print_points(const struct page *page)
{
	const struct analysis *a = page->a;
	char text[1024], at[POINT_TEXT];

	fputs("<ul>\n", page->out);
	for (size_t i = 0; i < a->count; i++) {
		if (!report_answer(&a->points[i], text, sizeof(text))[0])
			continue;
		fputs("<li><b>", page->out);
		html_text(
			page->out, point_text(a->points[i].at, at, sizeof(at)));
		fputs("</b>: ", page->out);
		html_text(page->out, text);
		fputs("</li>\n", page->out);
	}
	fputs("</ul>\n", page->out);
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

void report_print_answer(const struct page *page)
{
	const struct analysis *a = page->a;
	char text[1024];

	fputs("<section id=\"answer\"><h2>The answer</h2>\n", page->out);
	if (a->count > 1) {
		print_overall(page);
		print_points(page);
	} else if (a->count &&
		   report_answer(&a->points[0], text, sizeof(text))[0]) {
		fputs("<p class=\"answer\">", page->out);
		html_text(page->out, text);
		fputs("</p>\n", page->out);
	} else {
		fputs("<p class=\"answer\">There is none: nothing could be "
		      "measured.</p>\n",
			page->out);
	}
	print_warnings(page);
	fputs("</section>\n", page->out);
}
