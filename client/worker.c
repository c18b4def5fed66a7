/* SPDX-License-Identifier: MIT */
#include "client/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/engine.h"
#include "client/socket.h"

#define WORKER_DRAIN_NS NS_PER_S
#define WORKER_SPIN_NS	(50 * NS_PER_US)

static int worker_init_connections(struct worker *w)
{
	const struct config *config = w->run->config;
	size_t state_size = (config->workload->state_size + 15) & ~(size_t)15;
	uint64_t n = w->connection_count, i;

	w->connections = calloc(n, sizeof(*w->connections));
	w->flights = calloc(n * config->pipeline, sizeof(*w->flights));
	w->states = calloc(n, state_size ? state_size : 1);
	if (!w->connections || !w->flights || !w->states)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct connection *c = &w->connections[i];

		c->worker = w;
		c->fd = -1;
		c->flights = &w->flights[i * config->pipeline];
		c->session.state = w->states + i * state_size;
		c->session.index = i * config->threads + w->index;
		c->backoff_ns = 10 * NS_PER_MS;
	}
	return timers_init(&w->timers, n);
}

int worker_init(struct worker *w, struct run *run, unsigned index)
{
	const struct config *config = run->config;
	int error;

	memset(w, 0, sizeof(*w));
	w->run = run;
	w->index = index;
	w->clock = run->clock;
	w->random = config->seed + 1000003ull * (index + 1);
	w->connection_count = config_share(config, config->connections, index);
	w->budget = UINT64_MAX;
	w->edge_ns = UINT64_MAX;
	w->drain_end_ns = UINT64_MAX;
	if (config->open_loop)
		arrivals_init(&w->arrivals, &config->profile, config->arrivals,
			index, config->threads, workload_random(&w->random));
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->wake_fd < 0)
		return -errno;
	error = tally_queue_init(&w->queue);
	if (!error)
		error = worker_init_connections(w);
	w->tally = tally_queue_current(&w->queue);
	return error;
}

void worker_release(struct worker *w)
{
	free(w->connections);
	free(w->flights);
	free(w->states);
	timers_release(&w->timers);
	due_release(&w->due);
	tally_queue_release(&w->queue);
	if (w->wake_fd > 0)
		close(w->wake_fd);
}

/* An eventfd cannot fail but by being full, and then it wakes all the same. */
static void worker_signal(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void worker_wake(struct worker *w)
{
	worker_signal(w->wake_fd);
}

void worker_woken(struct worker *w)
{
	uint64_t count;

	while (read(w->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

/* ---- what it uses itself ------------------------------------------------ */

/* The kernel may not count waiting times (CONFIG_SCHED_INFO): 0 then. */
static struct worker_usage worker_usage(const struct worker *w)
{
	struct worker_usage u = {.spun_ns = w->spun_ns};
	struct rusage r;
	FILE *f = fopen("/proc/thread-self/schedstat", "re");

	if (getrusage(RUSAGE_THREAD, &r) == 0)
		u.cpu_ns = clock_rusage_ns(&r);
	if (f) {
		if (fscanf(f, "%*u %" SCNu64, &u.delay_ns) != 1)
			u.delay_ns = 0;
		fclose(f);
	}
	return u;
}

/* ---- tallies and edges -------------------------------------------------- */

static void worker_begin_tally(
	struct worker *w, enum stretch stretch, uint64_t index)
{
	w->stretch = stretch;
	w->tally->stretch = stretch;
	w->tally->index = index;
	w->tally->down = w->down;
	w->place = worker_place(stretch, index);
	worker_signal(w->run->wake_fd);
}

static void worker_enter(struct worker *w, enum stretch stretch, uint64_t index)
{
	w->tally->stretch = w->stretch;
	w->tally = tally_queue_close(&w->queue);
	worker_begin_tally(w, stretch, index);
}

/* The load never waits for the main thread. Where that one is behind, the last
 * interval takes in this one too. */
static void worker_enter_interval(struct worker *w, uint64_t index)
{
	struct tally *next = tally_queue_close_interval(&w->queue);

	if (next == w->tally)
		return;
	w->tally = next;
	worker_begin_tally(w, STRETCH_WINDOW, index);
}

/* Arrivals that were due by `stop_ns` and still are: they found no connection
 * free. */
static uint64_t worker_count_unsent(struct worker *w, uint64_t stop_ns)
{
	uint64_t n = 0;

	if (!w->run->config->open_loop)
		return 0;
	for (; w->arrivals.next_ns < stop_ns && n < w->budget; n++)
		arrivals_take(&w->arrivals);
	return n;
}

/* The schedule says what was asked for until `ns`, which ends an interval or the
 * window. The thread may have slept through several. */
static void worker_count_due(struct worker *w, uint64_t ns)
{
	uint64_t interval_ns = w->run->config->interval_ns;
	uint64_t end_ns = w->run->start_ns + w->due.count * interval_ns;

	if (!w->run->config->open_loop)
		return;
	while (end_ns < ns && !w->due.error) {
		end_ns = ns - end_ns < interval_ns ? ns : end_ns + interval_ns;
		due_end_interval(&w->due, &w->arrivals, end_ns);
	}
}

static void worker_enter_drain(struct worker *w, uint64_t stop_ns)
{
	uint64_t timeout_ns = w->run->config->timeout_ns;

	w->in_flight_stop = w->in_flight;
	w->usage_stop = worker_usage(w);
	worker_count_due(w, stop_ns);
	due_end(&w->due, &w->arrivals);
	w->unsent = worker_count_unsent(w, stop_ns);
	w->edge_ns = UINT64_MAX;
	w->drain_end_ns =
		stop_ns +
		(timeout_ns < WORKER_DRAIN_NS ? timeout_ns : WORKER_DRAIN_NS);
}

/* The budget of -n is for the window; what is under way then counts in it. */
static void worker_set_budget(struct worker *w)
{
	const struct config *config = w->run->config;

	if (config->requests == UINT64_MAX)
		return;
	w->budget = config_share(config, config->requests, w->index);
	w->budget -= w->budget < w->in_flight ? w->budget : w->in_flight;
	worker_landed(w, 0);
}

static void worker_enter_window(struct worker *w)
{
	w->in_flight_start = w->in_flight;
	w->usage_start = worker_usage(w);
	worker_set_budget(w);
	if (w->run->config->open_loop)
		due_begin(&w->due, &w->arrivals, w->run->start_ns, w->budget);
}

void worker_cross(struct worker *w, uint64_t now)
{
	uint64_t start_ns = w->run->start_ns, stop_ns = w->run->stop_ns;
	uint64_t interval_ns = w->run->config->interval_ns, index;

	if (w->stretch == STRETCH_WARMUP) {
		worker_enter(w, STRETCH_WINDOW, 0);
		worker_enter_window(w);
	}
	if (now >= stop_ns) {
		worker_enter(w, STRETCH_DRAIN, 0);
		worker_enter_drain(w, stop_ns);
		return;
	}
	index = (now - start_ns) / interval_ns;
	worker_count_due(w, start_ns + index * interval_ns);
	if (index > w->tally->index)
		worker_enter_interval(w, index);
	w->edge_ns = start_ns + (index + 1) * interval_ns;
	if (w->edge_ns > stop_ns)
		w->edge_ns = stop_ns;
}

/* ---- requests ----------------------------------------------------------- */

bool worker_is_over(const struct worker *w)
{
	return w->stretch == STRETCH_DRAIN || w->budget == 0;
}

bool worker_take(struct worker *w, uint64_t now, uint64_t *intended_ns)
{
	if (now < w->run->begin_ns || worker_is_over(w))
		return false;
	if (!w->run->config->open_loop) {
		*intended_ns = now;
	} else {
		if (w->arrivals.next_ns > now)
			return false;
		*intended_ns = arrivals_take(&w->arrivals);
	}
	w->budget--;
	w->in_flight++;
	w->tally->sent++;
	return true;
}

void worker_landed(struct worker *w, uint64_t count)
{
	w->in_flight -= count;
	if (w->budget > 0 || w->in_flight > 0 || w->finished_ns)
		return;
	w->finished_ns = clock_read(&w->clock);
	worker_signal(w->run->wake_fd);
}

void worker_add_free(struct worker *w, struct connection *c)
{
	if (c->is_free)
		return;
	c->is_free = true;
	c->free_next = NULL;
	c->free_prev = w->free_tail;
	if (w->free_tail)
		w->free_tail->free_next = c;
	else
		w->free_head = c;
	w->free_tail = c;
}

void worker_remove_free(struct worker *w, struct connection *c)
{
	if (!c->is_free)
		return;
	c->is_free = false;
	if (c->free_prev)
		c->free_prev->free_next = c->free_next;
	else
		w->free_head = c->free_next;
	if (c->free_next)
		c->free_next->free_prev = c->free_prev;
	else
		w->free_tail = c->free_prev;
}

/* ---- mail --------------------------------------------------------------- */

/* The worker that this thread is; NULL in the main thread. */
static _Thread_local const struct worker *worker_self;

/* Whoever finds the box empty wakes its owner, unless he is the owner: his loop
 * looks before it sleeps. */
void worker_post(struct worker *w, struct connection *c)
{
	struct connection *before = w->mail;

	if (atomic_exchange(&c->mailed, true))
		return;
	do
		c->mail_next = before;
	while (!atomic_compare_exchange_weak(&w->mail, &before, c));
	if (!before && w != worker_self)
		worker_wake(w);
}

/* Each may come again while it is looked at, so its mark goes first. */
static void worker_open_mail(struct worker *w)
{
	struct connection *c, *next;

	while (w->mail && (c = atomic_exchange(&w->mail, NULL)))
		for (; c; c = next) {
			next = c->mail_next;
			c->mailed = false;
			connection_collect(c, worker_now(w));
		}
}

/* ---- the schedule ------------------------------------------------------- */

/* Sends what is due on connections that are free. What happens to be sent at
 * the end of another reply has waited for the server, not for us: only this
 * counts as our own lag. */
static void worker_dispatch(struct worker *w, uint64_t now)
{
	while (w->free_head && w->arrivals.next_ns <= now &&
		!worker_is_over(w)) {
		uint64_t due_ns = w->arrivals.next_ns;

		connection_next(w->free_head, now);
		histogram_record(w->tally->send_lag, now - due_ns);
		now = worker_now(w);
	}
}

/* ---- the loop ----------------------------------------------------------- */

static void worker_expire(struct worker *w, uint64_t now)
{
	struct timer *t;

	while ((t = timers_expire(&w->timers, now)))
		connection_wake(
			(struct connection *)((char *)t -
					      offsetof(struct connection,
						      timer)),
			worker_now(w));
}

/* Deadlines of requests are looked for, not timed: a scan now and then costs
 * less than a timer per request. */
static void worker_scan(struct worker *w, uint64_t now)
{
	uint64_t period_ns = w->run->config->timeout_ns / 8, i;

	if (now < w->scan_ns)
		return;
	if (period_ns > 250 * NS_PER_MS)
		period_ns = 250 * NS_PER_MS;
	else if (period_ns < NS_PER_MS)
		period_ns = NS_PER_MS;
	w->scan_ns = now + period_ns;
	for (i = 0; i < w->connection_count; i++)
		connection_check_timeout(&w->connections[i], now);
}

/* The first request of every connection, or all at once what is due. Each is
 * sent when its turn comes: the last of many has not been under way since the
 * first. */
static void worker_begin(struct worker *w)
{
	uint64_t i;

	w->begun = true;
	for (i = 0; i < w->connection_count; i++)
		connection_next(&w->connections[i], worker_now(w));
}

static uint64_t worker_deadline(const struct worker *w)
{
	uint64_t deadline_ns = w->scan_ns;
	uint64_t timer_ns = timers_next(&w->timers);

	if (timer_ns < deadline_ns)
		deadline_ns = timer_ns;
	if (!w->begun && w->run->begin_ns < deadline_ns)
		deadline_ns = w->run->begin_ns;
	if (w->edge_ns < deadline_ns)
		deadline_ns = w->edge_ns;
	if (w->drain_end_ns < deadline_ns)
		deadline_ns = w->drain_end_ns;
	if (w->run->config->open_loop && w->free_head && !worker_is_over(w) &&
		w->arrivals.next_ns - WORKER_SPIN_NS < deadline_ns)
		deadline_ns = w->arrivals.next_ns - WORKER_SPIN_NS;
	return deadline_ns;
}

/* Where members hear each other, none may go before all have been heard. */
static bool worker_all_quiet(struct worker *w)
{
	if (!w->run->config->workload->hear)
		return true;
	if (!w->quiet && atomic_fetch_sub(&w->run->talking, 1) == 1)
		worker_signal(w->run->wake_fd);
	w->quiet = true;
	return w->run->talking == 0;
}

static bool worker_drained(struct worker *w, uint64_t now, bool *said_farewell)
{
	uint64_t i;

	if (w->stretch != STRETCH_DRAIN)
		return false;
	if (now >= w->drain_end_ns)
		return true;
	if (w->in_flight > 0 || !worker_all_quiet(w))
		return false;
	if (w->run->config->workload->unreplied && !*said_farewell)
		for (i = 0; i < w->connection_count; i++)
			connection_farewell(&w->connections[i]);
	*said_farewell = true;
	return w->farewells == 0;
}

/* What the main thread has decided meanwhile. Where there is no warm-up, the
 * first request belongs to the window. */
static void worker_look(struct worker *w, uint64_t now)
{
	bool begins = !w->begun && w->run->begin_ns <= now;

	if (begins && w->run->config->open_loop)
		arrivals_begin(&w->arrivals, w->run->begin_ns);
	if (w->stretch == STRETCH_WARMUP)
		w->edge_ns = w->run->start_ns;
	else if (w->stretch == STRETCH_WINDOW && w->run->stop_ns < w->edge_ns)
		w->edge_ns = w->run->stop_ns;
	if (now >= w->edge_ns)
		worker_cross(w, now);
	if (begins)
		worker_begin(w);
}

/* A wait that was not to sleep and brought nothing: not work, though the CPU
 * was busy with it. */
static void worker_spun(struct worker *w, uint64_t since)
{
	w->spun_ns += clock_read(&w->clock) - since;
	w->tally->syscalls--;
}

static int worker_loop(struct worker *w)
{
	const struct engine *engine = w->run->config->engine;
	bool said_farewell = false;
	int events = 0;

	while (events >= 0) {
		uint64_t now = worker_now(w), deadline_ns, since = 0;

		worker_look(w, now);
		worker_expire(w, now);
		worker_scan(w, now);
		if (w->run->config->open_loop)
			worker_dispatch(w, worker_now(w));
		worker_open_mail(w);
		if (worker_drained(w, now, &said_farewell))
			return 0;
		deadline_ns =
			w->run->config->busy_poll ? 0 : worker_deadline(w);
		if (deadline_ns <= now)
			since = clock_read(&w->clock);
		events = engine->wait(w, deadline_ns);
		if (events == 0 && since)
			worker_spun(w, since);
	}
	return events;
}

/* All at once, or at this worker's share of the rate. Connections that are
 * requests are made when requests may be. */
static void worker_connect(struct worker *w)
{
	const struct config *config = w->run->config;
	const double far_ns = 0x1p62;
	double gap_ns = 0;
	uint64_t i;

	if (config->connect_rate > 0)
		gap_ns = 1e9 * (double)config->threads / config->connect_rate;
	for (i = 0; i < w->connection_count; i++) {
		uint64_t now = clock_read(&w->clock);
		struct connection *c = &w->connections[i];

		if (gap_ns > 0)
			timers_set(&w->timers, &c->timer,
				now + (uint64_t)fmin(
					      (double)i * gap_ns, far_ns));
		else
			connection_next(c, now);
	}
}

void *worker_main(void *worker)
{
	struct worker *w = worker;
	const struct config *config = w->run->config;

	worker_self = w;
	if (config->cpus.count)
		w->error = cpu_list_apply_one(&config->cpus, w->index);
	/* Wake up when asked to, not up to 50 us later. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	socket_own_table();
	if (!w->error)
		w->error = config->engine->open(w);
	if (!w->error) {
		worker_connect(w);
		w->error = worker_loop(w);
		if (!w->error)
			w->error = w->due.error;
		config->engine->close(w);
	}
	w->tally = tally_queue_close(&w->queue);
	w->place = UINT64_MAX;
	worker_signal(w->run->wake_fd);
	return NULL;
}
