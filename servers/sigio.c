/* SPDX-License-Identifier: MIT */
/*
 * sigio: the kernel sends a signal when a descriptor becomes ready.
 *
 * IDEA      One thread serves all connections. Each socket is told to queue a
 *           signal, with the descriptor and the reason in it, when something
 *           changes. The loop takes them out one after the other, without
 *           signal handlers.
 *
 *                 +-> sigtimedwait --> descriptor, reason
 *                 |                      listener --> accept, arm
 *                 |                      connection -> recv, handler, send
 *                 |                    SIGIO (the queue was full)
 *                 |                      --> empty it, poll everything
 *                 +----------------------+
 *
 * CALLS     per connection: accept4, fcntl three times, close
 *           per request:    recv, send, sigtimedwait
 * COSTS     Each wait brings one event. A signal tells that something came,
 *           not that it is still there: what a recv has taken already costs
 *           one more that finds nothing.
 * BREAKS    The queue is short (ulimit -i) and one for all of the user's
 *           processes. When it is full the kernel sends a plain SIGIO: what
 *           was lost must be looked for, with poll, everywhere. Counted as
 *           sigio.overflow. Signals of descriptors that are closed stay in the
 *           queue and may name a new connection: a hint, not to be believed.
 *           A handler that computes or blocks stalls all connections.
 * USED BY   phhttpd, the first web server of its kind; oplock and lease breaks
 *           in Samba
 * READ      signal(7), fcntl(2): F_SETSIG, F_SETOWN_EX; UNP chapter 25;
 *           servers/epoll.c, trigger=edge: the same without a queue to fill
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "servers/core/model.h"
#include "servers/core/poll_set.h"

static int sigio_signal(void)
{
	return SIGRTMIN + 1; /* real-time signals are queued */
}

static int sigio_arm(int fd)
{
	const struct f_owner_ex owner = {F_OWNER_TID, gettid()};

	if (fcntl(fd, F_SETSIG, sigio_signal()) < 0 ||
		fcntl(fd, F_SETOWN_EX, &owner) < 0 ||
		fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) < 0)
		return -errno;
	return 0;
}

static int sigio_watch(struct loop *l, struct watch *w, unsigned interest)
{
	struct conn *c = (struct conn *)w;
	int error;

	(void)interest; /* all changes are signalled, for ever */
	if (w->known || w->kind == WATCH_EVENT) /* a signal comes with it */
		return 0;
	error = poll_set_put(l->model, w, POLLIN | POLLOUT | POLLRDHUP);
	if (error)
		return error;
	if (w->kind == WATCH_CONN) { /* what was before was not signalled */
		c->blocked = false;
		c->eof_seen = true; /* perhaps */
		worker_queue(&l->worker, c);
	}
	return sigio_arm(w->fd);
}

static void sigio_forget(struct loop *l, struct watch *w)
{
	poll_set_remove(l->model, w);
}

/* A failure ends the connection: it must be of this one, and not of one that
 * had the number before. */
static unsigned sigio_verify(int fd, unsigned events)
{
	struct pollfd now = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

	if (!(events & (POLLERR | POLLHUP)))
		return events;
	return poll(&now, 1, 0) > 0 ? (unsigned short)now.revents : 0;
}

static void sigio_event(struct loop *l, int fd, unsigned events)
{
	struct watch *w = poll_set_find(l->model, fd);
	struct conn *c = (struct conn *)w;

	if (!w)
		return; /* it was closed since */
	events = sigio_verify(fd, events);
	loop_event(l, w, loop_meaning(events));
	/* The signal is spent, and not all was read: behind what was not, the
	 * end may stand that it told of. */
	if (w->kind == WATCH_CONN && (c->queued || !conn_wants_input(c)))
		c->eof_seen = true;
}

/* Signals were lost: looks at everything. Those still queued would tell the
 * same once more. */
static int sigio_overflow(struct loop *l, const sigset_t *signals)
{
	struct poll_set *set = l->model;
	const struct timespec now = {0};

	board_error(l->worker.board, "sigio.overflow", 0);
	while (sigtimedwait(signals, NULL, &now) >= 0)
		;
	if (poll(set->fds, (nfds_t)set->count, 0) < 0)
		return -errno;
	for (int fd = 0; fd < set->count; fd++)
		if (set->fds[fd].fd >= 0 && set->fds[fd].revents)
			sigio_event(
				l, fd, (unsigned short)set->fds[fd].revents);
	return 0;
}

static int sigio_serve(struct loop *l, const sigset_t *signals)
{
	int error = 0;

	while (!error && loop_running(l)) {
		siginfo_t info;
		const int n = sigtimedwait(signals, &info, loop_timeout(l));

		if (n == sigio_signal())
			sigio_event(l, info.si_fd, (unsigned)info.si_band);
		else if (n == SIGIO)
			error = sigio_overflow(l, signals);
		else if (errno != EAGAIN && errno != EINTR)
			error = -errno;
		loop_end_turn(l);
	}
	return error;
}

static int sigio_loop(struct loop *l)
{
	struct poll_set set = {0};
	sigset_t signals;
	int error;

	sigemptyset(&signals);
	sigaddset(&signals, sigio_signal());
	sigaddset(&signals, SIGIO);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	l->model = &set;
	l->watch = sigio_watch;
	l->forget = sigio_forget;
	l->edge = true;
	l->edge_listener = true;
	error = loop_begin(l);
	if (!error)
		error = sigio_serve(l, &signals);
	loop_end(l);
	poll_set_release(&set);
	return error;
}

static int sigio_run(struct server *s)
{
	const struct loops_options alone = {.workers = 1};

	return loops_run(s, &alone, sigio_loop);
}

const struct server_model model_sigio = {
	.name = "sigio",
	.summary = "one loop; a queued signal for each change of a descriptor",
	.run = sigio_run,
};
