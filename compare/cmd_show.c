/* SPDX-License-Identifier: MIT */
/* compare show, export and import: runs that were kept before. */
#include "common/log.h"
#include "compare/calibration.h"
#include "compare/command.h"
#include "compare/csv.h"
#include "compare/fit.h"
#include "compare/gnuplot.h"
#include "compare/lesson.h"
#include "compare/report.h"
#include "compare/server_side.h"
#include "compare/table.h"

#include <argp.h>
#include <string.h>
#include <unistd.h>

struct show_options {
	const char *db, *run, *format, *output;
	bool server;
};

static const struct argp_option show_table[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
	{0},
};

static const struct argp_option table_options[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
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
	struct analysis *a;
	struct run *run;
	int64_t id;

	options_read(&o, &argp, argc, argv);
	run = command_load(o.db, o.run ? o.run : "latest", &id);
	a = run ? analysis_new(run) : NULL;
	if (a) {
		table_print(a, id, &style, stdout);
		lesson_print_expectations(run, &style, stdout);
		fits_print(run, &style, stdout);
		if (o.server)
			server_side_print(a, &style, stdout);
		if (run->purpose && !strcmp(run->purpose, CALIBRATION))
			calibration_explain(run, &style, stdout);
	}
	analysis_free(a);
	run_free(run);
	return a ? 0 : 1;
}

/* The formats that go through a stream. */
static int write_text(const struct run *run, const char *format, FILE *out)
{
	struct analysis *a;
	int rc = 0;

	if (!strcmp(format, "csv"))
		return csv_print(run, out);
	a = analysis_new(run);
	if (!a)
		return -1;
	if (!strcmp(format, "gnuplot")) {
		rc = gnuplot_print(a, out);
	} else {
		table_print_markdown(a, out);
		lesson_print_markdown(run, out);
	}
	analysis_free(a);
	return rc;
}

static int write_run(const struct run *run, const struct show_options *o)
{
	FILE *out;
	int rc;

	if (!strcmp(o->format, "json"))
		return command_write_json(run, o->output);
	out = strcmp(o->output, "-") ? fopen(o->output, "we") : stdout;
	rc = out ? write_text(run, o->format, out) : -1;
	if (out && (out == stdout ? fflush(out) : fclose(out)))
		rc = -1;
	if (rc)
		log_warn("cannot write %s", o->output);
	return rc;
}

static int format_is_known(const char *format)
{
	return !strcmp(format, "csv") || !strcmp(format, "json") ||
	       !strcmp(format, "markdown") || !strcmp(format, "gnuplot");
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
	struct run *run;
	int64_t id;
	int rc;

	options_read(&o, &argp, argc, argv);
	if (!format_is_known(o.format)) {
		log_warnx("there is no format %s: there are csv, json, "
			  "markdown, gnuplot",
			o.format);
		return EXIT_USAGE;
	}
	run = command_load(o.db, o.run ? o.run : "latest", &id);
	rc = run ? write_run(run, &o) : -1;
	run_free(run);
	return rc ? 1 : 0;
}

static const struct argp_option report_table[] = {
	{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
	{"output", 'o', "FILE", 0, "where to (results/report.html)", 0},
	{0},
};

static int write_report(const struct run *run, const char *path)
{
	struct analysis *a = analysis_new(run);
	FILE *out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	int rc = a && out ? report_print(a, out) : -1;

	if (out && (out == stdout ? fflush(out) : fclose(out)))
		rc = -1;
	if (rc)
		log_warn("cannot write %s", path);
	else if (strcmp(path, "-"))
		printf("%s\n", path);
	analysis_free(a);
	return rc;
}

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = {report_table, parse, "[RUN]",
		"Write a run (the latest one) as a page for a browser: one "
		"file that needs nothing else.",
		NULL, NULL, NULL};
	struct show_options o = {
		.db = DEFAULT_DB, .output = "results/report.html"};
	struct run *run;
	int64_t id;
	int rc;

	options_read(&o, &argp, argc, argv);
	run = command_load(o.db, o.run ? o.run : "latest", &id);
	rc = run ? write_report(run, o.output) : -1;
	run_free(run);
	return rc ? 1 : 0;
}

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
