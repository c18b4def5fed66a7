/* SPDX-License-Identifier: MIT */
/*
 * prethread: a pool of threads, created before anybody connects.
 *
 * IDEA      As prefork, with threads. Each takes a connection, serves it to
 *           its end, and takes the next one. Who takes it:
 *
 *           accept=mutex      who holds a mutex waits in accept()
 *           accept=shared     all wait in accept(); the kernel wakes one
 *           accept=queue      the main thread accepts and puts the descriptor
 *                             into a queue; idle threads wait at its other end
 *           accept=reuseport  each thread has a listener of its own
 *
 *                 main (queue):  accept --> [ fd fd fd ] --> thread
 *                 thread: +-> take --> recv, handler, send --> close --+
 *                         +---------------------------------------------+
 *
 * CALLS     per connection: accept4 and close; futex where threads wait for
 *                           the mutex or the queue
 *           per request:    recv, send
 * COSTS     No creation per connection; stacks for the pool only.
 * BREAKS    With all threads busy the next client waits, even if the busy ones
 *           wait for silent clients: a pool is for short connections, or must
 *           be as large as the number of clients.
 * USED BY   Apache (mpm_worker), Java's classic thread pools, MySQL's
 *           thread cache
 * READ      UNP chapter 30.11 and 30.12; pthread_cond_wait(3); then
 *           servers/pool.c, where a thread is bound for a request only
 */
#include <errno.h>
#include <pthread.h>

#include "servers/core/fd_queue.h"
#include "servers/core/model.h"

enum prethread_accept {
	PRETHREAD_MUTEX,
	PRETHREAD_SHARED,
	PRETHREAD_QUEUE,
	PRETHREAD_REUSEPORT,
};

struct prethread_options {
	int accept;
	uint64_t workers, queue;
};

struct prethread {
	const struct prethread_options *options;
	pthread_mutex_t accepting; /* for accept=mutex */
	struct fd_queue queue;	   /* for accept=queue */
};

static bool prethread_has_room(struct crew *c)
{
	return fd_queue_has_room(&((struct prethread *)c->model)->queue);
}

static void prethread_put(struct crew *c, int fd)
{
	fd_queue_put(&((struct prethread *)c->model)->queue, fd);
}

static int prethread_take(struct seat *seat, struct fd_queue *queue)
{
	bool was_full = false;
	int fd = fd_queue_take(queue, &was_full);

	if (fd < 0)
		return fd;
	if (was_full)
		seat_idle(seat); /* the main thread may accept again */
	slot_add(&seat->slot->accepted, 1);
	return fd;
}

static int prethread_next(struct seat *seat, struct acceptor *a)
{
	struct prethread *pool = seat->crew->model;
	int fd;

	switch (pool->options->accept) {
	case PRETHREAD_QUEUE:
		return prethread_take(seat, &pool->queue);
	case PRETHREAD_MUTEX:
		pthread_mutex_lock(&pool->accepting);
		fd = signals_stopping() ? -EINTR : accept_blocking(a);
		pthread_mutex_unlock(&pool->accepting);
		return fd;
	default:
		return accept_blocking(a);
	}
}

/* What was accepted before the stop is still served. */
static bool prethread_goes_on(struct prethread *pool)
{
	return !signals_stopping() || fd_queue_length(&pool->queue) > 0;
}

static int prethread_work(struct seat *seat)
{
	struct prethread *pool = seat->crew->model;
	struct acceptor acceptor = {
		.server = seat->server,
		.slot = seat->slot,
		.listener = seat->listener,
	};
	struct worker w;
	int error = 0;

	if (pool->options->accept != PRETHREAD_QUEUE)
		error = accept_make_blocking(seat->listener);
	if (!error)
		error = worker_init(&w, seat->server, seat->slot, WORKER_LARGE);
	if (error)
		return error;
	seat_ready(seat);
	while (prethread_goes_on(pool)) {
		int fd = prethread_next(seat, &acceptor);

		if (fd >= 0)
			serve_socket(&w, fd);
		else
			accept_rest(fd);
	}
	worker_release(&w);
	return 0;
}

static int prethread_run(struct server *s)
{
	static const enum crew_accept accepts[] = {
		[PRETHREAD_MUTEX] = CREW_SHARED,
		[PRETHREAD_SHARED] = CREW_SHARED,
		[PRETHREAD_QUEUE] = CREW_TO_QUEUE,
		[PRETHREAD_REUSEPORT] = CREW_REUSEPORT,
	};
	const struct prethread_options *options = s->model_options;
	struct prethread pool = {
		.options = options,
		.accepting = PTHREAD_MUTEX_INITIALIZER,
	};
	struct crew crew = {
		.server = s,
		.kind = CREW_THREAD,
		.accept = accepts[options->accept],
		.workers = (unsigned)options->workers,
		.work = prethread_work,
		.model = &pool,
		.has_room = prethread_has_room,
		.put = prethread_put,
	};
	int error = fd_queue_init(&pool.queue, options->queue);

	if (!error)
		error = crew_run(&crew);
	fd_queue_release(&pool.queue);
	return error;
}

static const struct option_spec prethread_table[] = {
	{
		.name = "accept",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct prethread_options, accept),
		.choices = "mutex,shared,queue,reuseport",
		.preset = "mutex",
		.help = "who takes the next connection",
	},
	{
		.name = "workers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct prethread_options, workers),
		.preset = "16",
		.min = 1,
		.max = 4000,
		.help = "threads",
	},
	{
		.name = "queue",
		.type = OPTION_COUNT,
		.offset = offsetof(struct prethread_options, queue),
		.preset = "64",
		.min = 1,
		.max = 1000000,
		.help = "accept=queue: connections that may wait in it",
	},
	{0},
};

const struct server_model model_prethread = {
	.name = "prethread",
	.summary = "a pool of threads, each serving one connection at a time",
	.options = prethread_table,
	.options_size = sizeof(struct prethread_options),
	.run = prethread_run,
};
