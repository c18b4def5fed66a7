/* SPDX-License-Identifier: MIT */
/* A sample's client, and the window that it announces. */
#include "compare/taking.h"

#include "common/clock.h"
#include "compare/arguments.h"
#include "compare/outcome.h"
#include "compare/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECT_MS = 60000, /* for a client to have its connections */
	LATE_MS = 60000,    /* beyond the time that was asked for */
	ORPHAN_MS = 3000,   /* for a client whose server has died */
};

void taking_memory(struct taking *t, int64_t *rss, int64_t *pss)
{
	struct memory m;
	uint64_t budget = t->sampler->plan->warmup_ns / 2 + 50 * NS_PER_MS;

	if (memory_read(&t->sampler->group, t->server.pid, budget, &m))
		return;
	if (rss)
		*rss = (int64_t)m.rss_bytes;
	if (m.pss_bytes)
		*pss = (int64_t)m.pss_bytes;
}

/* The same for all of a round, which are compared with each other, and another in
 * each: what random arrivals make of a figure is part of its interval. */
static uint64_t seed_of(const struct taking *t)
{
	return t->sampler->plan->seed + (uint64_t)t->sample->round;
}

static int client_args(struct taking *t, struct arguments *args, int phase)
{
	struct client_call call = {
		.programs = t->sampler->programs,
		.plan = t->sampler->plan,
		.cell = t->cell,
		.address = t->address,
		.duration_ns = t->sampler->duration_ns,
		.seed = seed_of(t),
		.json = t->client_json,
		.phase = phase,
	};

	return arguments_of_client(args, &call);
}

static int client_start(struct taking *t)
{
	struct arguments args = {0};
	int phase[2], rc;
	int keep[] = {-1, t->client_json, -1};
	struct child_setup setup = {
		.argv = args.at,
		.cpus = &t->sampler->client_cpus,
		.keep = keep,
		.group = -1,
		.output = -1,
	};

	if (pipe2(phase, O_CLOEXEC))
		return -errno;
	keep[0] = phase[1];
	rc = client_args(t, &args, phase[1]);
	if (!rc)
		rc = child_start(&t->client, &setup);
	close(phase[1]);
	t->phase = phase[0];
	arguments_release(&args);
	return rc;
}

/* Reads phases until the one that is wanted. */
static int phase_await(struct taking *t, const char *wanted, uint64_t until_ns)
{
	char line[32];
	int rc;

	do
		rc = taking_line(t, t->phase, until_ns, line, sizeof(line));
	while (!rc && strcmp(line, wanted));
	return rc;
}

/*
 * Memory is read late in the warm-up: by then each connection has been served,
 * and reading it costs the measured window nothing.
 */
static int warm_up(struct taking *t)
{
	uint64_t warmup = t->sampler->plan->warmup_ns;
	int rc = taking_wait(t, t->phase, clock_ns() + warmup / 2);

	if (rc == -ETIMEDOUT || rc == 0)
		taking_memory(t, &t->sample->rss_bytes, &t->sample->pss_bytes);
	return rc == -ETIMEDOUT ? 0 : rc;
}

/* What was done to the server, as it is kept with the sample. */
static void record_injection(struct taking *t, pid_t pid, uint64_t done_ns)
{
	t->sample->inject = json_pack("{s:s, s:i, s:I, s:b}", "what",
		injection_name(&t->injection), "pid", (int)pid, "at_ns",
		(json_int_t)(done_ns - t->before.at_ns), "leader",
		pid == t->server.pid);
}

/* Does to the server what the experiment wants, and waits until it is over. */
static int inject(struct taking *t)
{
	const struct injection *in = &t->injection;
	uint64_t now = clock_ns();
	pid_t pid;
	int rc = -ETIMEDOUT;

	t->may_end = in->kind != INJECT_FREEZE;
	pid = injection_begin(in, t->server.pid);
	if (pid < 0)
		return pid;
	record_injection(t, pid, now);
	if (in->kind == INJECT_FREEZE) {
		rc = phase_await(t, "stop", now + in->for_ns);
		injection_end(in, t->server.pid);
	}
	return rc;
}

/* Waits for the end of the window. */
static int await_stop(struct taking *t, uint64_t until_ns)
{
	const struct injection *in = &t->injection;
	int rc = -ETIMEDOUT;

	if (in->kind != INJECT_NOTHING)
		rc = phase_await(t, "stop", t->before.at_ns + in->at_ns);
	if (rc == -ETIMEDOUT && in->kind != INJECT_NOTHING)
		rc = inject(t);
	return rc == -ETIMEDOUT ? phase_await(t, "stop", until_ns) : rc;
}

/* What the server's workers did since the beginning of the window. */
static void workers_at_stop(struct taking *t)
{
	struct scoreboard *after = workers_read(t->board);

	if (t->board_before && after)
		t->sample->server_window =
			workers_between(t->board_before, after);
	free(after);
}

/* Its cost now. What is read later than this is not of the edge any more. */
static int usage_now(struct taking *t, struct usage *u)
{
	uint64_t budget_ns = (uint64_t)((double)t->sampler->duration_ns *
					OUTCOME_EDGE_SHARE);

	if (budget_ns < OUTCOME_EDGE_LEAST_NS)
		budget_ns = OUTCOME_EDGE_LEAST_NS;
	return usage_read(&t->sampler->group, t->server.pid, &t->sampler->cpus,
		budget_ns, u);
}

/* The server's cost up to the end of the window, if it still lives. */
static int usage_at_stop(struct taking *t)
{
	int rc;

	if (t->sampler->counters)
		syscalls_stop(t->sampler->counters);
	workers_at_stop(t);
	rc = usage_now(t, &t->after);
	t->whole = !rc && !t->ended_ns;
	return t->may_end ? 0 : rc;
}

/* From the first connection to the end of the window. */
static int watch_window(struct taking *t)
{
	const struct plan *plan = t->sampler->plan;
	uint64_t asked =
		(plan->warmup_ns + t->sampler->duration_ns) / NS_PER_MS;
	int rc = phase_await(t, "connected", taking_in_ms(CONNECT_MS));

	if (!rc)
		rc = warm_up(t);
	if (!rc)
		rc = phase_await(t, "start", taking_in_ms(asked + LATE_MS));
	if (!rc && t->sampler->counters)
		syscalls_start(t->sampler->counters);
	if (!rc)
		t->board_before = workers_read(t->board);
	if (!rc)
		rc = usage_now(t, &t->before);
	if (!rc)
		rc = await_stop(t, taking_in_ms(asked + LATE_MS));
	if (!rc)
		rc = usage_at_stop(t);
	return rc;
}

/* Waits for the client's end while the user may still want to stop. Without a
 * server it has not much to wait for. */
static int client_finish(struct taking *t)
{
	const struct plan *plan = t->sampler->plan;
	uint64_t asked =
		(plan->warmup_ns + t->sampler->duration_ns) / NS_PER_MS;
	int rc = taking_wait(t, t->client.pidfd, taking_in_ms(asked + LATE_MS));

	if (rc == 0)
		rc = child_wait(&t->client, LATE_MS);
	else if (rc == -ECHILD)
		rc = child_wait(&t->client, (int)asked + ORPHAN_MS);
	return rc;
}

int taking_client(struct taking *t)
{
	int rc = client_start(t);

	if (!rc)
		rc = watch_window(t);
	if (rc == -EINTR)
		return rc;
	/* Whatever went wrong, the client knows more about it. */
	return client_finish(t) == -EINTR ? -EINTR : 0;
}
