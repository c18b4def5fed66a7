/* SPDX-License-Identifier: MIT */
/* compare calibrate: what the client can do, against the smallest server. */
#include "common/log.h"
#include "compare/calibration.h"
#include "compare/command.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PASSED = 16, ARGUMENTS = 13 + 2 * PASSED };

struct calibrate_options {
	const char *workload, *connections;
	/* on to the run */
	char names[PASSED][24];
	const char *values[PASSED];
	size_t count;
	bool quick;
	struct texts again; /* as for a run, but it is a calibration */
};

static const struct argp_option table[] = {
	{"workload", 'w', "SPEC", 0, "an echo (echo:size=64)", 0},
	{"connections", 'c', "A,B", 0, "how many at once (1,4,16,64,256,1000)",
		0},
	{"rounds", 'r', "N", 0, "samples of each (3)", 0},
	{"duration", 't', "T", 0, "of a sample (600ms)", 0},
	{"server-cpus", 's', "LIST", 0, "CPUs of the null server", 0},
	{"client-cpus", 'l', "LIST", 0, "CPUs of the client", 0},
	{"seed", 'e', "N", 0, "for the order of the rounds (random)", 0},
	{"quick", 'q', NULL, 0, "a first look; SERVERLAB_QUICK=1 does the same",
		0},
	{"db", 'D', "FILE", 0, "where it is kept (" DEFAULT_DB ")", 0},
	{0},
};

/* --name VALUE, as `compare run` has it. False if there is no such option. */
static bool pass_on(struct calibrate_options *o, int key, const char *value)
{
	for (const struct argp_option *t = table; t->name; t++) {
		if (t->key != key || o->count == PASSED)
			continue;
		snprintf(o->names[o->count], sizeof(o->names[0]), "--%s",
			t->name);
		o->values[o->count++] = value;
		return true;
	}
	return false;
}

static int remember(struct calibrate_options *o, int key, const char *value)
{
	for (const struct argp_option *t = table; t->name; t++)
		if (t->key == key && key != 'D' && key != 'q')
			return texts_add_option(&o->again, t->name, value);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct calibrate_options *o = state->input;

	if (key == 'w')
		o->workload = arg;
	else if (key == 'c')
		o->connections = arg;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "calibrate takes no argument: %s", arg);
	else if (key == 'q')
		o->quick = true;
	else if (!pass_on(o, key, arg))
		return ARGP_ERR_UNKNOWN;
	if (remember(o, key, arg))
		argp_failure(state, 1, ENOMEM, "%s", arg);
	return 0;
}

/* As the run that it is. */
static int calibrate(const struct calibrate_options *o)
{
	char vary[256];
	char *arguments[ARGUMENTS] = {"compare run", "--models", "limit",
		"--rounds", "3", "--syscalls", "0"};
	size_t n = 7;

	if (strncmp(o->workload, "echo", 4)) {
		log_warnx("workload %s: the null server can only echo, so echo "
			  "or echo:size=N is needed",
			o->workload);
		return EXIT_USAGE;
	}
	snprintf(vary, sizeof(vary), "connections=%.200s", o->connections);
	arguments[n++] = "--workload";
	arguments[n++] = (char *)o->workload;
	arguments[n++] = "--vary";
	arguments[n++] = vary;
	for (size_t i = 0; i < o->count; i++) {
		arguments[n++] = (char *)o->names[i];
		arguments[n++] = (char *)o->values[i];
	}
	if (o->quick)
		arguments[n++] = "--quick";
	return command_measure((int)n, arguments, CALIBRATION, &o->again);
}

int cmd_calibrate(int argc, char **argv)
{
	static const struct argp argp = {table, parse, "",
		"Measure what the client can do at most, against `limit`, the "
		"smallest server there is. What is found is kept, and the "
		"comparisons that follow in the same database on the same CPUs "
		"mark with >= what was the client's limit and not a server's.",
		NULL, NULL, NULL};
	struct calibrate_options o = {.workload = "echo:size=64",
		.connections = "1,4,16,64,256,1000"};
	int status;

	texts_add(&o.again, argv[0]);
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	status = calibrate(&o);
	texts_clear(&o.again);
	return status;
}
