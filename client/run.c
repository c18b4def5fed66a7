/* SPDX-License-Identifier: MIT */
#include "client/run.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/progress.h"
#include "client/series.h"
#include "client/socket.h"
#include "client/worker.h"
#include "common/log.h"

#define RUN_LOOK_NS  (50 * NS_PER_MS) /* at the latest, to see a signal */
#define RUN_FAILURES 2 /* in a row, of a server that may have died */

/* Everything the main thread needs while workers run. */
struct run_state {
	struct run run;
	struct worker *workers;
	uint64_t count, started; /* threads */
	bool begun;		 /* the workload's run */
	struct series series;
	struct progress progress;
	struct crowd *crowd;
	uint64_t descriptors; /* the limit on them */
	/* When an answer was last seen, and how many had been by then; how
	 * many requests and attempts to connect had failed. */
	uint64_t last_answer_ns, answers, failures;
};

static volatile sig_atomic_t run_interrupted;

static void run_on_signal(int signal)
{
	(void)signal;
	run_interrupted = 1;
}

static void run_catch_signals(void)
{
	struct sigaction action = {.sa_handler = run_on_signal};

	sigemptyset(&action.sa_mask);
	/* A second one ends the program as usual. */
	action.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Whoever reads our phases may have gone. */
	signal(SIGPIPE, SIG_IGN);
}

/* ---- threads ------------------------------------------------------------ */

static void run_wake_workers(struct run_state *r)
{
	uint64_t i;

	for (i = 0; i < r->started; i++)
		worker_wake(&r->workers[i]);
}

/* Signals are for the main thread: workers are not to be interrupted. */
static int run_start_threads(struct run_state *r)
{
	sigset_t all, before;
	int error = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (; r->started < r->count && !error; r->started += !error)
		error = -pthread_create(&r->workers[r->started].thread, NULL,
			worker_main, &r->workers[r->started]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		log_warnx("cannot start thread %u of %u: %s",
			(unsigned)r->started + 1, (unsigned)r->count,
			strerror(-error));
	return error;
}

/* Waits for news from the workers until `deadline_ns`, but not for long, and
 * takes what they have handed over. */
static int run_wait(struct run_state *r, uint64_t deadline_ns)
{
	struct pollfd fd = {.fd = r->run.wake_fd, .events = POLLIN};
	uint64_t now = clock_ns(), count;
	uint64_t wait_ns = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec wait;

	wait = clock_timespec(wait_ns < RUN_LOOK_NS ? wait_ns : RUN_LOOK_NS);
	if (ppoll(&fd, 1, &wait, NULL) > 0 &&
		read(r->run.wake_fd, &count, sizeof(count)) < 0 &&
		errno != EAGAIN && errno != EINTR)
		return -errno;
	return series_collect(&r->series, r->workers, r->started);
}

static bool run_has_failed(const struct run_state *r)
{
	uint64_t i;

	for (i = 0; i < r->started; i++)
		if (r->workers[i].place == UINT64_MAX)
			return true;
	return false;
}

/* ---- phases ------------------------------------------------------------- */

static uint64_t run_sum_attempted(const struct run_state *r)
{
	uint64_t sum = 0, i;

	for (i = 0; i < r->started; i++)
		sum += r->workers[i].attempted;
	return sum;
}

static uint64_t run_sum_established(const struct run_state *r)
{
	uint64_t sum = 0, i;

	for (i = 0; i < r->started; i++)
		sum += r->workers[i].established;
	return sum;
}

static bool run_nobody_there(const struct run_state *r)
{
	return run_sum_attempted(r) == r->run.config->connections &&
	       run_sum_established(r) == 0;
}

static void run_say_phase(const struct run_state *r, const char *line)
{
	int fd = r->run.config->phase_fd;

	if (fd >= 0 && write(fd, line, strlen(line)) < 0)
		log_warn("cannot write to descriptor %d", fd);
}

static int run_connect(struct run_state *r)
{
	int error = 0;

	while (!error && !run_interrupted && !crowd_is_ready(r->crowd) &&
		!run_nobody_there(r))
		error = run_wait(r, UINT64_MAX);
	if (!r->run.config->workload->single)
		while (!error && !run_interrupted && !run_has_failed(r) &&
			run_sum_attempted(r) < r->run.config->connections)
			error = run_wait(r, UINT64_MAX);
	if (!error)
		run_say_phase(r, "connected\n");
	return error;
}

static uint64_t run_later(uint64_t ns, uint64_t wait_ns)
{
	return wait_ns > UINT64_MAX - ns ? UINT64_MAX : ns + wait_ns;
}

/* `begin_ns` last: who sees it sees the other two. */
static void run_begin(struct run_state *r)
{
	const struct config *config = r->run.config;
	uint64_t now = clock_ns();

	r->run.stop_ns = run_later(
		run_later(now, config->warmup_ns), config->duration_ns);
	r->run.start_ns = run_later(now, config->warmup_ns);
	r->run.begin_ns = now;
	r->last_answer_ns = now;
	run_wake_workers(r);
}

static void run_stop(struct run_state *r, uint64_t now)
{
	if (r->run.start_ns > now)
		r->run.start_ns = now;
	if (r->run.stop_ns > now)
		r->run.stop_ns = now;
	run_wake_workers(r);
}

/* All requests of -n are done: the window ends with the last of them. */
static bool run_all_finished(struct run_state *r)
{
	uint64_t last_ns = 0, i;

	if (r->run.config->requests == UINT64_MAX)
		return false;
	for (i = 0; i < r->count; i++) {
		uint64_t ns = r->workers[i].finished_ns;

		if (ns == 0)
			return false;
		last_ns = ns > last_ns ? ns : last_ns;
	}
	run_stop(r, last_ns);
	return true;
}

/* Requests and attempts to connect that came to nothing. */
static uint64_t run_failures(const struct outcome *o)
{
	uint64_t failures = o->window.failed;
	int i;

	for (i = 0; i < ERROR_NUMBERS; i++)
		failures += o->window.errors.by_errno[ERROR_CONNECT][i];
	return failures;
}

/* With no time limit, a server that has died would keep us for ever. One that is
 * not asked (a pause, a schedule with long gaps) has not died: nothing fails. */
static bool run_gives_up(struct run_state *r)
{
	const struct config *config = r->run.config;
	struct outcome *o = r->series.outcome;
	uint64_t now = clock_ns();

	if (config->duration_ns != UINT64_MAX)
		return false;
	if (o->window.ok != r->answers || now < r->run.start_ns) {
		r->answers = o->window.ok;
		r->failures = run_failures(o);
		r->last_answer_ns = now;
	}
	o->gave_up = run_failures(o) - r->failures >= RUN_FAILURES &&
		     now > r->last_answer_ns + config->timeout_ns +
				     2 * config->interval_ns;
	return o->gave_up;
}

static int run_until(struct run_state *r, uint64_t end_ns)
{
	int error = 0;

	while (!error && clock_ns() < end_ns) {
		if (run_interrupted || run_has_failed(r) ||
			run_nobody_there(r) || run_gives_up(r)) {
			run_stop(r, clock_ns());
			break;
		}
		if (run_all_finished(r))
			break;
		error = run_wait(r, end_ns);
		progress_show(&r->progress, clock_ns() - r->run.start_ns);
	}
	return error;
}

static int run_measure(struct run_state *r)
{
	int error;

	if (run_nobody_there(r) || run_has_failed(r)) {
		run_stop(r, clock_ns());
		return 0;
	}
	run_begin(r);
	error = run_until(r, r->run.start_ns);
	run_say_phase(r, "start\n");
	if (!error)
		error = run_until(r, r->run.stop_ns);
	run_say_phase(r, "stop\n");
	return error;
}

/* Collecting goes on until the last worker has ended: none of them is to wait
 * for a place to put its tally. */
static int run_join(struct run_state *r)
{
	int error = 0, result;
	bool told = false;
	uint64_t i;

	run_stop(r, clock_ns());
	for (i = 0; i < r->started; i++) {
		while (r->workers[i].place != UINT64_MAX) {
			result = run_wait(r, UINT64_MAX);
			error = error ? error : result;
			if (r->run.talking == 0 && !told)
				run_wake_workers(r);
			told = r->run.talking == 0;
		}
		pthread_join(r->workers[i].thread, NULL);
		if (r->workers[i].error && !error) {
			error = r->workers[i].error;
			log_warnx(
				"thread %u: %s", (unsigned)i, strerror(-error));
		}
	}
	result = series_collect(&r->series, r->workers, r->started);
	return error ? error : result;
}

/* ---- the sum of it ------------------------------------------------------ */

static void run_add_usage(struct outcome *o, const struct worker *w)
{
	double window_ns = (double)o->window_ns;
	const struct worker_usage *from = &w->usage_start, *to = &w->usage_stop;
	double cpu_ns = (double)(to->cpu_ns - from->cpu_ns);
	double delay_ns = (double)(to->delay_ns - from->delay_ns);
	double spun_ns = (double)(to->spun_ns - from->spun_ns);
	double share = cpu_ns / window_ns;
	double busy = (cpu_ns + delay_ns - spun_ns) / window_ns;

	o->threads[w->index].cpu_share = share;
	o->threads[w->index].busy_share = busy;
	o->cpu_seconds += cpu_ns / 1e9;
	if (share > o->cpu_share)
		o->cpu_share = share;
	if (busy > o->busy_share)
		o->busy_share = busy;
}

/* Once the series is complete. A thread may have begun an interval before it
 * learnt that the window had ended. */
static void run_add_due(struct outcome *o, const struct due *due)
{
	uint64_t last = o->interval_count - 1, i;

	o->due += due->total;
	o->overdue += due->overdue;
	for (i = 0; i < due->count && o->interval_count; i++)
		o->intervals[i < last ? i : last].due += due->counts[i];
}

static int run_sum_up(struct run_state *r, struct outcome *o)
{
	uint64_t i;
	int error;

	o->window_ns = r->run.stop_ns - r->run.start_ns;
	o->interrupted = run_interrupted;
	o->established = run_sum_established(r);
	if (o->established < o->minimum_live)
		o->minimum_live = o->established;
	o->clock = r->workers[0].clock;
	o->threads = calloc(r->count, sizeof(*o->threads));
	if (!o->threads)
		return -ENOMEM;
	for (i = 0; i < r->count; i++) {
		const struct worker *w = &r->workers[i];

		o->tried += w->tried;
		o->in_flight_start += w->in_flight_start;
		o->in_flight_stop += w->in_flight_stop;
		o->unsent += w->unsent;
		if (w->clock.correction_ns > o->clock.correction_ns)
			o->clock = w->clock;
		if (o->window_ns > 0)
			run_add_usage(o, w);
	}
	error = series_finish(&r->series);
	for (i = 0; i < r->count && !error; i++)
		run_add_due(o, &r->workers[i].due);
	return error;
}

/* Nothing was measured. The error that connections met says why. */
static int run_explain_nobody(const struct outcome *o)
{
	const char *server = o->config->server_text;
	int error;

	for (error = 1; error < ERROR_NUMBERS; error++)
		if (o->warmup.errors.by_errno[ERROR_CONNECT][error] +
			o->window.errors.by_errno[ERROR_CONNECT][error])
			break;
	if (error == EADDRNOTAVAIL)
		log_warnx("cannot connect to %s: no local port is left; name "
			  "more addresses with --source",
			server);
	else
		log_warnx("cannot connect to %s: %s", server,
			error < ERROR_NUMBERS ? strerror(error)
					      : "no connection");
	return -ECONNREFUSED;
}

/* What a thread needs, or all of them where they share a table. */
static uint64_t run_need_descriptors(
	const struct config *config, uint64_t threads, bool shared)
{
	uint64_t connections = config->connections;

	if (!shared)
		connections = (connections + threads - 1) / threads;
	return connections + 3 * threads + 16;
}

/* How many threads would have enough; 0: no number of them. */
static uint64_t run_enough_threads(
	const struct config *config, uint64_t limit, bool shared)
{
	uint64_t t = config->threads;

	while (t <= 1024 && t <= config->connections && !shared)
		if (run_need_descriptors(config, ++t, shared) <= limit)
			return t;
	return 0;
}

static int run_check_descriptors(const struct config *config, uint64_t *limit)
{
	bool shared = !socket_own_table();
	uint64_t need = run_need_descriptors(config, config->threads, shared);
	uint64_t threads;
	char more[64] = "";

	*limit = net_raise_descriptor_limit();
	if (need <= *limit)
		return 0;
	threads = run_enough_threads(config, *limit, shared);
	if (threads)
		snprintf(more, sizeof(more), " or use more threads (-t %u)",
			(unsigned)threads);
	log_warnx("%" PRIu64 " connections need %" PRIu64 " descriptors%s, but "
		  "the limit is %" PRIu64 ": raise it (ulimit -n)%s",
		config->connections, need, shared ? "" : " in a thread", *limit,
		more);
	return -EMFILE;
}

static int run_prepare(struct run_state *r, const struct config *config)
{
	uint64_t i;
	int error = 0;

	r->run.config = config;
	r->run.begin_ns = r->run.start_ns = r->run.stop_ns = UINT64_MAX;
	r->count = config->threads;
	r->run.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->run.wake_fd < 0)
		return -errno;
	r->run.talking = (unsigned)r->count;
	clock_init(&r->run.clock, config->counter);
	r->workers = calloc(r->count, sizeof(*r->workers));
	if (!r->workers)
		return -ENOMEM;
	if (config->workload->begin) {
		error = config->workload->begin(
			config->workload_options, connection_mail);
		r->begun = !error;
	}
	for (i = 0; i < r->count && !error; i++)
		error = worker_init(&r->workers[i], &r->run, (unsigned)i);
	return error;
}

/* Deliveries that have not come. */
static uint64_t run_end_workload(struct run_state *r)
{
	const struct config *config = r->run.config;

	if (!r->begun)
		return 0;
	r->begun = false;
	return config->workload->end(config->workload_options);
}

static void run_release(struct run_state *r)
{
	uint64_t i;

	for (i = 0; r->workers && i < r->count; i++)
		worker_release(&r->workers[i]);
	free(r->workers);
	run_end_workload(r);
	series_release(&r->series);
	if (r->run.wake_fd >= 0)
		close(r->run.wake_fd);
}

static int run_all_phases(struct run_state *r, struct outcome *outcome)
{
	int error, joined;

	run_catch_signals();
	error = crowd_start(&r->crowd, r->run.config, r->descriptors);
	if (!error)
		error = run_start_threads(r);
	if (!error)
		error = run_connect(r);
	if (!error)
		error = run_measure(r);
	joined = run_join(r);
	outcome->helpers = crowd_helpers(r->crowd);
	crowd_stop(r->crowd, outcome->crowd);
	progress_end(&r->progress);
	if (error || joined)
		return error ? error : joined;
	outcome->missing = run_end_workload(r);
	error = run_sum_up(r, outcome);
	if (!error && outcome->established == 0 && outcome->tried > 0 &&
		!run_interrupted)
		return run_explain_nobody(outcome);
	return error;
}

int run_workload(const struct config *config, struct outcome *outcome)
{
	struct run_state r = {.run.wake_fd = -1};
	int error = run_check_descriptors(config, &r.descriptors);

	if (error)
		return error;
	series_init(&r.series, &r.run, outcome);
	progress_init(&r.progress, outcome);
	error = run_prepare(&r, config);
	if (error)
		log_warnx("cannot set up the run: %s", strerror(-error));
	else
		error = run_all_phases(&r, outcome);
	run_release(&r);
	if (!error)
		outcome_judge(outcome);
	return error;
}
