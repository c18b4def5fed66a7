/* SPDX-License-Identifier: MIT */
/*
 * prefork: a pool of processes, forked before anybody connects.
 *
 * IDEA      The forks are done in advance. Each child of the pool takes a
 *           connection, serves it to its end, and takes the next one. What is
 *           left is the question who takes it:
 *
 *           accept=shared     all wait in accept(); the kernel wakes one
 *           accept=select     all wait in select(); all wake, one wins: the
 *                             thundering herd, counted as accept_again
 *           accept=fcntl      who holds a record lock waits in accept()
 *           accept=flock      who holds a file lock
 *           accept=mutex      who holds a mutex in shared memory
 *           accept=pass       the parent accepts, and passes the descriptor
 *                             to an idle child over a Unix socket
 *           accept=reuseport  each child has a listener of its own, and the
 *                             kernel hashes connections to them
 *
 *                 parent: forks, replaces the dead, follows the load
 *                 child:  +-> (lock) accept (unlock) --> serve --> close --+
 *                         +-------------------------------------------------+
 *
 * CALLS     per connection: accept4 and close; two more for a file lock; for
 *                           pass: sendmsg, recvmsg, and a write that says
 *                           "idle again"
 *           per request:    recv, send
 * COSTS     No fork per connection. Each child is a process: some 100 KiB.
 * BREAKS    With all children busy the next client waits, however little the
 *           busy ones do: as many silent clients as children stall it. With
 *           reuseport one waits behind a busy child while others are idle,
 *           and the pool cannot follow the load.
 * USED BY   Apache (mpm_prefork), gunicorn, unicorn, PHP-FPM
 * READ      UNP chapter 30.7 to 30.9; servers/core/takers.c for each way to
 *           accept, servers/core/crew.h for the parent; then
 *           servers/prethread.c
 */
#include <errno.h>
#include <stdio.h>

#include "servers/core/model.h"
#include "servers/core/takers.h"

struct prefork_options {
	int accept;
	uint64_t workers, max_requests;
	struct crew_spare spare;
};

/* As the choices of accept= in prefork_table. */
static const enum take prefork_ways[] = {TAKE_SHARED, TAKE_SELECT, TAKE_FCNTL,
	TAKE_FLOCK, TAKE_MUTEX, TAKE_PASS, TAKE_REUSEPORT};

/* A child of the pool. */
static int prefork_work(struct seat *seat)
{
	const struct prefork_options *options = seat->server->model_options;
	struct taker t;
	int fd, error = taker_begin(&t, seat);

	if (error)
		return error;
	for (uint64_t served = 1; (fd = taker_next(&t)) >= 0; served++) {
		if (served == options->max_requests)
			taker_leave(&t); /* a fresh child takes the seat */
		serve_socket(&t.worker, fd);
	}
	taker_end(&t);
	return 0;
}

static int prefork_run(struct server *s)
{
	const struct prefork_options *options = s->model_options;
	struct takers pool = {
		.how = prefork_ways[options->accept],
		.crew =
			{
				.server = s,
				.kind = CREW_PROCESS,
				.workers = (unsigned)options->workers,
				.spare = options->spare,
				.work = prefork_work,
			},
	};

	return takers_run(&pool);
}

static int prefork_available(const struct server *s, char why[WHY_SIZE])
{
	const struct prefork_options *options = s->model_options;

	if (options->spare.min &&
		prefork_ways[options->accept] == TAKE_REUSEPORT) {
		snprintf(why, WHY_SIZE,
			"accept=reuseport needs a pool of a fixed size "
			"(min-spare=0): when a child leaves, the clients that "
			"the kernel has given to its listener are lost");
		return -EINVAL;
	}
	return crew_spare_check(&options->spare, why);
}

static const struct option_spec prefork_table[] = {
	{
		.name = "accept",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct prefork_options, accept),
		.choices = "shared,select,fcntl,flock,mutex,pass,reuseport",
		.preset = "shared",
		.help = "who takes the next connection",
	},
	{
		.name = "workers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct prefork_options, workers),
		.preset = "16",
		.min = 1,
		.max = 1024,
		.help = "children at the start",
	},
	CREW_SPARE_OPTIONS(struct prefork_options, spare),
	{
		.name = "max-requests",
		.type = OPTION_COUNT,
		.offset = offsetof(struct prefork_options, max_requests),
		.preset = "0",
		.help = "replace a child after so many connections; 0: never",
	},
	{0},
};

const struct server_model model_prefork = {
	.name = "prefork",
	.summary = "a pool of processes, each serving one connection at a time",
	.options = prefork_table,
	.options_size = sizeof(struct prefork_options),
	.available = prefork_available,
	.run = prefork_run,
};
