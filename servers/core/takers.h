/* SPDX-License-Identifier: MIT */
/*
 * Who takes the next connection: the ways in which the workers of a pool, each
 * with one connection at a time, share what comes in.
 *
 * A worker of the pool is
 *
 *	error = taker_begin(&t, seat);
 *	while ((fd = taker_next(&t)) >= 0)
 *		serve_socket(&t.worker, fd);
 *	taker_end(&t);
 *
 * After W. R. Stevens et al., "UNIX Network Programming", chapter 30.
 */
#ifndef SERVERLAB_CORE_TAKERS_H
#define SERVERLAB_CORE_TAKERS_H

#include <stdint.h>

#include "servers/core/accept.h"
#include "servers/core/crew.h"
#include "servers/core/fd_queue.h"
#include "servers/core/lock.h"
#include "servers/core/worker.h"

enum take {
	TAKE_SHARED,	/* all wait in accept(); the kernel wakes one */
	TAKE_SELECT,	/* all wait in select(); all wake, one wins */
	TAKE_FCNTL,	/* who holds a record lock waits in accept() */
	TAKE_FLOCK,	/* who holds a file lock */
	TAKE_MUTEX,	/* who holds a mutex */
	TAKE_PASS,	/* the main process accepts, for one that is idle */
	TAKE_QUEUE,	/* the main thread accepts, into a queue for all */
	TAKE_REUSEPORT, /* each has a listener of its own */
};

/* The pool. */
struct takers {
	/* To be filled in; accept, has_room, put and model are set here. */
	struct crew crew;
	enum take how;
	uint64_t queue_size; /* TAKE_QUEUE: connections that may wait */

	/* The pool's. */
	struct lock lock;
	struct fd_queue queue;
};

/* Runs the server, as crew_run(). */
int takers_run(struct takers *all);

/* A worker of the pool. */
struct taker {
	struct takers *all;
	struct seat *seat;
	struct acceptor acceptor;
	struct worker worker;
};

/* 0 or -errno; seat_ready() is called. */
int taker_begin(struct taker *t, struct seat *seat);
void taker_end(struct taker *t);
/* The next connection, a blocking socket; or -ESHUTDOWN when the server is to
 * stop, or this worker to leave. Until the next call it counts as busy. */
int taker_next(struct taker *t);
/* I take no more: taker_next() gives what was passed to me before, then ends. */
void taker_leave(struct taker *t);

#endif
