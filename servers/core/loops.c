/* SPDX-License-Identifier: MIT */
/* One loop in the main thread, or a crew of loops. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "servers/core/loop.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"

/* What the crew's workers need to know. */
struct loops {
	int (*body)(struct loop *l);
	bool exclusive;
};

static int loops_one(struct server *s, struct seat *seat, struct slot *slot,
	const struct loops *loops)
{
	struct loop l = {
		.seat = seat,
		.exclusive = loops->exclusive,
		.copies = seat && seat->inbox >= 0 &&
			  seat->crew->kind == CREW_PROCESS,
	};
	int error = worker_init(&l.worker, s, slot, WORKER_LARGE);

	if (error)
		return error;
	error = loops->body(&l);
	worker_release(&l.worker);
	return error;
}

static int loops_work(struct seat *seat)
{
	const struct cpu_list *cpus = &seat->server->config.cpus;

	/* Each loop on a CPU of its own, as far as they go. */
	if (cpus->count > 1 && cpu_list_apply_one(cpus, seat->id) < 0)
		return -EINVAL;
	return loops_one(seat->server, seat, seat->slot, seat->crew->model);
}

int loops_run(struct server *s, const struct loops_options *options,
	int (*body)(struct loop *l))
{
	static const enum crew_accept accepts[] = {
		[LOOPS_SHARED] = CREW_SHARED,
		[LOOPS_EXCLUSIVE] = CREW_SHARED,
		[LOOPS_REUSEPORT] = CREW_REUSEPORT,
		[LOOPS_DISPATCH] = CREW_IN_TURN,
	};
	struct loops loops = {
		.body = body,
		.exclusive = options->accept == LOOPS_EXCLUSIVE,
	};
	struct crew crew = {
		.server = s,
		.kind = (enum crew_kind)options->kind,
		.accept = accepts[options->accept],
		.workers = (unsigned)options->workers,
		.work = loops_work,
		.model = &loops,
		.flags = SOCK_NONBLOCK,
	};

	if (options->workers == 1 && options->kind == CREW_THREAD &&
		options->accept <= LOOPS_EXCLUSIVE)
		return loops_one(s, NULL, &s->board->slots[0], &loops);
	return crew_run(&crew);
}

/* The options of a model that has no others. */
struct loops_alone {
	struct loops_options loops;
};

const struct option_spec loops_table[] = {
	LOOPS_OPTIONS(struct loops_alone, loops),
	{0},
};

int loops_no_exclusive(const struct server *s, char why[WHY_SIZE])
{
	const struct loops_options *options = s->model_options;

	if (options->accept != LOOPS_EXCLUSIVE)
		return 0;
	snprintf(why, WHY_SIZE,
		"accept=exclusive needs a kernel interface "
		"that can wake one waiter alone, as epoll's "
		"EPOLLEXCLUSIVE does: take shared, reuseport or "
		"dispatch");
	return -EOPNOTSUPP;
}
