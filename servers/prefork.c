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
 *           reuseport one waits behind a busy child while others are idle.
 * USED BY   Apache (mpm_prefork), gunicorn, unicorn, PHP-FPM
 * READ      UNP chapter 30.7 to 30.9; servers/core/crew.h for the parent;
 *           then servers/prethread.c
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "servers/core/handoff.h"
#include "servers/core/lock.h"
#include "servers/core/model.h"

enum prefork_accept {
	PREFORK_SHARED,
	PREFORK_SELECT,
	PREFORK_FCNTL,
	PREFORK_FLOCK,
	PREFORK_MUTEX,
	PREFORK_PASS,
	PREFORK_REUSEPORT,
};

struct prefork_options {
	int accept;
	uint64_t workers, min_spare, max_spare, max_requests;
};

struct prefork {
	const struct prefork_options *options;
	struct lock lock; /* for fcntl, flock, mutex */
};

static bool prefork_locks(const struct prefork_options *options)
{
	return options->accept >= PREFORK_FCNTL &&
	       options->accept <= PREFORK_MUTEX;
}

static bool prefork_blocks(const struct prefork_options *options)
{
	return options->accept != PREFORK_SELECT &&
	       options->accept != PREFORK_PASS;
}

/* ---- the child: each way to the next connection ------------------------- */

static int prefork_select(struct acceptor *a)
{
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(a->listener, &readable);
	if (select(a->listener + 1, &readable, NULL, NULL, NULL) < 0)
		return -errno;
	return accept_try(a, 0); /* -EAGAIN: another one was faster */
}

static int prefork_locked(struct acceptor *a, struct lock *lock)
{
	int fd = lock_take(lock);

	if (fd < 0)
		return fd;
	fd = signals_stopping() ? -EINTR : accept_blocking(a);
	lock_give(lock);
	return fd;
}

static int prefork_receive(const struct seat *seat)
{
	struct pollfd inbox = {.fd = seat->inbox, .events = POLLIN};

	if (poll(&inbox, 1, -1) < 0)
		return -errno;
	return handoff_receive(seat->inbox, true);
}

static int prefork_next(struct seat *seat, struct acceptor *a)
{
	struct prefork *pool = seat->crew->model;

	switch (pool->options->accept) {
	case PREFORK_SELECT:
		return prefork_select(a);
	case PREFORK_PASS:
		return prefork_receive(seat);
	case PREFORK_SHARED:
	case PREFORK_REUSEPORT:
		return accept_blocking(a);
	default:
		return prefork_locked(a, &pool->lock);
	}
}

static int prefork_work(struct seat *seat)
{
	struct prefork *pool = seat->crew->model;
	const uint64_t max = pool->options->max_requests;
	struct acceptor acceptor = {
		.server = seat->server,
		.slot = seat->slot,
		.listener = seat->listener,
	};
	struct worker w;
	int error = lock_in_child(&pool->lock);

	if (!error && prefork_blocks(pool->options))
		error = accept_make_blocking(seat->listener);
	if (!error)
		error = worker_init(&w, seat->server, seat->slot, WORKER_LARGE);
	if (error)
		return error;
	seat_ready(seat);
	for (uint64_t served = 0; !signals_stopping();) {
		int fd = prefork_next(seat, &acceptor);

		if (fd < 0) {
			accept_rest(fd);
			continue;
		}
		atomic_store(&seat->slot->busy, 1);
		serve_socket(&w, fd);
		atomic_store(&seat->slot->busy, 0);
		if (pool->options->accept == PREFORK_PASS)
			seat_idle(seat);
		if (max && ++served >= max)
			break; /* a fresh child takes the seat */
	}
	worker_release(&w);
	return 0;
}

/* ---- the parent --------------------------------------------------------- */

static enum crew_accept prefork_crew_accept(int accept)
{
	if (accept == PREFORK_PASS)
		return CREW_TO_IDLE;
	return accept == PREFORK_REUSEPORT ? CREW_REUSEPORT : CREW_SHARED;
}

static int prefork_run(struct server *s)
{
	const struct prefork_options *options = s->model_options;
	struct prefork pool = {.options = options, .lock = {.fd = -1}};
	struct crew crew = {
		.server = s,
		.kind = CREW_PROCESS,
		.accept = prefork_crew_accept(options->accept),
		.workers = (unsigned)options->workers,
		.min_spare = (unsigned)options->min_spare,
		.max_spare = (unsigned)options->max_spare,
		.max_workers = options->min_spare ? 1024 : 0,
		.work = prefork_work,
		.model = &pool,
	};
	int error = 0;

	if (prefork_locks(options))
		error = lock_init(&pool.lock,
			(enum lock_kind)(options->accept - PREFORK_FCNTL));
	if (!error)
		error = crew_run(&crew);
	lock_release(&pool.lock);
	return error;
}

static int prefork_available(const struct server *s, char why[WHY_SIZE])
{
	const struct prefork_options *options = s->model_options;

	if (options->max_spare && options->max_spare < options->min_spare) {
		snprintf(why, WHY_SIZE, "max-spare=%llu is below min-spare",
			(unsigned long long)options->max_spare);
		return -EINVAL;
	}
	return 0;
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
	{
		.name = "min-spare",
		.type = OPTION_COUNT,
		.offset = offsetof(struct prefork_options, min_spare),
		.preset = "0",
		.max = 1024,
		.help = "keep so many idle, starting more; 0: a fixed pool",
	},
	{
		.name = "max-spare",
		.type = OPTION_COUNT,
		.offset = offsetof(struct prefork_options, max_spare),
		.preset = "1024",
		.max = 1024,
		.help = "send idle ones home above it",
	},
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
