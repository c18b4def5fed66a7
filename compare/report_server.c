/* SPDX-License-Identifier: MIT */
/* What is shown of the server at a single point: the work of each worker, system
 * calls by name. */
#include "compare/html.h"
#include "compare/report_charts.h"
#include "compare/workers.h"

/* ---- work per worker ------------------------------------------------------ */

static const struct sample *last_valid(const struct cell *cell)
{
	for (size_t i = cell->sample_count; i-- > 0;)
		if (sample_is_valid(&cell->samples[i]))
			return &cell->samples[i];
	return NULL;
}

/* Workers with a connection each, if any, have nothing to share. */
static bool share_work(json_t *workers)
{
	json_t *one, *connections;
	size_t i;

	json_array_foreach(workers, i, one)
	{
		connections = json_object_get(one, "connections");
		if (!connections || json_integer_value(connections) > 1)
			return true;
	}
	return false;
}

static json_t *workers_in(const struct cell *cell)
{
	const struct sample *s = last_valid(cell);
	json_t *workers = s ? workers_of(s) : NULL;

	return share_work(workers) ? workers : NULL;
}

static double requests_of(json_t *worker)
{
	return json_number_value(json_object_get(worker, "requests"));
}

/* Those that served requests: a main thread that only accepts is none. */
static size_t count_workers(const struct cell *cell)
{
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(workers_in(cell), i, one) n += requests_of(one) > 0;
	return n;
}

static size_t most_workers(const struct point *p)
{
	size_t most = 0;

	for (size_t i = 0; i < p->count; i++) {
		size_t n = count_workers(p->summaries[i].cell);

		if (n > most)
			most = n;
	}
	return most;
}

static void fill_workers(struct estimate *y, const struct cell *cell)
{
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(workers_in(cell), i, one) if (requests_of(one) > 0)
		y[n++]
			.value = requests_of(one);
}

static bool are_of_window(const struct point *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct sample *s = last_valid(p->summaries[i].cell);

		if (s && workers_are_of_window(s))
			return true;
	}
	return false;
}

void report_print_workers(
	struct page *page, const struct point *p, const char *where)
{
	size_t workers = most_workers(p);
	struct chart *c;

	if (workers < 2)
		return;
	c = report_new_chart(page, CHART_SHARES, workers,
		"requests of each worker, in the last round", where);
	if (!c)
		return;
	c->unit = UNIT_NUMBER;
	c->x_title = "worker";
	c->remark = are_of_window(p)
			    ? "A bar is all requests of a model in the "
			      "measured window, a piece of it those of one "
			      "worker; the more even, the better they share."
			    : "A bar is all requests of a model in the "
			      "server's whole life, a piece of it those of one "
			      "worker; the more even, the better they share.";
	for (size_t w = 0; w < workers; w++)
		chart_set(&c->x[w].label, "worker %zu", w + 1);
	for (size_t i = 0; i < p->count; i++) {
		const struct cell *cell = p->summaries[i].cell;

		if (count_workers(cell) > 1)
			fill_workers(
				c->series[report_look_of(page, cell->model)].y,
				cell);
	}
	report_hand_in(page, c);
}

/* ---- system calls by name ------------------------------------------------- */

static const struct sample *counted_sample(const struct cell *cell)
{
	for (size_t i = 0; i < cell->sample_count; i++)
		if (sample_is_counted(&cell->samples[i]) &&
			cell->samples[i].requests > 0)
			return &cell->samples[i];
	return NULL;
}

static void print_calls(
	FILE *out, const struct cell *cell, const struct sample *s)
{
	const char *name, *between = "";
	json_t *count;

	fputs("<tr><th class=\"l\" scope=\"row\">", out);
	html_text(out, cell->model);
	fprintf(out, "</th><td>%.2f</td><td class=\"t\">",
		(double)s->syscall_count / (double)s->requests);
	json_object_foreach(s->syscalls, name, count)
	{
		fputs(between, out);
		html_text(out, name);
		fprintf(out, " %.2f",
			json_number_value(count) / (double)s->requests);
		between = ", ";
	}
	fputs("</td></tr>\n", out);
}

void report_print_calls(
	struct page *page, const struct point *p, const char *where)
{
	FILE *out = page->out;
	size_t rows = 0;

	for (size_t i = 0; i < p->count; i++)
		rows += counted_sample(p->summaries[i].cell) != NULL;
	if (!rows)
		return;
	fputs("<div class=\"chart\"><h3>System calls per request by name", out);
	fputs(where[0] ? ", " : "", out);
	html_text(out, where);
	fputs("</h3>\n", out);
	html_table_begin(out, "System calls per request by name");
	fputs("<thead><tr><th class=\"l\">model</th><th>all</th><th "
	      "class=\"l\">of these</th></tr></thead><tbody>\n",
		out);
	for (size_t i = 0; i < p->count; i++) {
		const struct cell *cell = p->summaries[i].cell;

		if (counted_sample(cell))
			print_calls(out, cell, counted_sample(cell));
	}
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("</div>\n", out);
}
