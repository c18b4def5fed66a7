/* SPDX-License-Identifier: MIT */
/* compare list: what there is to show, and what there is to run. */
#include "common/log.h"
#include "compare/command.h"
#include "compare/figure.h"
#include "compare/grid.h"
#include "compare/plan.h"

#include <argp.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **db = state->input;

	if (key == 'D')
		*db = arg;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "list takes no argument: %s", arg);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static void add_run(int64_t id, const struct run *run, int64_t cells,
	int64_t samples, void *grid)
{
	struct grid_row *row = grid_add(grid);

	if (!row)
		return;
	snprintf(row->text[0], GRID_CELL, "%lld", (long long)id);
	snprintf(row->text[1], GRID_CELL, "%s", run->started);
	snprintf(row->text[2], GRID_CELL, "%s",
		!strcmp(run->status, "running") ? "unfinished" : run->status);
	snprintf(row->text[3], GRID_CELL, "%lld", (long long)cells);
	snprintf(row->text[4], GRID_CELL, "%lld", (long long)samples);
	snprintf(row->text[5], GRID_CELL, "%.60s",
		run->title ? run->title : run->command);
}

static int list_runs(const char *path)
{
	struct style style = style_of(STDOUT_FILENO);
	struct grid g = {0};
	struct store store;
	int rc;

	if (access(path, F_OK) && errno == ENOENT) {
		printf("no runs yet in %s: `compare run` makes one\n\n", path);
		return 0;
	}
	rc = store_open(&store, path, false);
	if (rc)
		return rc;
	grid_column(&g, "run", false);
	grid_column(&g, "started", true);
	grid_column(&g, "state", true);
	grid_column(&g, "cells", false);
	grid_column(&g, "samples", false);
	grid_column(&g, "what", true);
	rc = store_each(&store, add_run, &g);
	store_close(&store);
	if (g.count)
		grid_print(&g, style.colour, stdout);
	else
		printf("no runs yet in %s: `compare run` makes one\n", path);
	grid_release(&g);
	fputc('\n', stdout);
	return rc;
}

static void print_experiment(const struct programs *programs, const char *name)
{
	char why[WHY_SIZE];
	struct plan plan;

	plan_init(&plan);
	if (plan_load(&plan, programs, name, false, why))
		log_warnx("%s", why);
	else
		printf("  %-16s %s\n", name, plan.title ? plan.title : "");
	plan_release(&plan);
}

static void list_experiments(const struct programs *programs)
{
	struct texts names = {0};

	if (!programs_list_experiments(programs, &names) && names.count)
		puts("experiments, for `compare run NAME`:");
	for (size_t i = 0; i < names.count; i++)
		print_experiment(programs, names.at[i]);
	texts_clear(&names);
}

int cmd_list(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
		{0},
	};
	static const struct argp argp = {table, parse, "",
		"List the runs in the database, and the experiments.", NULL,
		NULL, NULL};
	const char *db = DEFAULT_DB;
	struct programs programs;
	int rc;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &db);
	rc = list_runs(db);
	if (!programs_find(&programs))
		list_experiments(&programs);
	return rc ? 1 : 0;
}
