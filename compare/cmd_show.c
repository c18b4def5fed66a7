/* SPDX-License-Identifier: MIT */
/* compare show, export and import: runs that were kept before. */
#include "common/log.h"
#include "compare/command.h"
#include "compare/csv.h"
#include "compare/gnuplot.h"
#include "compare/lesson.h"
#include "compare/output.h"
#include "compare/ratios.h"
#include "compare/report.h"
#include "compare/server_side.h"
#include "compare/table.h"

#include <argp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct show_options {
	const char *db, *run, *format, *output;
	bool server, ratios;
};

static const struct argp_option show_table[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
	{0},
};

static const struct argp_option table_options[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
	{"ratios", 'r', NULL, 0,
		"the ratios to the baseline as well, with their intervals, p "
		"and effect sizes",
		0},
	{"server", 's', NULL, 0,
		"what the server did for it as well, with its system calls by "
		"name",
		0},
	{0},
};

static const struct argp_option export_table[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
	{"format", 'f', "FORMAT", 0, "csv, json, markdown or gnuplot (json)",
		0},
	{"output", 'o', "FILE", 0, "where to (standard output)", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_options *o = state->input;

	if (key == 'D')
		o->db = arg;
	else if (key == 's')
		o->server = true;
	else if (key == 'r')
		o->ratios = true;
	else if (key == 'f')
		o->format = arg;
	else if (key == 'o')
		o->output = arg;
	else if (key == ARGP_KEY_ARG && !o->run)
		o->run = arg;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "one RUN is enough: %s", arg);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static void options_read(
	struct show_options *o, const struct argp *argp, int argc, char **argv)
{
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(argp, argc, argv, 0, NULL, o);
}

int cmd_show(int argc, char **argv)
{
	static const struct argp argp = {table_options, parse, "[RUN]",
		"Show the table of a run (of the latest one).", NULL, NULL,
		NULL};
	struct show_options o = {.db = DEFAULT_DB};
	struct style style = style_of(STDOUT_FILENO);
	struct analysis *a = NULL;
	struct run *run;
	int64_t id;
	int rc;

	options_read(&o, &argp, argc, argv);
	run = command_load(o.db, o.run ? o.run : "latest", &id);
	rc = run ? command_show(run, id, &style, stdout) : -1;
	if (!rc && (o.server || o.ratios))
		a = analysis_new(run);
	if (a && o.ratios)
		ratios_print(a, &style, stdout);
	if (a && o.server)
		server_side_print(a, &style, stdout);
	analysis_free(a);
	run_free(run);
	return rc ? 1 : 0;
}

/* ---- export ---------------------------------------------------------------- */

static int print_csv(const void *run, FILE *out)
{
	return csv_print(run, out);
}

static int print_gnuplot(const void *run, FILE *out)
{
	struct analysis *a = analysis_new(run);
	int rc = a ? gnuplot_print(a, out) : -1;

	analysis_free(a);
	return rc;
}

static int print_markdown(const void *run, FILE *out)
{
	struct analysis *a = analysis_new(run);

	if (!a)
		return -1;
	table_print_markdown(a, out);
	lesson_print_markdown(run, out);
	analysis_free(a);
	return 0;
}

/* NULL is JSON, which `compare run` writes as well. */
static const struct format {
	const char *name;
	int (*print)(const void *run, FILE *out);
} formats[] = {
	{"csv", print_csv},
	{"json", NULL},
	{"markdown", print_markdown},
	{"gnuplot", print_gnuplot},
	{0},
};

static const struct format *find_format(const char *name)
{
	for (const struct format *f = formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	log_warnx("there is no format %s: there are csv, json, markdown, "
		  "gnuplot",
		name);
	return NULL;
}

int cmd_export(int argc, char **argv)
{
	static const struct argp argp = {export_table, parse, "[RUN]",
		"Write a run (the latest one) as CSV with a line for every "
		"sample, as JSON with all there is of it, as a Markdown "
		"table, or as a gnuplot script with its data.",
		NULL, NULL, NULL};
	struct show_options o = {
		.db = DEFAULT_DB, .format = "json", .output = "-"};
	const struct format *format;
	struct run *run;
	int64_t id;
	int rc = -1;

	options_read(&o, &argp, argc, argv);
	format = find_format(o.format);
	if (!format)
		return EXIT_USAGE;
	run = command_load(o.db, o.run ? o.run : "latest", &id);
	if (run)
		rc = format->print ? output_write(o.output, format->print, run)
				   : command_write_json(run, o.output);
	run_free(run);
	return rc ? 1 : 0;
}

/* ---- report ---------------------------------------------------------------- */

static const struct argp_option report_table[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
	{"output", 'o', "FILE", 0, "where to (" DEFAULT_REPORT ")", 0},
	{0},
};

static int print_report(const void *run, FILE *out)
{
	struct analysis *a = analysis_new(run);
	int rc = a ? report_print(a, out) : -1;

	analysis_free(a);
	return rc;
}

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = {report_table, parse, "[RUN]",
		"Write a run (the latest one) as a page for a browser: one "
		"file that needs nothing else.",
		NULL, NULL, NULL};
	struct show_options o = {.db = DEFAULT_DB};
	struct run *run;
	int64_t id;
	int rc;

	options_read(&o, &argp, argc, argv);
	run = command_load(o.db, o.run ? o.run : "latest", &id);
	if (!o.output) {
		o.output = DEFAULT_REPORT;
		mkdir(DEFAULT_DIRECTORY, 0777); /* there already, mostly */
	}
	rc = run ? output_write(o.output, print_report, run) : -1;
	if (!rc && strcmp(o.output, "-"))
		puts(o.output);
	run_free(run);
	return rc ? 1 : 0;
}

/* ---- import ---------------------------------------------------------------- */

int cmd_import(int argc, char **argv)
{
	static const struct argp argp = {show_table, parse, "FILE.json",
		"Take an exported run into the database.", NULL, NULL, NULL};
	struct show_options o = {.db = DEFAULT_DB};
	struct store store;
	struct run *run;
	bool known = false;
	int64_t id = -1;

	options_read(&o, &argp, argc, argv);
	if (!o.run) {
		log_warnx("import what? say FILE.json");
		return EXIT_USAGE;
	}
	run = command_read_file(o.run);
	if (run && !store_open(&store, o.db, true)) {
		id = store_import(&store, run, &known);
		store_close(&store);
	}
	if (id > 0)
		printf("%s run %lld in %s\n",
			known ? "already there as" : "now", (long long)id,
			o.db);
	run_free(run);
	return id > 0 ? 0 : 1;
}
