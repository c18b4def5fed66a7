/* SPDX-License-Identifier: MIT */
#include "compare/sampler.h"

#include "compare/external.h"
#include "compare/outcome.h"
#include "compare/taking.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int sampler_init(struct sampler *s, const struct plan *plan,
	const struct programs *programs, int stop_fd)
{
	int rc;

	*s = (struct sampler) {.programs = programs,
		.plan = plan,
		.stop_fd = stop_fd,
		.duration_ns = plan->duration_ns};
	if (parse_cpu_list(plan->server_cpus, &s->server_cpus) ||
		parse_cpu_list(plan->client_cpus, &s->client_cpus))
		return -EINVAL;
	s->cpus = cpu_list_join(&s->server_cpus, &s->client_cpus);
	pace_init(&s->pace, &s->server_cpus, &s->client_cpus);
	group_init(&s->group);
	rc = guard_start(&s->guard, &s->group);
	if (rc)
		group_release(&s->group);
	return rc;
}

void sampler_release(struct sampler *s)
{
	guard_stop(&s->guard);
	group_release(&s->group);
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

static void server_failed(struct taking *t, const char *how)
{
	char words[256], end[64];

	child_last_words(&t->server, words, sizeof(words));
	outcome_invalid(t->sample, "%s: %s%s%s", how,
		child_end(&t->server, end, sizeof(end)), words[0] ? ": " : "",
		words);
}

/* The server died under the load: that explains all else. */
static void check_server(struct taking *t, bool died)
{
	record_end(t);
	if (died && !ended_as_meant(t))
		server_failed(t, "the server died");
}

/* Told to stop, ours exits with 0, and has written its statistics by then. How
 * other people's servers end is their own affair. */
static void check_stop(struct taking *t)
{
	const char *model = t->cell->model;
	int status = t->server.status;

	if (external_named(model) || programs_is_peer(model) ||
		ended_as_meant(t))
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		server_failed(t, "told to stop, the server failed");
	else if (!json_is_object(t->sample->server))
		outcome_invalid(
			t->sample, "the server ended and left no statistics");
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
	int stopped = child_stop(&t->server, TAKING_STOP_MS);

	check_server(t, died);
	check_client(t);
	t->sample->client = read_json(t->client_json);
	t->sample->server = read_json(t->server_json);
	if (!died && !stopped)
		check_stop(t);
	if (!died && stopped == -ETIMEDOUT)
		outcome_note(t->sample,
			"the server did not end on SIGTERM and was killed");
	if (t->whole)
		outcome_usage(t->sample, &t->before, &t->after);
	outcome_server(t->sample);
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
		/* Calls are counted between the same edges as the cost. */
		if (t->sample->cpu_ns != FIELD_ABSENT)
			t->sample->syscalls =
				syscalls_read(t->sampler->counters,
					&t->sample->syscall_count);
		field_text(&t->sample->status, "counted");
	}
	return 0;
}

static int take(struct taking *t, struct cell *cell)
{
	int rc = taking_server(t, cell);

	if (rc || cell->skipped || t->sample->status)
		return rc;
	taking_memory(t, NULL, &t->sample->idle_pss_bytes);
	rc = taking_client(t);
	return rc ? rc : conclude(t);
}

static void close_all(struct taking *t)
{
	int *fds[] = {&t->ready, &t->phase, &t->client_json, &t->server_json,
		&t->board};

	child_release(&t->client);
	child_release(&t->server);
	session_kill(&t->sampler->group, t->session);
	guard_watch(&t->sampler->guard, 0);
	free(t->board_before);
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
		.board = memfd_create("scoreboard", MFD_CLOEXEC),
	};
	const struct pace_reading before = s->pace.now;
	int rc = 0;

	injection_read(&t.injection, json_object_get(cell->options, "inject"),
		s->plan->duration_ns);
	if (s->counters)
		syscalls_reset(s->counters);
	run_now(&sample->started);
	if (t.client_json < 0 || t.server_json < 0 || t.board < 0)
		rc = -errno;
	else
		rc = take(&t, cell);
	close_all(&t);
	if (!rc && !s->counters) {
		pace_look(&s->pace);
		outcome_pace(sample, &before, &s->pace.now);
	}
	return rc;
}
