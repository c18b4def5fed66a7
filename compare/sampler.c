/* SPDX-License-Identifier: MIT */
#include "compare/sampler.h"

#include "common/clock.h"
#include "common/log.h"
#include "compare/arguments.h"
#include "compare/child.h"
#include "compare/external.h"
#include "compare/inject.h"
#include "compare/outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TICK_MS = 200,
	EXTERNAL_ASK_MS = 5, /* between two looks whether one is */
	CONNECT_MS = 60000,  /* for a client to have its connections */
	LATE_MS = 60000,     /* beyond the time that was asked for */
	ORPHAN_MS = 3000,    /* for a client whose server has died */
	STOP_MS = 10000,     /* for a server to end after SIGTERM */
	USAGE = 64,	     /* EX_USAGE: the spec is wrong */
	UNAVAILABLE = 69,    /* EX_UNAVAILABLE: not on this machine */
};

/* All that is open while a sample is taken. */
struct taking {
	struct sampler *sampler;
	const struct cell *cell;
	struct sample *sample;
	struct child server, client;
	int ready, phase;	      /* the ends that we read */
	int client_json, server_json; /* files in memory */
	char address[128];
	int port; /* of a program that was told it; 0: it tells us */
	struct usage before, after;
	bool whole; /* both edges were read */
	struct injection injection;
	bool may_end;	   /* what was done to the server may end it */
	uint64_t ended_ns; /* and so it did; 0: not seen */
};

static struct cpu_list either(
	const struct cpu_list *a, const struct cpu_list *b)
{
	struct cpu_list both = {0};

	for (size_t i = 0; i < sizeof(both.bits) / sizeof(*both.bits); i++) {
		both.bits[i] = a->bits[i] | b->bits[i];
		both.count += (unsigned)__builtin_popcountll(both.bits[i]);
	}
	return both;
}

int sampler_init(struct sampler *s, const struct plan *plan,
	const struct programs *programs, int stop_fd)
{
	*s = (struct sampler) {.programs = programs,
		.plan = plan,
		.stop_fd = stop_fd,
		.duration_ns = plan->duration_ns};
	if (parse_cpu_list(plan->server_cpus, &s->server_cpus) ||
		parse_cpu_list(plan->client_cpus, &s->client_cpus))
		return -EINVAL;
	s->cpus = either(&s->server_cpus, &s->client_cpus);
	pace_init(&s->pace, &s->cpus);
	group_init(&s->group);
	return 0;
}

void sampler_release(struct sampler *s)
{
	group_release(&s->group);
}

/* ---- waiting -------------------------------------------------------------- */

/*
 * Waits until `fd` is readable. 0, -ETIMEDOUT, -EINTR when the user wants to
 * stop, or -ECHILD when the server or the client has ended and fd says
 * nothing. A server that is meant to end is no such news.
 */
static int taking_wait(struct taking *t, int fd, uint64_t until_ns)
{
	struct pollfd p[] = {
		{.fd = fd, .events = POLLIN},
		{.fd = t->sampler->stop_fd, .events = POLLIN},
		{.fd = t->ended_ns ? -1 : t->server.pidfd, .events = POLLIN},
		{.fd = t->client.pid ? t->client.pidfd : -1, .events = POLLIN},
	};

	for (;;) {
		uint64_t now = clock_ns();
		uint64_t left = until_ns > now ? until_ns - now : 0;
		int ms = (int)((left + NS_PER_MS - 1) / NS_PER_MS);
		int n = poll(p, 4, ms < TICK_MS ? ms : TICK_MS);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[1].revents)
			return -EINTR;
		if (n > 0 && p[0].revents)
			return 0;
		if (n > 0 && p[2].revents && t->may_end) {
			t->ended_ns = now = clock_ns();
			p[2].fd = -1;
			p[2].revents = 0;
			n = p[3].revents != 0;
		}
		if (n > 0)
			return -ECHILD;
		if (clock_ns() >= until_ns)
			return -ETIMEDOUT;
		if (t->sampler->tick)
			t->sampler->tick(t->sampler->tick_data);
	}
}

/* Reads one line. 0, -EPIPE at the end of the file, or as taking_wait(). */
static int taking_line(
	struct taking *t, int fd, uint64_t until_ns, char *line, size_t size)
{
	size_t used = 0;

	for (;;) {
		int rc = taking_wait(t, fd, until_ns);

		if (rc)
			return rc;
		if (read(fd, line + used, 1) != 1)
			return -EPIPE;
		if (line[used] == '\n') {
			line[used] = '\0';
			return 0;
		}
		if (used < size - 1)
			used++;
	}
}

static uint64_t in_ms(uint64_t ms)
{
	return clock_ns() + ms * NS_PER_MS;
}

/* ---- the server ----------------------------------------------------------- */

/* A program of any kind is told its port; ours find one and say it. */
static int choose_address(struct taking *t)
{
	int port = external_named(t->cell->model) ? external_port() : 0;

	if (port < 0)
		return port;
	t->port = port;
	snprintf(t->address, sizeof(t->address), "127.0.0.1:%d", port);
	return 0;
}

static int server_args(struct taking *t, struct arguments *args, int ready)
{
	struct server_call call = {
		.programs = t->sampler->programs,
		.plan = t->sampler->plan,
		.cell = t->cell,
		.listen = t->address,
		.ready = ready,
		.stats = t->server_json,
	};
	int rc = choose_address(t);

	call.port = t->port;
	return rc ? rc : arguments_of_server(args, &call);
}

static int server_start(struct taking *t)
{
	struct arguments args = {0};
	int ready[2], rc;
	int keep[] = {-1, t->server_json, -1};
	struct child_setup setup = {
		.argv = args.at,
		.cpus = &t->sampler->server_cpus,
		.keep = keep,
		.group = t->sampler->group.procs,
		.output = -1,
		.descriptors = t->injection.descriptors,
	};

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	keep[0] = ready[1];
	rc = server_args(t, &args, ready[1]);
	if (!rc)
		rc = child_start(&t->server, &setup);
	close(ready[1]);
	t->ready = ready[0];
	arguments_release(&args);
	return rc;
}

/* The server ended before it was ready: not available, or broken. */
static int server_refused(struct taking *t, struct cell *cell)
{
	char words[256], end[64];
	int status = -1;

	if (child_wait(&t->server, STOP_MS))
		return outcome_invalid(t->sample,
			t->port ? "the server did not listen on port %d"
				: "the server closed its ready pipe and said "
				  "no address",
			t->port);
	child_last_words(&t->server, words, sizeof(words));
	if (WIFEXITED(t->server.status))
		status = WEXITSTATUS(t->server.status);
	if (status == USAGE) {
		log_warnx("%s: %s", cell->model, words);
		return -EINVAL;
	}
	if (status == UNAVAILABLE) {
		field_text(&cell->skipped, words[0] ? words : "not available");
		return 0;
	}
	return outcome_invalid(t->sample, "the server did not start: %s%s%s",
		words[0] ? words : "no word from it, ", words[0] ? ", " : "",
		child_end(&t->server, end, sizeof(end)));
}

/* Nothing tells when a program of any kind listens: it is asked. */
static int external_await(struct taking *t, uint64_t until_ns)
{
	int rc;

	do {
		rc = taking_wait(t, -1, in_ms(EXTERNAL_ASK_MS));
		if (rc == -ETIMEDOUT)
			rc = external_ready(t->port);
	} while (!rc && clock_ns() < until_ns);
	return rc > 0 ? 0 : rc ? rc : -ETIMEDOUT;
}

static bool any_valid(const struct cell *cell)
{
	for (size_t i = 0; i < cell->sample_count; i++)
		if (sample_is_valid(&cell->samples[i]))
			return true;
	return false;
}

/* It is not waited for again in each round, unless it has been ready before. */
static int server_late(struct taking *t, struct cell *cell)
{
	uint64_t limit_ns = t->sampler->plan->start_ns;
	char time[32], words[200], why[256];

	child_last_words(&t->server, words, sizeof(words));
	snprintf(why, sizeof(why), "the server was not ready within %s%s%s",
		format_time(limit_ns, time, sizeof(time)), words[0] ? ": " : "",
		words);
	if (any_valid(cell))
		return outcome_invalid(t->sample, "%s", why);
	field_text(&cell->skipped, why);
	return 0;
}

static int server_ready(struct taking *t, struct cell *cell)
{
	const uint64_t until = clock_ns() + t->sampler->plan->start_ns;
	int rc = t->port ? external_await(t, until)
			 : taking_line(t, t->ready, until, t->address,
				   sizeof(t->address));

	if (rc == -EPIPE || rc == -ECHILD)
		return server_refused(t, cell);
	return rc == -ETIMEDOUT ? server_late(t, cell) : rc;
}

/* Memory with connections or without, not in the measured window. */
static void take_memory(struct taking *t, int64_t *rss, int64_t *pss)
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

/* ---- the client ----------------------------------------------------------- */

static int client_args(struct taking *t, struct arguments *args, int phase)
{
	struct client_call call = {
		.programs = t->sampler->programs,
		.plan = t->sampler->plan,
		.cell = t->cell,
		.address = t->address,
		.duration_ns = t->sampler->duration_ns,
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
		take_memory(t, &t->sample->rss_bytes, &t->sample->pss_bytes);
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

/* The server's cost up to the end of the window, if it still lives. */
static int usage_at_stop(struct taking *t)
{
	int rc;

	if (t->sampler->counters)
		syscalls_stop(t->sampler->counters);
	rc = usage_read(&t->sampler->group, t->server.pid, &t->sampler->cpus,
		&t->after);

	t->whole = !rc && !t->ended_ns;
	return t->may_end ? 0 : rc;
}

/* From the first connection to the end of the window. */
static int watch_window(struct taking *t)
{
	const struct plan *plan = t->sampler->plan;
	const struct group *group = &t->sampler->group;
	const struct cpu_list *cpus = &t->sampler->cpus;
	uint64_t asked =
		(plan->warmup_ns + t->sampler->duration_ns) / NS_PER_MS;
	int rc = phase_await(t, "connected", in_ms(CONNECT_MS));

	if (!rc)
		rc = warm_up(t);
	if (!rc)
		rc = phase_await(t, "start", in_ms(asked + LATE_MS));
	if (!rc && t->sampler->counters)
		syscalls_start(t->sampler->counters);
	if (!rc)
		rc = usage_read(group, t->server.pid, cpus, &t->before);
	if (!rc)
		rc = await_stop(t, in_ms(asked + LATE_MS));
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
	int rc = taking_wait(t, t->client.pidfd, in_ms(asked + LATE_MS));

	if (rc == 0)
		rc = child_wait(&t->client, LATE_MS);
	else if (rc == -ECHILD)
		rc = child_wait(&t->client, (int)asked + ORPHAN_MS);
	return rc;
}

static int client_run(struct taking *t)
{
	int rc = client_start(t);

	if (!rc)
		rc = watch_window(t);
	if (rc == -EINTR)
		return rc;
	/* Whatever went wrong, the client knows more about it. */
	return client_finish(t) == -EINTR ? -EINTR : 0;
}

/* ---- what came of it ------------------------------------------------------ */

static json_t *read_json(int fd)
{
	json_t *value;
	FILE *file;

	lseek(fd, 0, SEEK_SET);
	file = fdopen(dup(fd), "r");
	value = file ? json_loadf(file, 0, NULL) : NULL;
	if (file)
		fclose(file);
	return value;
}

/* How it should end when it was asked to, or killed. */
static bool ended_as_meant(const struct taking *t)
{
	int status = t->server.status;

	if (!t->may_end)
		return false;
	return t->injection.kind == INJECT_KILL
		       ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
		       : WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* How long it took to end, where that was seen. */
static void record_end(struct taking *t)
{
	json_t *at = json_object_get(t->sample->inject, "at_ns");
	uint64_t since_ns = t->before.at_ns + (uint64_t)json_integer_value(at);

	if (t->ended_ns)
		json_object_set_new(t->sample->inject, "ended_after_ns",
			json_integer((json_int_t)(t->ended_ns - since_ns)));
}

/* The server died under the load: that explains all else. */
static void check_server(struct taking *t, bool died)
{
	char words[256], end[64];

	record_end(t);
	if (!died || ended_as_meant(t))
		return;
	child_last_words(&t->server, words, sizeof(words));
	outcome_invalid(t->sample, "the server died: %s%s%s",
		child_end(&t->server, end, sizeof(end)), words[0] ? ": " : "",
		words);
}

static void check_client(struct taking *t)
{
	char words[256], end[64];

	if (t->client.pid || WIFSIGNALED(t->client.status) ||
		(WEXITSTATUS(t->client.status) != 0 &&
			WEXITSTATUS(t->client.status) != 3)) {
		child_last_words(&t->client, words, sizeof(words));
		outcome_invalid(t->sample, "the client failed: %s (%s)",
			words[0] ? words : "no word from it",
			t->client.pid
				? "it did not end"
				: child_end(&t->client, end, sizeof(end)));
	}
}

/* Stops both programs and takes what they wrote. */
static int conclude(struct taking *t)
{
	bool died = child_reap(&t->server) != -EAGAIN;
	int stopped = child_stop(&t->server, STOP_MS);

	check_server(t, died);
	check_client(t);
	t->sample->client = read_json(t->client_json);
	t->sample->server = read_json(t->server_json);
	outcome_server(t->sample);
	if (!died && stopped == -ETIMEDOUT)
		outcome_note(t->sample,
			"the server did not end on SIGTERM and was killed");
	if (t->whole)
		outcome_usage(t->sample, &t->before, &t->after);
	if (!outcome_client(t->sample, &t->sampler->plan->tolerate))
		outcome_switches(
			t->sample, &t->before, &t->after, &t->server.usage);
	if (t->whole)
		outcome_noise(t->sample, &t->before, &t->after,
			t->sampler->cpus.count);
	if (t->sample->server && (!died || ended_as_meant(t)))
		outcome_agreement(t->sample);
	if (!t->sample->status)
		field_text(&t->sample->status, "valid");
	if (t->sampler->counters && sample_is_valid(t->sample)) {
		t->sample->syscalls = syscalls_read(
			t->sampler->counters, &t->sample->syscall_count);
		field_text(&t->sample->status, "counted");
	}
	return 0;
}

static int take(struct taking *t, struct cell *cell)
{
	int rc = server_start(t);

	if (!rc)
		rc = server_ready(t, cell);
	if (rc || cell->skipped || t->sample->status)
		return rc;
	take_memory(t, NULL, &t->sample->idle_pss_bytes);
	rc = client_run(t);
	return rc ? rc : conclude(t);
}

static void close_all(struct taking *t)
{
	int *fds[] = {&t->ready, &t->phase, &t->client_json, &t->server_json};

	child_release(&t->client);
	child_release(&t->server);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
}

int sampler_take(struct sampler *s, struct cell *cell, struct sample *sample)
{
	struct taking t = {
		.sampler = s,
		.cell = cell,
		.sample = sample,
		.server = {.pidfd = -1, .errors = -1},
		.client = {.pidfd = -1, .errors = -1},
		.ready = -1,
		.phase = -1,
		.client_json = memfd_create("client.json", MFD_CLOEXEC),
		.server_json = memfd_create("server.json", MFD_CLOEXEC),
	};
	double before = s->pace.now;
	int rc = 0;

	injection_read(&t.injection, json_object_get(cell->options, "inject"),
		s->plan->duration_ns);
	if (s->counters)
		syscalls_reset(s->counters);
	run_now(&sample->started);
	if (t.client_json < 0 || t.server_json < 0)
		rc = -errno;
	else
		rc = take(&t, cell);
	close_all(&t);
	if (!rc && !s->counters)
		outcome_pace(sample, before, pace_slowdown(&s->pace));
	return rc;
}
