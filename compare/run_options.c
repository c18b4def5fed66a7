/* SPDX-License-Identifier: MIT */
#include "compare/run_options.h"

#include "common/options.h"
#include "common/utf8.h"
#include "compare/command.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_DB = 256, KEY_JSON, KEY_QUICK, KEY_LIVE, KEY_WITHIN, KEY_SETTING };

static const struct argp_option option_table[] = {
	{"models", KEY_SETTING, "A,B", 0,
		"which models, as `server --list-models` shows them, and "
		"limit, the least an echo can cost (all); peer:NAME is another "
		"system's server, external:COMMAND any program, {port} being "
		"its port",
		1},
	{"workload", KEY_SETTING + 1, "SPEC", 0,
		"what the client does (echo:size=64)", 1},
	{"handler", KEY_SETTING + 2, "SPEC", 0,
		"what the server does (the same spec)", 1},
	{"connections", KEY_SETTING + 3, "N", 0, "connections at once (64)", 1},
	{"vary", KEY_SETTING + 4, "NAME=A,B", 0,
		"measure at several values of connections, workload, handler, "
		"size, an option of the client, or server.OPTION; one value "
		"alone sets it: --vary rate=5000",
		1},
	{"rounds", KEY_SETTING + 5, "N", 0, "samples of each cell (5)", 2},
	{"until", KEY_SETTING + 12, "PERCENT", 0,
		"more rounds than that, until each ratio to the baseline is "
		"known to so many percent to each side",
		2},
	{"budget", KEY_SETTING + 13, "T", 0,
		"more rounds, but no longer than this (5m with --until)", 2},
	{"repeats", KEY_SETTING + 14, "N", 0,
		"how often a sample that was disturbed is taken again (2; 0 "
		"with --quick)",
		2},
	{"patience", KEY_SETTING + 16, "T", 0,
		"how long samples wait, in all, while a CPU is slower or the two "
		"are farther apart than at their best (a fifth of the time)",
		2},
	{"syscalls", KEY_SETTING + 15, "N", 0,
		"further samples of each cell, in which the server's system "
		"calls are counted (1; 0 with --quick)",
		2},
	{"duration", KEY_SETTING + 6, "T", 0, "of a sample (600ms)", 2},
	{"warmup", KEY_SETTING + 7, "T", 0, "before it, not measured (150ms)",
		2},
	{"baseline", KEY_SETTING + 8, "MODEL", 0,
		"what the others are compared with (epoll)", 2},
	{"seed", KEY_SETTING + 9, "N", 0,
		"for the order of the rounds (random)", 2},
	{"start", KEY_SETTING + 17, "T", 0,
		"how long a server may take until it listens (60s)", 2},
	{"server-cpus", KEY_SETTING + 10, "LIST", 0, "CPUs of the server", 3},
	{"client-cpus", KEY_SETTING + 11, "LIST", 0, "CPUs of the client", 3},
	{"quick", KEY_QUICK, NULL, 0,
		"a few seconds, for a first look; SERVERLAB_QUICK=1 does the "
		"same",
		4},
	{"live", KEY_LIVE, NULL, 0,
		"show the table anew after each round, on a terminal", 4},
	{"within", KEY_WITHIN, "T", 0,
		"fewer rounds and shorter ones, so that all takes about so "
		"long at most",
		4},
	{"db", KEY_DB, "FILE", 0, "where results are kept (" DEFAULT_DB ")", 5},
	{"json", KEY_JSON, "FILE", 0,
		"export the run there as well; - is standard output, then "
		"without the table",
		5},
	{0},
};

/* The name of a setting is that of its option. */
static const char *setting_name(int key)
{
	for (const struct argp_option *o = option_table; o->name; o++)
		if (o->key == key)
			return o->name;
	return "";
}

/* Where it is kept and what is shown of it are no part of what is asked for;
 * --quick may have been asked for otherwise. */
static int remember(struct run_options *o, int key, const char *arg)
{
	if (key == KEY_DB || key == KEY_JSON || key == KEY_QUICK ||
		key == KEY_LIVE)
		return 0;
	if (key == ARGP_KEY_ARG)
		return texts_add(&o->again, arg);
	return arg ? texts_add_option(&o->again, setting_name(key), arg) : 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	if (remember(o, key, arg))
		argp_failure(state, 1, ENOMEM, "%s", arg);
	if (arg && key != KEY_DB && key != KEY_JSON && !utf8_is_whole(arg))
		argp_error(state, "%s: this is not UTF-8", arg);
	if (key == KEY_DB)
		o->db = arg;
	else if (key == KEY_JSON)
		o->json = arg;
	else if (key == KEY_QUICK)
		o->quick = true;
	else if (key == KEY_LIVE)
		o->live = true;
	else if (key == KEY_WITHIN) {
		if (parse_time(arg, &o->within_ns) || !o->within_ns)
			argp_error(state,
				"--within %s: a time such as 50s is needed",
				arg);
	} else if (key == ARGP_KEY_ARG && !o->experiment)
		o->experiment = arg;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "one experiment at a time: %s", arg);
	else if (key >= KEY_SETTING && key < KEY_SETTING + 32) {
		if (o->count == OPTIONS_MOST)
			argp_error(state, "too many options");
		o->names[o->count] = setting_name(key);
		o->values[o->count++] = arg;
	} else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static bool seen_before(const struct run_options *o, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(o->names[k], o->names[i]))
			return true;
	return false;
}

/* Whether an option makes it another measurement than the experiment's. */
static bool changes_load(const char *name)
{
	return !strcmp(name, "models") || !strcmp(name, "workload") ||
	       !strcmp(name, "handler") || !strcmp(name, "vary") ||
	       !strcmp(name, "connections");
}

/* What is no longer the experiment has neither its title nor its lesson. */
static void forget_lesson(struct plan *p)
{
	field_text(&p->title, NULL);
	field_text(&p->experiment, NULL);
	field_text(&p->definition, NULL);
	field_text(&p->baseline, NULL);
	texts_clear(&p->expects);
	texts_clear(&p->plots);
	texts_clear(&p->fits);
	beside_release(&p->beside);
}

static bool given(const struct run_options *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++)
		if (!strcmp(o->names[i], name))
			return true;
	return false;
}

/* A first look and a number of rounds that was asked for are not extended. */
static void fix_rounds(struct plan *p, const struct run_options *o)
{
	if (!o->quick && !given(o, "rounds"))
		return;
	p->until = 0;
	p->budget_ns = 0;
}

/* What the experiment varies, and the command line wants to be one value. */
static void fix_axes(struct plan *p, const struct run_options *o)
{
	for (size_t i = 0; i < o->count; i++)
		plan_drop_axis(p, o->names[i]);
	if (given(o, "workload"))
		plan_drop_axis(p, "size");
}

/* One value and several of the same are not both what was meant. */
static int check_contradictions(
	const struct plan *p, const struct run_options *o, char *why)
{
	for (size_t a = 0; a < p->axis_count; a++) {
		const char *name = p->axes[a].name;

		if (!given(o, name))
			continue;
		snprintf(why, WHY_SIZE,
			"--%s and --vary %s=...: one of them at a time", name,
			name);
		return -EINVAL;
	}
	return 0;
}

int run_options_apply(const struct run_options *o, struct plan *p,
	const struct programs *programs, char why[WHY_SIZE])
{
	int rc;

	p->quick = o->quick;
	p->repeats = o->quick ? 0 : p->repeats;
	p->syscalls = o->quick ? 0 : p->syscalls;
	rc = plan_load(p, programs, o->experiment ? o->experiment : "race",
		o->quick, why);
	fix_rounds(p, o);
	fix_axes(p, o);
	for (size_t i = 0; i < o->count && !rc; i++)
		if (changes_load(o->names[i]))
			forget_lesson(p);
	for (size_t i = 0; i < o->count && !rc; i++) {
		if (!seen_before(o, i))
			plan_clear(p, o->names[i]);
		if (!strcmp(o->names[i], "models"))
			p->named = true;
		rc = plan_set(p, o->names[i], o->values[i], why);
	}
	return rc ? rc : check_contradictions(p, o, why);
}

void run_options_read(struct run_options *o, int argc, char **argv)
{
	static const struct argp argp = {option_table, parse,
		"[EXPERIMENT|FILE.ini]",
		"Measure server models side by side and show what came of it. "
		"Without an EXPERIMENT it is `race`: every model, the same "
		"small echo."
		"\vA model is a SPEC, NAME[:key=value,...]; several are "
		"separated by commas, semicolons, or further --models: "
		"`--models epoll,epoll:trigger=edge,limit`. The figures of "
		"every finished sample are kept at once: the run may be "
		"stopped at any moment.",
		NULL, NULL, NULL};
	const char *quick = getenv("SERVERLAB_QUICK");

	*o = (struct run_options) {
		.db = DEFAULT_DB,
		.quick = quick && *quick && strcmp(quick, "0"),
	};
	texts_add(&o->again, argv[0]);
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, o);
}
