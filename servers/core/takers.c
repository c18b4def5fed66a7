/* SPDX-License-Identifier: MIT */
#include "servers/core/takers.h"

#include <errno.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "servers/core/scoreboard.h"
#include "servers/core/signals.h"

static bool taker_is_to_end(const struct taker *t)
{
	return signals_stopping() || atomic_load(&t->seat->slot->leaving);
}

/* ---- each way to the next connection: the socket, or -errno -------------- */

static int take_accept(struct taker *t)
{
	return accept_blocking(&t->acceptor);
}

static int take_select(struct taker *t)
{
	const int listener = t->acceptor.listener;
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(listener, &readable);
	if (select(listener + 1, &readable, NULL, NULL, NULL) < 0)
		return -errno;
	return accept_try(&t->acceptor, 0); /* -EAGAIN: another was faster */
}

static int take_locked(struct taker *t)
{
	int fd = lock_take(&t->all->lock);

	if (fd < 0)
		return fd;
	fd = taker_is_to_end(t) ? -EINTR : accept_blocking(&t->acceptor);
	lock_give(&t->all->lock);
	return fd;
}

static int take_passed(struct taker *t)
{
	struct pollfd inbox = {.fd = t->seat->inbox, .events = POLLIN};

	if (poll(&inbox, 1, -1) < 0)
		return -errno;
	return accept_handed(&t->acceptor, inbox.fd, true);
}

static int take_queued(struct taker *t)
{
	bool was_full = false;
	int fd = fd_queue_take(&t->all->queue, &was_full);

	if (fd < 0)
		return fd;
	if (was_full)
		seat_idle(t->seat); /* the main thread may accept again */
	slot_add(&t->seat->slot->accepted, 1);
	return fd;
}

static const struct take_way {
	enum crew_accept crew;
	int (*take)(struct taker *t);
} take_ways[] = {
	[TAKE_SHARED] = {CREW_SHARED, take_accept},
	[TAKE_SELECT] = {CREW_SHARED, take_select},
	[TAKE_FCNTL] = {CREW_SHARED, take_locked},
	[TAKE_FLOCK] = {CREW_SHARED, take_locked},
	[TAKE_MUTEX] = {CREW_SHARED, take_locked},
	[TAKE_PASS] = {CREW_TO_IDLE, take_passed},
	[TAKE_QUEUE] = {CREW_TO_QUEUE, take_queued},
	[TAKE_REUSEPORT] = {CREW_REUSEPORT, take_accept},
};

/* ---- the worker ---------------------------------------------------------- */

static bool taker_waits_in_accept(const struct taker *t)
{
	const enum take how = t->all->how;

	return take_ways[how].take == take_accept ||
	       take_ways[how].take == take_locked;
}

int taker_begin(struct taker *t, struct seat *seat)
{
	int error;

	t->all = seat->crew->model;
	t->seat = seat;
	t->acceptor = (struct acceptor) {
		.server = seat->server,
		.slot = seat->slot,
		.listener = seat->listener,
	};
	error = lock_in_child(&t->all->lock);
	if (!error && taker_waits_in_accept(t))
		error = accept_make_blocking(seat->listener);
	if (!error)
		error = worker_init(
			&t->worker, seat->server, seat->slot, WORKER_LARGE);
	if (!error)
		seat_ready(seat);
	return error;
}

static void taker_is_idle(struct taker *t)
{
	if (!atomic_load(&t->seat->slot->busy))
		return;
	atomic_store(&t->seat->slot->busy, 0);
	if (t->all->how == TAKE_PASS)
		seat_idle(t->seat);
}

void taker_end(struct taker *t)
{
	taker_is_idle(t);
	worker_release(&t->worker);
}

void taker_leave(struct taker *t)
{
	atomic_store(&t->seat->slot->leaving, true);
	/* From here on sending fails, and the main process tries another. */
	if (t->all->how == TAKE_PASS)
		shutdown(t->seat->inbox, SHUT_RD);
}

/* What was accepted before the end is still served. */
static bool taker_goes_on(struct taker *t)
{
	if (!taker_is_to_end(t))
		return true;
	taker_leave(t);
	if (t->all->how == TAKE_QUEUE)
		return fd_queue_length(&t->all->queue) > 0;
	return t->all->how == TAKE_PASS; /* until the inbox says -EPIPE */
}

int taker_next(struct taker *t)
{
	taker_is_idle(t);
	while (taker_goes_on(t)) {
		const int fd = take_ways[t->all->how].take(t);

		if (fd >= 0) {
			atomic_store(&t->seat->slot->busy, 1);
			return fd;
		}
		if (fd == -EPIPE)
			break;
		accept_rest(&t->acceptor, fd);
	}
	return -ESHUTDOWN;
}

/* ---- the pool ------------------------------------------------------------ */

static bool takers_has_room(struct crew *c)
{
	return fd_queue_has_room(&((struct takers *)c->model)->queue);
}

static void takers_put(struct crew *c, int fd)
{
	fd_queue_put(&((struct takers *)c->model)->queue, fd);
}

static enum lock_kind takers_lock(const struct takers *all)
{
	switch (all->how) {
	case TAKE_FCNTL:
		return LOCK_FCNTL;
	case TAKE_FLOCK:
		return LOCK_FLOCK;
	case TAKE_MUTEX:
		return all->crew.kind == CREW_THREAD ? LOCK_THREADS
						     : LOCK_MUTEX;
	default:
		return LOCK_NONE;
	}
}

int takers_run(struct takers *all)
{
	int error = lock_init(&all->lock, takers_lock(all));

	all->crew.accept = take_ways[all->how].crew;
	all->crew.model = all;
	all->crew.has_room = takers_has_room;
	all->crew.put = takers_put;
	if (!error && all->how == TAKE_QUEUE)
		error = fd_queue_init(&all->queue, all->queue_size);
	if (!error)
		error = crew_run(&all->crew);
	lock_release(&all->lock);
	fd_queue_release(&all->queue);
	return error;
}
