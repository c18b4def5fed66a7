/* SPDX-License-Identifier: MIT */
#include "servers/core/team.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/log.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/worker.h"

const struct option_spec team_table[] = {
	{
		.name = "workers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct team_options, workers),
		.preset = "4",
		.min = 1,
		.max = 1024,
		.help = "threads that run handlers",
	},
	{0},
};

struct team_member {
	struct team *team;
	pthread_t id;
	struct worker worker;
};

static void *team_thread(void *argument)
{
	struct team_member *m = argument;

	signals_in_thread();
	board_enter(m->worker.slot);
	m->team->run(m->team->model, &m->worker);
	slot_add(&m->worker.slot->cpu_ns, thread_cpu_ns());
	return NULL;
}

static int team_add(struct team *t)
{
	struct team_member *m = &t->members[t->count];
	struct slot *slot = board_claim(t->server->board, SLOT_THREAD);
	int error = worker_init(&m->worker, t->server, slot, WORKER_LARGE);

	if (error)
		return error;
	m->team = t;
	error = signals_start_thread(&m->id, team_thread, m);
	if (error) {
		board_error(t->server->board, "thread", -error);
		board_bury(t->server->board, slot, 0);
		worker_release(&m->worker);
		return error;
	}
	t->count++;
	return 0;
}

int team_start(struct team *t, unsigned threads)
{
	int error = 0;

	t->count = 0;
	t->members = calloc(threads, sizeof(*t->members));
	if (!t->members)
		return -ENOMEM;
	while (!error && t->count < threads)
		error = team_add(t);
	if (!error)
		return 0;
	errno = -error;
	log_warn("only %u of %u threads could be started", t->count, threads);
	return t->count ? 0 : error;
}

void team_join(struct team *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		pthread_join(t->members[i].id, NULL);
		worker_release(&t->members[i].worker);
	}
	free(t->members);
}
