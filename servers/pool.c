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
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "servers/core/model.h"
#include "servers/core/team.h"

struct pool_options {
	uint64_t workers;
};

/* A list of connections, linked by conn.model: a connection is in one at most.
 */
struct pool_list {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct conn *head, *tail;
	bool closed; /* nothing more will come */
};

struct pool {
	struct loop loop; /* first: the loop's functions are given this */
	struct pool_list jobs, done;
};

/* Returns true if the list was empty. */
static bool pool_put(struct pool_list *list, struct conn *c)
{
	bool empty;

	c->model = NULL;
	pthread_mutex_lock(&list->lock);
	empty = !list->head;
	if (empty)
		list->head = c;
	else
		list->tail->model = c;
	list->tail = c;
	pthread_cond_signal(&list->filled);
	pthread_mutex_unlock(&list->lock);
	return empty;
}

/* Waits for one; NULL when the list is closed. */
static struct conn *pool_take(struct pool_list *list)
{
	struct conn *c;

	pthread_mutex_lock(&list->lock);
	while (!list->head && !list->closed)
		pthread_cond_wait(&list->filled, &list->lock);
	c = list->head;
	if (c)
		list->head = c->model;
	pthread_mutex_unlock(&list->lock);
	return c;
}

static void pool_offload(struct loop *l, struct conn *c)
{
	pool_put(&((struct pool *)l)->jobs, c);
}

/* Takes back all that are done, in the order in which they were. */
static void pool_take_back(struct loop *l)
{
	struct pool *pool = (struct pool *)l;
	struct conn *c, *next;
	uint64_t count;

	if (read(l->notice.fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&pool->done.lock);
	c = pool->done.head;
	pool->done.head = NULL;
	pthread_mutex_unlock(&pool->done.lock);
	for (; c; c = next) {
		next = c->model;
		loop_back(l, c, 0);
	}
}

static void pool_work(void *model, struct worker *own)
{
	struct pool *pool = model;
	const uint64_t one = 1;
	struct conn *c;

	while ((c = pool_take(&pool->jobs))) {
		worker_tick(own);
		c->worker = own;
		conn_continue(c);
		if (pool_put(&pool->done, c) &&
			write(pool->loop.notice.fd, &one, sizeof(one)) < 0)
			log_warn("cannot wake the loop");
	}
}

static void pool_close(struct pool_list *list)
{
	pthread_mutex_lock(&list->lock);
	list->closed = true;
	pthread_cond_broadcast(&list->filled);
	pthread_mutex_unlock(&list->lock);
}

static int pool_serve(struct pool *pool, struct server *s, unsigned workers)
{
	struct team team = {.server = s, .run = pool_work, .model = pool};
	int error = team_start(&team, workers);

	if (!error)
		error = epoll_loop(&pool->loop);
	pool_close(&pool->jobs);
	team_join(&team);
	return error;
}

static int pool_run(struct server *s)
{
	const struct pool_options *options = s->model_options;
	struct pool pool = {
		.loop =
			{
				.edge = true,
				.offload = pool_offload,
				.on_notice = pool_take_back,
				.notice.fd =
					eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
			},
		.jobs = {.lock = PTHREAD_MUTEX_INITIALIZER,
			.filled = PTHREAD_COND_INITIALIZER},
		.done = {.lock = PTHREAD_MUTEX_INITIALIZER,
			.filled = PTHREAD_COND_INITIALIZER},
	};
	struct worker *w = &pool.loop.worker;
	int error;

	if (pool.loop.notice.fd < 0)
		return -errno;
	error = worker_init(w, s, &s->board->slots[0], WORKER_LARGE);
	w->deferred = true;
	if (!error)
		error = pool_serve(&pool, s, (unsigned)options->workers);
	worker_release(w);
	close(pool.loop.notice.fd);
	return error;
}

static const struct option_spec pool_table[] = {
	{
		.name = "workers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct pool_options, workers),
		.preset = "4",
		.min = 1,
		.max = 1024,
		.help = "threads that run handlers",
	},
	{0},
};

const struct server_model model_pool = {
	.name = "pool",
	.summary = "a loop does the I/O, a pool of threads runs the handlers",
	.options = pool_table,
	.options_size = sizeof(struct pool_options),
	.run = pool_run,
};
