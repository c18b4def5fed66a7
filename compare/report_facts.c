/* SPDX-License-Identifier: MIT */
/* The last sections of the report: what failed, every sample, the machine, and
 * how to do it again. */
#include "compare/figure.h"
#include "compare/html.h"
#include "compare/report_page.h"
#include "compare/table.h"
#include "compare/whole.h"

#include <stdlib.h>
#include <string.h>

/* ---- what failed ---------------------------------------------------------- */

/* One line of the table, whose head goes before the first one. */
static void print_failure(FILE *out, size_t *lines, const struct cell *cell,
	const char *kind, const char *why)
{
	char at[POINT_TEXT];

	if (!(*lines)++) {
		html_table_begin(out, "What failed");
		fputs("<thead><tr><th class=\"l\">model</th><th class=\"l\">at"
		      "</th><th class=\"l\">what</th><th class=\"l\">why</th>"
		      "</tr></thead><tbody>\n",
			out);
	}
	fputs("<tr><th class=\"l\" scope=\"row\">", out);
	html_text(out, cell->model);
	fputs("</th><td class=\"l\">", out);
	html_text(out, point_text(cell->point, at, sizeof(at)));
	fprintf(out, "</td><td class=\"l\">%s</td><td class=\"t\">", kind);
	html_text(out, why);
	fputs("</td></tr>\n", out);
}

/* {"read.ECONNRESET": 3} over all samples. A new reference, or NULL. */
static json_t *sum_errors(const struct cell *cell)
{
	json_t *sum = json_object(), *count;
	const char *name;

	for (size_t i = 0; i < cell->sample_count; i++)
		json_object_foreach(
			json_object_get(cell->samples[i].client, "errors"),
			name, count)
		{
			json_int_t before =
				json_integer_value(json_object_get(sum, name));

			json_object_set_new(sum, name,
				json_integer(
					before + json_integer_value(count)));
		}
	return sum;
}

static void print_errors(FILE *out, size_t *lines, const struct cell *cell)
{
	json_t *sum = sum_errors(cell), *count;
	const char *name;
	char text[128];

	json_object_foreach(sum, name, count)
	{
		if (json_integer_value(count) <= 0)
			continue;
		snprintf(text, sizeof(text), "%.90s: %lld", name,
			(long long)json_integer_value(count));
		print_failure(out, lines, cell, "errors", text);
	}
	json_decref(sum);
}

static void print_invalid(FILE *out, size_t *lines, const struct cell *cell)
{
	char text[400];

	for (size_t i = 0; i < cell->sample_count; i++) {
		const struct sample *s = &cell->samples[i];

		if (!sample_is_invalid(s))
			continue;
		snprintf(text, sizeof(text), "round %lld: %.360s",
			(long long)s->round, s->reason ? s->reason : "");
		print_failure(out, lines, cell, "invalid sample", text);
	}
}

static void print_drops(FILE *out, size_t *lines, const struct cell *cell)
{
	long long drops = 0;
	char text[128];

	for (size_t i = 0; i < cell->sample_count; i++)
		if (cell->samples[i].listen_drops > 0)
			drops += cell->samples[i].listen_drops;
	snprintf(text, sizeof(text),
		"%lld connections found the listen queue full", drops);
	if (drops)
		print_failure(out, lines, cell, "dropped", text);
}

/* Rounds of a run that was not finished. */
static void print_rounds_missing(FILE *out, size_t *lines,
	const struct run *run, const struct cell *cell)
{
	size_t done = cell_rounds_done(cell), due = run_rounds_due(run);
	char text[64];

	snprintf(
		text, sizeof(text), "measured in %zu of %zu rounds", done, due);
	if (done && done < due && !cell->skipped)
		print_failure(out, lines, cell, "not finished", text);
}

static void print_summary(FILE *out, size_t *lines, const struct run *run,
	const struct summary *s)
{
	/* Of those without a valid sample each invalid one says why. */
	if (s->standing != RANKED && (s->standing != NO_FIGURES || !s->invalid))
		print_failure(out, lines, s->cell, summary_lacks(s), s->why);
	print_rounds_missing(out, lines, run, s->cell);
	print_invalid(out, lines, s->cell);
	print_errors(out, lines, s->cell);
	print_drops(out, lines, s->cell);
}

void report_print_failures(const struct page *page)
{
	size_t lines = 0;

	fputs("<section id=\"failures\"><h2>What failed, and what was left "
	      "out</h2>\n",
		page->out);
	for (size_t i = 0; i < page->a->count; i++)
		for (size_t k = 0; k < page->a->points[i].count; k++)
			print_summary(page->out, &lines, page->a->run,
				&page->a->points[i].summaries[k]);
	if (lines) {
		fputs("</tbody>", page->out);
		html_table_end(page->out);
	} else {
		fputs("<p>Nothing: every model was measured in every round, "
		      "and no request failed.</p>\n",
			page->out);
	}
	fputs("</section>\n", page->out);
}

/* ---- every sample --------------------------------------------------------- */

static void print_metric(FILE *out, const char *name, const struct sample *s)
{
	const struct metric *m = metric_find(name);
	char number[FIGURE_TEXT];

	fprintf(out, "<td>%s</td>",
		figure(m->of(s), m->unit, &page_style, number));
}

static void print_sample(
	FILE *out, const struct cell *cell, const struct sample *s)
{
	char at[POINT_TEXT];

	fprintf(out, "<tr><td>%lld</td><td class=\"l\">", (long long)s->round);
	html_text(out, cell->model);
	fputs("</td><td class=\"l\">", out);
	html_text(out, point_text(cell->point, at, sizeof(at)));
	fputs("</td>", out);
	print_metric(out, "throughput", s);
	print_metric(out, "cpu_per_request", s);
	print_metric(out, "p99", s);
	fputs("<td class=\"t\">", out);
	html_text(out, s->status);
	fputs(s->reason ? ": " : "", out);
	html_text(out, s->reason);
	fputs(s->note ? "; " : "", out);
	html_text(out, s->note);
	fputs(s->noise ? "; disturbed: " : "", out);
	html_text(out, s->noise);
	fputs("</td></tr>\n", out);
}

void report_print_samples(const struct page *page)
{
	const struct run *run = page->a->run;
	FILE *out = page->out;

	fputs("<section id=\"samples\"><h2>Every sample</h2>\n"
	      "<details><summary>None is left out</summary>",
		out);
	html_table_begin(out, "Every sample");
	fputs("<thead><tr><th>round</th><th class=\"l\">model</th>"
	      "<th class=\"l\">at</th><th>requests/s</th><th>CPU/request</th>"
	      "<th>p99</th><th class=\"l\">status</th></tr></thead><tbody>\n",
		out);
	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++)
			print_sample(
				out, &run->cells[c], &run->cells[c].samples[i]);
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("</details></section>\n", out);
}

/* ---- the machine ---------------------------------------------------------- */

static void print_fact(FILE *out, const char *name, const char *value)
{
	fputs("<tr><th class=\"l\" scope=\"row\">", out);
	html_text(out, name);
	fputs("</th><td class=\"t\">", out);
	html_text(out, value && *value ? value : "not known");
	fputs("</td></tr>\n", out);
}

static void print_machine(FILE *out, const struct run *run)
{
	const struct environment *e = &run->environment;
	char text[256], number[FIGURE_TEXT];

	print_fact(out, "kernel", e->kernel);
	print_fact(out, "CPU", e->cpu);
	snprintf(text, sizeof(text),
		"%lld; the server on %s, the client on %s%s",
		(long long)e->cpus, run->server_cpus ? run->server_cpus : "?",
		run->client_cpus ? run->client_cpus : "?",
		run->shared_cpus > 0 ? ": they SHARE a CPU" : "");
	print_fact(out, "CPUs", text);
	print_fact(out, "memory",
		e->memory_bytes > 0 ? figure((double)e->memory_bytes,
					      UNIT_BYTES, &page_style, number)
				    : NULL);
	print_fact(out, "virtual", e->virtualization);
	print_fact(out, "governor", e->governor);
	print_fact(out, "compiler", e->compiler);
	print_fact(out, "version", e->version);
}

static void print_rounds(FILE *out, const struct run *run)
{
	char text[256];

	snprintf(text, sizeof(text), "%.2f before, %.2f after",
		run->load_before, run->load_after);
	print_fact(out, "load average", text);
	print_fact(out, "started", run->started);
	print_fact(out, "ended", run->finished);
	snprintf(text, sizeof(text),
		"%lld of %.3g s after %.3g s of warm-up; seed %lld",
		(long long)run->rounds, (double)run->duration_ns / 1e9,
		(double)run->warmup_ns / 1e9, (long long)run->seed);
	print_fact(out, "rounds", text);
}

/* How many samples others on this machine, or beside it, had a part in. */
static void print_disturbed(FILE *out, const struct run *run)
{
	size_t valid = 0, disturbed = 0, repeated = 0;
	char text[256];

	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++) {
			const struct sample *s = &run->cells[c].samples[i];

			valid += sample_is_valid(s);
			disturbed += sample_is_valid(s) && s->noise;
			repeated += sample_is_repeated(s);
		}
	snprintf(text, sizeof(text),
		"%zu of the %zu samples that count; %zu others were taken again",
		disturbed, valid, repeated);
	print_fact(out, "disturbed", text);
}

/* The members of an object of numbers and texts. */
static void print_members(FILE *out, json_t *object)
{
	const char *name;
	json_t *value;
	char text[64];

	json_object_foreach(object, name, value)
	{
		snprintf(text, sizeof(text), "%lld",
			(long long)json_integer_value(value));
		print_fact(out, name,
			json_is_string(value) ? json_string_value(value)
					      : text);
	}
}

void report_print_environment(const struct page *page)
{
	const struct run *run = page->a->run;
	FILE *out = page->out;

	fputs("<section id=\"environment\"><h2>Where and how</h2>\n", out);
	html_table_begin(out, "Where and how");
	fputs("<tbody>\n", out);
	print_machine(out, run);
	print_rounds(out, run);
	print_disturbed(out, run);
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("<details><summary>Limits and kernel settings</summary>", out);
	html_table_begin(out, "Limits and kernel settings");
	fputs("<tbody>\n", out);
	print_members(out, run->environment.limits);
	print_members(out, run->environment.sysctls);
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("</details></section>\n", out);
}

/* ---- again ---------------------------------------------------------------- */

void report_print_command(const struct page *page)
{
	const struct run *run = page->a->run;
	FILE *out = page->out;

	fputs("<section id=\"again\"><h2>Do it again</h2>\n<pre tabindex=\"0\" "
	      "role=\"region\" aria-label=\"The command\">bin/",
		out);
	html_text(out, run->command ? run->command : "compare run");
	fprintf(out, " --seed %lld</pre>\n", (long long)run->seed);
	if (run->definition) {
		fputs("<details><summary>The experiment's file</summary><pre "
		      "tabindex=\"0\" role=\"region\" aria-label=\"The "
		      "experiment's file\">",
			out);
		html_text(out, run->definition);
		fputs("</pre></details>\n", out);
	}
	fputs("</section>\n", out);
}
