/* SPDX-License-Identifier: MIT */
/* A sample's server, until it is ready. */
#include "compare/taking.h"

#include "common/clock.h"
#include "common/log.h"
#include "compare/arguments.h"
#include "compare/external.h"
#include "compare/outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXTERNAL_ASK_MS = 5, /* between two looks whether one is ready */
	USAGE = 64,	     /* EX_USAGE: the spec is wrong */
	UNAVAILABLE = 69,    /* EX_UNAVAILABLE: not on this machine */
};

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
		.board = t->board,
	};
	int rc = choose_address(t);

	call.port = t->port;
	return rc ? rc : arguments_of_server(args, &call);
}

static int server_start(struct taking *t)
{
	struct arguments args = {0};
	int ready[2], rc;
	int keep[] = {-1, t->server_json, t->board, -1};
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
	if (!rc) {
		t->session = t->server.pid;
		guard_watch(&t->sampler->guard, t->session);
	}
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

	if (child_wait(&t->server, TAKING_STOP_MS))
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
		rc = taking_wait(t, -1, taking_in_ms(EXTERNAL_ASK_MS));
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

int taking_server(struct taking *t, struct cell *cell)
{
	int rc = server_start(t);

	return rc ? rc : server_ready(t, cell);
}
