/* SPDX-License-Identifier: MIT */
/* compare run: what is to be measured, the run that keeps it, and what is shown
 * of it in the end. rounds.h takes the samples. */
#include "common/log.h"
#include "common/net.h"
#include "common/options.h"
#include "compare/calibration.h"
#include "compare/command.h"
#include "compare/cpus.h"
#include "compare/lesson.h"
#include "compare/output.h"
#include "compare/plan.h"
#include "compare/preflight.h"
#include "compare/rounds.h"
#include "compare/table.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ---- the command line ----------------------------------------------------- */

enum { OPTIONS_MOST = 64 };

struct run_options {
	const char *experiment, *db, *json;
	bool quick, live;
	uint64_t within_ns; /* 0: as long as it takes */
	/* Settings in their order: they come after the experiment's. */
	const char *names[OPTIONS_MOST], *values[OPTIONS_MOST];
	size_t count;
};

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
	{"json", KEY_JSON, "FILE", 0, "export the run there as well", 5},
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

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

/* The experiment first, then --quick, then what the command line says. */
static int fill_plan(struct plan *p, const struct run_options *o,
	const struct programs *programs, char *why)
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

/* ---- one run -------------------------------------------------------------- */

struct running {
	struct plan plan;
	struct programs programs;
	struct texts known;
	struct store store;
	struct run *run;
	int64_t id;
	struct sampler sampler;
	struct rounds rounds;
	int stop_fd;
	bool live;
	const char *purpose; /* of the run; NULL: it is a comparison */
};

/* Clears the terminal and shows the table as it is by now. */
static void show_live(void *running)
{
	struct running *r = running;
	struct style style = style_of(STDOUT_FILENO);
	struct analysis *a =
		r->live && isatty(STDOUT_FILENO) ? analysis_new(r->run) : NULL;

	if (!a)
		return;
	fputs("\033[H\033[2J", stdout);
	table_print(a, r->id, &style, stdout);
	fputc('\n', stdout);
	fflush(stdout);
	analysis_free(a);
}

/* The signals that end us are read, not caught: nothing is interrupted, and
 * what we started is stopped in order. */
static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* 128 and the number of the signal that came. */
static int signal_status(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 1;
	return 128 + (int)info.ssi_signo;
}

/* Why the run ended before its time, and what there is of it all the same. */
static void say_kept(struct running *r, const char *db, const char *why)
{
	bool usual = !strcmp(db, DEFAULT_DB);

	if (!r->rounds.kept) {
		log_warnx("%s; no sample was finished", why);
		return;
	}
	log_warnx("%s; the finished samples, %llu, are run %lld in %s: "
		  "`compare show %lld%s%s` shows them",
		why, (unsigned long long)r->rounds.kept, (long long)r->id, db,
		(long long)r->id, usual ? "" : " --db ", usual ? "" : db);
}

static bool any_valid(const struct run *run)
{
	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++)
			if (sample_is_valid(&run->cells[c].samples[i]))
				return true;
	return false;
}

static int show(struct running *r)
{
	struct style style = style_of(STDOUT_FILENO);

	if (command_show(r->run, r->id, &style, stdout))
		return 1;
	if (any_valid(r->run))
		return 0;
	log_warnx("nothing could be measured");
	return 1;
}

/* The table, and the file if one is wanted. Standard output is for one of
 * them. */
static int tell(struct running *r, const struct run_options *o)
{
	bool instead = o->json && !strcmp(o->json, "-");
	int status = instead ? 0 : show(r);

	if (o->json && command_write_json(r->run, o->json))
		status = 1;
	return status;
}

/* The end of a run that was not to be: an exit status. */
static int give_up(struct running *r, const struct run_options *o, int rc)
{
	if (rc == -EINTR) {
		say_kept(r, o->db, "stopped");
		if (o->json)
			command_write_json(r->run, o->json);
		return signal_status(r->stop_fd);
	}
	if (rc == -EINVAL)
		return EXIT_USAGE;
	say_kept(r, o->db, strerror(-rc));
	return 1;
}

/* Measures, and keeps the end of it whatever it was. */
static int measure(struct running *r, const struct run_options *o)
{
	int rc, kept;

	if (!r->purpose)
		calibration_apply(&r->store, r->run);
	r->id = store_add_run(&r->store, r->run);
	if (r->id < 0)
		return 1;
	r->rounds = (struct rounds) {
		.plan = &r->plan,
		.run = r->run,
		.store = &r->store,
		.id = r->id,
		.sampler = &r->sampler,
		.after_round = show_live,
		.data = r,
	};
	rc = rounds_take(&r->rounds);
	field_text(&r->run->status, rc ? "interrupted" : "complete");
	run_now(&r->run->finished);
	r->run->load_after = load_average();
	kept = store_finish_run(&r->store, r->id, r->run);
	if (!rc)
		rc = kept;
	return rc ? give_up(r, o, rc) : tell(r, o);
}

static int prepare(struct running *r, const struct run_options *o)
{
	char why[WHY_SIZE] = "";
	int rc = programs_find(&r->programs);

	if (rc)
		return 1;
	rc = fill_plan(&r->plan, o, &r->programs, why);
	if (!rc) {
		if (programs_list(&r->programs, "--list-models", &r->known) ||
			programs_list(&r->programs, "--list-handlers",
				&r->plan.handlers))
			return 1;
		rc = programs_list_peers(&r->programs, &r->known);
	}
	if (!rc)
		rc = plan_complete(&r->plan, &r->known, why);
	if (!rc && o->within_ns)
		rc = plan_fit(&r->plan, plan_count_cells(&r->plan),
			o->within_ns, why);
	if (!rc)
		return 0;
	log_warnx("%s", why[0] ? why : strerror(-rc));
	return EXIT_USAGE;
}

/* The run as it will be kept, and whether all of it can be done. */
static int plan_run(struct running *r, int argc, char **argv)
{
	char why[WHY_SIZE] = "";
	int rc;

	r->run = run_new();
	rc = r->run ? run_describe(r->run, &r->plan, r->purpose) : -ENOMEM;
	if (!rc)
		rc = text_command(&r->run->command, argc, argv);
	if (!rc)
		rc = plan_cells(&r->plan, &r->known, r->run);
	if (!rc)
		rc = lesson_check(&r->plan, r->run, why);
	if (!rc)
		rc = preflight(&r->programs, &r->plan, r->run, why);
	if (!rc)
		return 0;
	log_warnx("%s", why[0] ? why : strerror(-rc));
	return rc == -EINVAL ? EXIT_USAGE : 1;
}

static int start(struct running *r, const struct run_options *o)
{
	int status;

	if (o->json && output_check(o->json))
		return 1;
	if (store_open(&r->store, o->db, true))
		return 1;
	net_raise_descriptor_limit();
	r->stop_fd = take_signals();
	if (r->stop_fd < 0 ||
		sampler_init(&r->sampler, &r->plan, &r->programs, r->stop_fd)) {
		log_warnx("cannot set up the measurement");
		return 1;
	}
	status = measure(r, o);
	sampler_release(&r->sampler);
	return status;
}

static void release(struct running *r)
{
	if (r->store.db)
		store_close(&r->store);
	if (r->stop_fd > 0)
		close(r->stop_fd);
	run_free(r->run);
	texts_clear(&r->known);
	plan_release(&r->plan);
}

int command_measure(int argc, char **argv, const char *purpose)
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
	struct run_options o = {.db = DEFAULT_DB,
		.quick = quick && *quick && strcmp(quick, "0")};
	struct running r = {.stop_fd = -1, .purpose = purpose};
	int status;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	r.live = o.live;
	plan_init(&r.plan);
	status = prepare(&r, &o);
	if (!status)
		status = plan_run(&r, argc, argv);
	if (!status)
		status = start(&r, &o);
	release(&r);
	return status;
}

int cmd_run(int argc, char **argv)
{
	return command_measure(argc, argv, NULL);
}
