/* SPDX-License-Identifier: MIT */
/*
 * pool: a loop does the I/O, a pool of threads runs the handlers.
 *
 * IDEA      Half-sync/half-async. One epoll loop reads and writes for all
 *           connections. What it has read is a job: a thread of the pool runs
 *           the handler on it, and gives the connection back to the loop,
 *           which sends the reply.
 *
 *                 loop:   +-> epoll_wait --> recv --> [ job job job ]
 *                         |                                |
 *                         +-- send <-- [ done ] <-- thread: handler
 *
 * CALLS     per connection: accept4, epoll_ctl, close
 *           per request:    recv, send, a share of one epoll_wait; futex to
 *                           wake a thread, a write and a read to wake the loop
 *           (when both are busy, nobody needs to be woken)
 * COSTS     Two handovers a request, each a switch between threads: for a
 *           cheap handler far more than the handler itself.
 * BREAKS    The queue is a place where time passes unseen: with more load
 *           than the pool can do, requests wait in it, in order. As many
 *           handlers that block as there are threads stall the rest.
 * GIVES     A handler may compute or block without holding up the I/O of the
 *           others, and uses several CPUs, with threads for the requests in
 *           work, not for all connections.
 * USED BY   Netty and gRPC with executors, MySQL's thread pool, nginx thread
 *           pools (for file reads)
 * READ      Schmidt et al., "Pattern-Oriented Software Architecture 2",
 *           Half-Sync/Half-Async; then servers/leader.c, which does without
 *           the handover
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "servers/core/conn_queue.h"
#include "servers/core/model.h"
#include "servers/core/team.h"

struct pool {
	struct loop loop; /* first: the loop's functions are given this */
	struct conn_queue jobs, done;
};

/* The loop has read something: a job. */
static void pool_offload(struct loop *l, struct conn *c)
{
	conn_queue_put(&((struct pool *)l)->jobs, c);
}

/* A thread: runs handlers, and wakes the loop if it may be asleep. */
static void pool_work(void *model, struct worker *own)
{
	struct pool *pool = model;
	const uint64_t one = 1;
	struct conn *c;

	while ((c = conn_queue_take(&pool->jobs))) {
		worker_tick(own);
		c->worker = own;
		conn_continue(c);
		if (conn_queue_put(&pool->done, c) &&
			write(pool->loop.notice.fd, &one, sizeof(one)) < 0)
			log_warn("cannot wake the loop");
	}
}

/* The loop takes back all that are done, in the order in which they were. */
static void pool_take_back(struct loop *l)
{
	struct conn *c, *next;
	uint64_t count;

	if (read(l->notice.fd, &count, sizeof(count)) < 0)
		return;
	for (c = conn_queue_take_all(&((struct pool *)l)->done); c; c = next) {
		next = c->model;
		loop_back(l, c, 0);
	}
}

static int pool_serve(struct pool *pool, struct server *s)
{
	const struct team_options *options = s->model_options;
	struct team team = {.server = s, .run = pool_work, .model = pool};
	int error = team_start(&team, (unsigned)options->workers);

	if (!error)
		error = epoll_loop(&pool->loop);
	conn_queue_close(&pool->jobs);
	team_join(&team);
	return error;
}

static int pool_run(struct server *s)
{
	struct pool pool = {
		.loop.edge = true,
		.loop.offload = pool_offload,
		.loop.on_notice = pool_take_back,
		.loop.notice.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.jobs = CONN_QUEUE_EMPTY,
		.done = CONN_QUEUE_EMPTY,
	};
	struct worker *w = &pool.loop.worker;
	int error;

	if (pool.loop.notice.fd < 0)
		return -errno;
	error = worker_init(w, s, &s->board->slots[0], WORKER_LARGE);
	w->deferred = true;
	if (!error)
		error = pool_serve(&pool, s);
	worker_release(w);
	close(pool.loop.notice.fd);
	return error;
}

const struct server_model model_pool = {
	.name = "pool",
	.summary = "a loop does the I/O, a pool of threads runs the handlers",
	.options = team_table,
	.options_size = sizeof(struct team_options),
	.run = pool_run,
};
