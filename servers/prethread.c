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
 * READ      UNP chapter 30.11 and 30.12; servers/core/takers.c for each way
 *           to accept; then servers/pool.c, where a thread is bound for a
 *           request only
 */
#include "servers/core/model.h"
#include "servers/core/takers.h"

struct prethread_options {
	int accept;
	uint64_t workers, queue;
};

/* A thread of the pool. */
static int prethread_work(struct seat *seat)
{
	struct taker t;
	int fd, error = taker_begin(&t, seat);

	if (error)
		return error;
	while ((fd = taker_next(&t)) >= 0)
		serve_socket(&t.worker, fd);
	taker_end(&t);
	return 0;
}

static int prethread_run(struct server *s)
{
	static const enum take ways[] = {
		TAKE_MUTEX, TAKE_SHARED, TAKE_QUEUE, TAKE_REUSEPORT};
	const struct prethread_options *options = s->model_options;
	struct takers pool = {
		.how = ways[options->accept],
		.queue_size = options->queue,
		.crew =
			{
				.server = s,
				.kind = CREW_THREAD,
				.workers = (unsigned)options->workers,
				.work = prethread_work,
			},
	};

	return takers_run(&pool);
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
