/* SPDX-License-Identifier: MIT */
/* compare diff: what has changed between two runs, with a status for CI. */
#include "common/log.h"
#include "common/options.h"
#include "compare/command.h"
#include "compare/diff.h"

#include <argp.h>
#include <unistd.h>

enum { EXIT_WORSE = 2 };

struct diff_options {
	const char *db, *names[2];
	size_t count;
	double threshold;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_options *o = state->input;

	if (key == 'D')
		o->db = arg;
	else if (key == 't') {
		if (parse_number(arg, &o->threshold) || o->threshold < 0)
			argp_error(state,
				"--threshold %s: percent are needed, such as 5",
				arg);
	} else if (key == ARGP_KEY_ARG && o->count < 2)
		o->names[o->count++] = arg;
	else if (key == ARGP_KEY_ARG || (key == ARGP_KEY_END && o->count < 2))
		argp_error(state, "two runs are needed: compare diff A B");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int cmd_diff(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"db", 'D', "FILE", 0, "database (" DEFAULT_DB ")", 0},
		{"threshold", 't', "PERCENT", 0,
			"what is less does not count (0)", 0},
		{0},
	};
	static const struct argp argp = {table, parse, "A B",
		"Show what has changed from run A to run B. Exits 2 when "
		"something became worse by more than noise and the threshold, "
		"or has no figures any more.",
		NULL, NULL, NULL};
	struct diff_options o = {.db = DEFAULT_DB};
	struct style style = style_of(STDOUT_FILENO);
	struct diff_count count = {0};
	struct run *a, *b;
	int64_t id;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	a = command_load(o.db, o.names[0], &id);
	b = a ? command_load(o.db, o.names[1], &id) : NULL;
	if (a && b)
		count = diff_print(a, b, o.threshold / 100, &style, stdout);
	if (a && b && !count.compared)
		log_warnx("the two runs have no cell in common");
	run_free(a);
	run_free(b);
	if (!count.compared)
		return 1;
	return count.worse ? EXIT_WORSE : 0;
}
