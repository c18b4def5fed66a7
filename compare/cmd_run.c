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
#include "compare/run_options.h"
#include "compare/table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

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
	rc = run_options_apply(o, &r->plan, &r->programs, why);
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

/* What asks for the same again. */
static int keep_command(struct run *run, const struct texts *again, bool quick)
{
	int rc = text_command(&run->command, (int)again->count, again->at);

	return rc || !quick ? rc : text_join(&run->command, "--quick", " ");
}

/* The run as it will be kept, and whether all of it can be done. */
static int plan_run(struct running *r, const struct texts *again)
{
	char why[WHY_SIZE] = "";
	int rc;

	r->run = run_new();
	rc = r->run ? run_describe(r->run, &r->plan, r->purpose) : -ENOMEM;
	if (!rc)
		rc = keep_command(r->run, again, r->plan.quick);
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

int command_measure(
	int argc, char **argv, const char *purpose, const struct texts *again)
{
	struct run_options o;
	struct running r = {.stop_fd = -1, .purpose = purpose};
	int status;

	run_options_read(&o, argc, argv);
	r.live = o.live;
	plan_init(&r.plan);
	status = prepare(&r, &o);
	if (!status)
		status = plan_run(&r, again ? again : &o.again);
	if (!status)
		status = start(&r, &o);
	release(&r);
	texts_clear(&o.again);
	return status;
}

int cmd_run(int argc, char **argv)
{
	return command_measure(argc, argv, NULL, NULL);
}
