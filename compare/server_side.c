/* SPDX-License-Identifier: MIT */
#include "compare/server_side.h"

#include "compare/grid.h"
#include "compare/metric.h"
#include "compare/table.h"
#include "compare/workers.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *title, *metric;
} columns[] = {
	{"user/req", "user_per_request"},
	{"system/req", "system_per_request"},
	{"syscalls/req", "syscalls_per_request"},
	{"switches/req", "switches_per_request"},
	{"faults/req", "faults_per_request"},
	{"memory/conn", "memory_per_connection"},
	{"processes", "processes"},
	{"threads", "threads"},
	{"queue full", "listen_overflows"},
	{"dropped", "listen_drops"},
	{"empty accepts", "accept_again"},
	{"Jain", "jain_requests"},
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

static void add_row(
	struct grid *g, const struct cell *cell, const struct style *style)
{
	struct grid_row *row = grid_add(g);
	char number[FIGURE_TEXT];

	if (!row)
		return;
	snprintf(row->text[0], GRID_CELL, "%.250s", cell->model);
	for (size_t c = 0; c < COLUMNS; c++) {
		double median = metric_median(cell, columns[c].metric);

		if (isfinite(median))
			snprintf(row->text[c + 1], GRID_CELL, "%s",
				figure(median,
					metric_find(columns[c].metric)->unit,
					style, number));
	}
}

/* "2.03 a request: recvfrom 1.00, sendto 1.00, epoll_wait 0.03" */
static void print_calls(
	const struct cell *cell, const struct style *style, FILE *out)
{
	const struct sample *s = NULL;
	char number[FIGURE_TEXT];
	const char *name, *between = ": ";
	json_t *calls;

	for (size_t i = 0; i < cell->sample_count; i++)
		if (sample_is_counted(&cell->samples[i]))
			s = &cell->samples[i];
	if (!s || s->requests <= 0)
		return;
	fprintf(out, "system calls of %s, a request", cell->model);
	json_object_foreach(s->syscalls, name, calls)
	{
		double each = json_number_value(calls) / (double)s->requests;

		if (each < 0.0005)
			break;
		fprintf(out, "%s%s %s", between, name,
			figure(each, UNIT_NUMBER, style, number));
		between = ", ";
	}
	fputc('\n', out);
}

static void print_point(
	const struct point *p, const struct style *style, FILE *out)
{
	struct grid g = {0};
	char at[POINT_TEXT];

	if (point_text(p->at, at, sizeof(at))[0])
		fprintf(out, "%s\n", at);
	grid_column(&g, "model", true);
	for (size_t c = 0; c < COLUMNS; c++)
		grid_column(&g, columns[c].title, false);
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].standing < NO_FIGURES)
			add_row(&g, p->summaries[i].cell, style);
	if (g.count)
		grid_print(&g, style->colour, out);
	grid_release(&g);
	fputc('\n', out);
	for (size_t i = 0; i < p->count; i++)
		print_calls(p->summaries[i].cell, style, out);
}

/* Whether the workers' counters were read at the edges of the window. */
static bool is_of_window(const struct run *run)
{
	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++)
			if (workers_are_of_window(&run->cells[c].samples[i]))
				return true;
	return false;
}

void server_side_print(
	const struct analysis *a, const struct style *style, FILE *out)
{
	fputs("\nThe server's side\n", out);
	for (size_t i = 0; i < a->count; i++)
		print_point(&a->points[i], style, out);
	fprintf(out,
		"Medians of the window; memory late in the warm-up%s. Jain's\n"
		"index is of the requests of the workers. Queues are the "
		"machine's.\n",
		is_of_window(a->run) ? ""
				     : ", empty accepts and Jain's index of "
				       "the server's whole life");
	if (a->run->counting)
		fprintf(out, "System calls were not counted: %s\n",
			a->run->counting);
}
