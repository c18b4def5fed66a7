/* SPDX-License-Identifier: MIT */
/* compare cpus: watches the CPUs that a run would use, and says how much of the
 * time they are as good as they can be. */
#include "common/clock.h"
#include "common/log.h"
#include "compare/command.h"
#include "compare/cpus.h"
#include "compare/figure.h"
#include "compare/grid.h"
#include "compare/pace.h"
#include "compare/stats.h"

#include <argp.h>
#include <jansson.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOKS_MOST = 3600, PAUSE_MS = 100 };

struct watch {
	char *server_cpus, *client_cpus;
	uint64_t time_ns;
	bool json;
	struct cpu_list server, client;
	struct pace_reading looks[LOOKS_MOST];
	size_t count;
};

static const struct argp_option table[] = {
	{"time", 't', "T", 0, "how long to watch (5s; 0: look once)", 0},
	{"server-cpus", 's', "LIST", 0, "CPUs of the server", 0},
	{"client-cpus", 'l', "LIST", 0, "CPUs of the client", 0},
	{"json", 'j', NULL, 0, "every look, as JSON", 0},
	{0},
};

static error_t set_cpus(struct argp_state *state, const char *list, char **to)
{
	struct cpu_list parsed;

	if (parse_cpu_list(list, &parsed))
		argp_error(state, "%s: must be CPUs such as 0 or 0-3,8", list);
	field_text(to, list);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch *w = state->input;

	if (key == 's')
		return set_cpus(state, arg, &w->server_cpus);
	if (key == 'l')
		return set_cpus(state, arg, &w->client_cpus);
	if (key == 'j')
		w->json = true;
	else if (key == 't') {
		if (parse_time(arg, &w->time_ns) || w->time_ns > 300 * NS_PER_S)
			argp_error(state,
				"--time %s: must be a time from 0 to 5m", arg);
	} else if (key == ARGP_KEY_ARG)
		argp_error(state, "cpus takes no argument: %s", arg);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

/* 0, or an exit status after saying which of the CPUs is not there. */
static int usable(const char *list, const struct cpu_list *cpus)
{
	for (unsigned n = 0; n < cpus->count; n++)
		if (cpu_list_apply_one(cpus, n)) {
			log_warnx("CPUs %s: not all of them may be used here",
				list);
			return EXIT_USAGE;
		}
	return 0;
}

/* ---- watching ---------------------------------------------------------------- */

static void watch(struct watch *w)
{
	uint64_t end_ns = clock_ns() + w->time_ns;
	struct pace pace;

	pace_init(&pace, &w->server, &w->client);
	do {
		if (w->count)
			usleep(PAUSE_MS * 1000);
		pace_look(&pace);
		w->looks[w->count++] = pace.now;
	} while (clock_ns() < end_ns && w->count < LOOKS_MOST);
}

/* ---- showing ------------------------------------------------------------------ */

static double work_of(const struct pace_reading *r)
{
	return r->work_ns;
}

static double distance_of(const struct pace_reading *r)
{
	return r->distance_ns;
}

/* A row of one figure of all looks; `most` times its best is a disturbance.
 * Returns the share of the looks that were disturbed. */
static double add_row(const struct watch *w, struct grid *g, const char *title,
	double (*of)(const struct pace_reading *), double most)
{
	struct style style = style_of(STDOUT_FILENO);
	struct grid_row *row = grid_add(g);
	double *x = calloc(w->count, sizeof(*x)), low = INFINITY, high = 0;
	size_t bad = 0;

	for (size_t i = 0; x && i < w->count; i++) {
		x[i] = of(&w->looks[i]);
		low = fmin(low, x[i]);
		high = fmax(high, x[i]);
	}
	for (size_t i = 0; x && i < w->count; i++)
		bad += x[i] > most * low;
	if (x && row) {
		snprintf(row->text[0], GRID_CELL, "%s", title);
		figure(low, UNIT_TIME, &style, row->text[1]);
		figure(stats_median(x, w->count), UNIT_TIME, &style,
			row->text[2]);
		figure(high, UNIT_TIME, &style, row->text[3]);
		snprintf(row->text[4], GRID_CELL, "%.0f %%",
			100.0 * (double)bad / (double)w->count);
	}
	free(x);
	return (double)bad / (double)w->count;
}

static int print_watch(const struct watch *w)
{
	struct style style = style_of(STDOUT_FILENO);
	struct grid g = {0};
	double slow, far = 0;

	printf("server on CPU %s, client on CPU %s, looked at %zu time%s\n\n",
		w->server_cpus, w->client_cpus, w->count,
		w->count == 1 ? "" : "s");
	grid_column(&g, "", true);
	grid_column(&g, "best", false);
	grid_column(&g, "median", false);
	grid_column(&g, "worst", false);
	grid_column(&g, "of the looks", false);
	slow = add_row(w, &g, "500 system calls, on the slower one", work_of,
		PACE_SLOW);
	if (!cpus_overlap(w->server_cpus, w->client_cpus))
		far = add_row(w, &g,
			"a cache line from one to the other and back",
			distance_of, PACE_FAR);
	grid_print(&g, style.colour, stdout);
	grid_release(&g);
	printf("\nof the looks: how many were more than %.0f %% or %.0f %% above "
	       "the best.\n",
		100 * (PACE_SLOW - 1), 100 * (PACE_FAR - 1));
	if (slow + far > 0)
		printf("If nothing else runs here, the cause is not on this "
		       "machine. Samples wait for it to end;\n`compare run "
		       "--patience 10m` lets them wait longer.\n");
	return 0;
}

static int print_json(const struct watch *w)
{
	json_t *looks = json_array(), *all;
	int rc;

	for (size_t i = 0; i < w->count; i++) {
		const struct pace_reading *r = &w->looks[i];
		json_t *look = json_pack("{s:f}", "work_ns", r->work_ns);

		json_object_set_new(look, "distance_ns",
			isnan(r->distance_ns) ? json_null()
					      : json_real(r->distance_ns));
		json_array_append_new(looks, look);
	}
	all = json_pack("{s:s, s:s, s:s, s:o}", "schema", "serverlab.cpus/1",
		"server_cpus", w->server_cpus, "client_cpus", w->client_cpus,
		"looks", looks);
	rc = json_dumpf(all, stdout, FIELD_JSON_FLAGS | JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return rc ? 1 : 0;
}

/* Chooses what was not asked for. 0, or an exit status after saying why. */
static int choose(struct watch *w)
{
	cpu_set_t usual;
	int rc;

	if (sched_getaffinity(0, sizeof(usual), &usual) ||
		cpus_choose(&w->server_cpus, &w->client_cpus) ||
		parse_cpu_list(w->server_cpus, &w->server) ||
		parse_cpu_list(w->client_cpus, &w->client)) {
		log_warnx("cannot tell which CPUs there are");
		return 1;
	}
	rc = usable(w->server_cpus, &w->server);
	if (!rc)
		rc = usable(w->client_cpus, &w->client);
	sched_setaffinity(0, sizeof(usual), &usual);
	return rc;
}

int cmd_cpus(int argc, char **argv)
{
	static const struct argp argp = {table, parse, "",
		"Watch the CPUs that a run would use. On a virtual machine they may "
		"share a core with a neighbour, or be moved apart by the host, "
		"and no counter tells; this shows it, and how often.",
		NULL, NULL, NULL};
	static struct watch w = {.time_ns = 5 * NS_PER_S};
	int rc;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &w);
	rc = choose(&w);
	if (!rc) {
		watch(&w);
		rc = w.json ? print_json(&w) : print_watch(&w);
	}
	free(w.server_cpus);
	free(w.client_cpus);
	return rc;
}
