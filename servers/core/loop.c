/* SPDX-License-Identifier: MIT */
#include "servers/core/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/hub.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/sock.h"

enum {
	/* Accepts in one turn: one at first, twice as many after so many turns
	 * in which all were needed. An accept that finds nobody costs as much
	 * as one that does, and most turns find one; a burst must not wait, and
	 * must leave the others their turn. */
	LOOP_ACCEPTS = 64,
	LOOP_ACCEPTS_DOUBLE = 8,
};

_Static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI &&
		       POLLOUT == EPOLLOUT && POLLRDHUP == EPOLLRDHUP &&
		       POLLERR == EPOLLERR && POLLHUP == EPOLLHUP,
	"loop_meaning() is for both");

unsigned loop_meaning(unsigned events)
{
	/* At a byte that is urgent a recv stops short, as before the end. */
	return (events & POLLIN ? WATCH_READ : 0u) |
	       (events & (POLLRDHUP | POLLPRI) ? WATCH_READ | WATCH_EOF : 0u) |
	       (events & POLLOUT ? WATCH_WRITE : 0u) |
	       (events & (POLLERR | POLLHUP) ? WATCH_HANGUP : 0u);
}

static int loop_watch(struct loop *l, struct watch *w, unsigned interest)
{
	int error;

	if (w->interest == interest)
		return 0;
	error = l->watch(l, w, interest);
	if (error)
		return error;
	w->known = true;
	w->interest = (uint8_t)interest;
	return 0;
}

/* Where connections come from, and what tells us to stop. */
static int loop_watch_sources(struct loop *l)
{
	const struct seat *seat = l->seat;
	int error = 0;

	l->listener = (struct watch) {
		.fd = seat ? seat->listener : l->worker.server->listener,
		.kind = WATCH_LISTENER,
	};
	l->inbox = (struct watch) {
		.fd = seat ? seat->inbox : -1,
		.kind = WATCH_INBOX,
	};
	l->event = (struct watch) {
		.fd = seat ? seat->event : signals_fd(),
		.kind = WATCH_EVENT,
	};
	l->hub = (struct watch) {
		.fd = l->worker.hub_fd,
		.kind = WATCH_HUB,
	};
	if (l->listener.fd >= 0)
		error = loop_watch(l, &l->listener, WATCH_READ);
	if (!error && l->inbox.fd >= 0)
		error = loop_watch(l, &l->inbox, WATCH_READ);
	if (!error && l->on_notice) {
		l->notice.kind = WATCH_NOTICE;
		error = loop_watch(l, &l->notice, WATCH_READ);
	}
	if (!error && l->worker.hub_fd >= 0)
		error = loop_watch(l, &l->hub, WATCH_READ);
	return error ? error : loop_watch(l, &l->event, WATCH_READ);
}

int loop_begin(struct loop *l)
{
	struct server *s = l->worker.server;
	int error = hub_join(&l->worker);

	if (!error)
		error = loop_watch_sources(l);
	l->acceptor = (struct acceptor) {
		.server = s,
		.slot = l->worker.slot,
		.listener = l->listener.fd,
	};
	l->crowd = l->edge_listener; /* clients that came before it was set */
	if (error)
		log_warnx("cannot watch the listener: %s", strerror(-error));
	else if (l->seat)
		seat_ready(l->seat);
	else
		server_ready(s);
	return error;
}

/* Frees the connections that were closed in this turn, if nothing that is
 * still under way names them. */
static void loop_bury(struct loop *l)
{
	struct conn **at = &l->graveyard;

	while (*at) {
		struct conn *c = *at;

		if (c->in_flight) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		conn_free(c);
	}
}

void loop_end(struct loop *l)
{
	loop_bury(l);
	timers_release(&l->timers);
}

/* ---- connections ------------------------------------------------------- */

static void loop_close(struct loop *l, struct conn *c)
{
	timers_remove(&l->timers, c);
	if (l->forget && c->watch.known)
		l->forget(l, &c->watch);
	conn_close(c); /* whose handler may still ask for the peer's name */
	close(c->watch.fd);
	/* Events of this turn may still name it. */
	c->next = l->graveyard;
	l->graveyard = c;
	if (l->accept_ns) /* a descriptor and a place are free again */
		l->accept_ns = 1;
}

/* Asks the kernel for what the connection waits for, and no more. */
static int loop_arm(struct loop *l, struct conn *c)
{
	unsigned interest = 0;

	if (c->lingering || conn_wants_input(c))
		interest |= WATCH_READ;
	if (c->blocked)
		interest |= WATCH_WRITE;
	/* No edge will tell of what has come while we did not look. */
	if (l->edge && c->watch.known &&
		(interest & ~c->watch.interest & WATCH_READ))
		worker_queue(&l->worker, c);
	return loop_watch(l, &c->watch, interest);
}

static int loop_set_timer(struct loop *l, struct conn *c)
{
	const uint64_t when = conn_deadline(c);

	return when ? timers_set(&l->timers, c, when) : 0;
}

static void loop_flush(struct loop *l, struct conn *c)
{
	if (l->send)
		l->send(l, c);
	else
		conn_flush(c, MSG_DONTWAIT);
}

/* The server is stopping: ends a connection for which nothing more has come.
 * What has is read in its turn, or after the pause or the output for which it
 * wants no input now. */
static void loop_drain_one(struct loop *l, struct conn *c)
{
	if (c->receiving)
		worker_queue(&l->worker, c);
	else if (c->queued || c->again)
		return;
	else if (!conn_input_waits(c))
		conn_drain(c);
	else if (conn_wants_input(c))
		worker_queue(&l->worker, c);
}

/* It is closed, at the latest, after it has learned of a failure. */
static void loop_turn(struct loop *l, struct conn *c)
{
	bool goes_on = l->turn(l, c);
	int error = 0;

	if (goes_on)
		error = loop_watch(l, &c->watch, WATCH_READ | WATCH_WRITE);
	if (goes_on && !error)
		error = loop_set_timer(l, c);
	if (error) {
		conn_fail(c, "watch", -error);
		goes_on = l->turn(l, c); /* it learns of it, and ends */
	}
	if (!goes_on)
		loop_close(l, c);
}

void loop_settle(struct loop *l, struct conn *c)
{
	int error;

	if (l->turn) {
		loop_turn(l, c);
		return;
	}
	if (c->out && !c->blocked)
		loop_flush(l, c);
	if (l->worker.draining && !c->lingering && !c->finishing)
		loop_drain_one(l, c);
	if (conn_done(c) && !conn_linger(c)) {
		loop_close(l, c);
		return;
	}
	if (c->again && l->offload) {
		c->away = true;
		l->offload(l, c);
		return;
	}
	if (c->again || (c->out && !c->blocked))
		worker_queue(&l->worker, c);
	error = loop_arm(l, c);
	if (!error)
		error = loop_set_timer(l, c);
	if (error) {
		conn_fail(c, "watch", -error);
		loop_close(l, c);
	}
}

static void loop_read(struct loop *l, struct conn *c)
{
	enum sock_result result = SOCK_FULL; /* not looked at, not known */

	if (c->lingering)
		result = conn_discard(c, MSG_DONTWAIT);
	else if (conn_wants_input(c))
		result = conn_recv(c, MSG_DONTWAIT);
	else { /* look again as soon as it does, see loop_arm() */
		if (l->edge)
			c->watch.interest &= (uint8_t)~WATCH_READ;
		return;
	}
	if (result == SOCK_DONE && c->eof_seen && !c->peer_eof)
		result = SOCK_FULL; /* no edge will tell of the end again */
	if (result == SOCK_AGAIN)
		c->eof_seen = false; /* there was none yet */
	if (result == SOCK_FULL && (l->edge || l->worker.draining))
		worker_queue(&l->worker, c);
}

/* A turn that no event announced: kept input, output, or (edge) maybe more to
 * read. */
static void loop_queued(struct loop *l, struct conn *c)
{
	if (c->away) {
		c->missed |= WATCH_READ;
		return;
	}
	if (l->worker.draining && c->receiving) {
		l->stop(l, c); /* then it has another turn */
		return;
	}
	if (c->again && !l->turn)
		conn_continue(c);
	else if ((l->edge || l->worker.draining) && !l->turn)
		loop_read(l, c);
	loop_settle(l, c);
}

/* ---- accepting --------------------------------------------------------- */

static void loop_adopt(struct loop *l, int fd)
{
	struct conn *c = conn_new(&l->worker, fd);

	if (!c) {
		accept_abandon(
			l->worker.server, l->worker.slot, fd, "memory", ENOMEM);
		return;
	}
	if (!l->turn)
		conn_open(c);
	if (l->worker.draining)
		worker_queue(&l->worker, c);
	loop_settle(l, c);
}

static void loop_stop_accepting(struct loop *l)
{
	l->accept_ns = clock_ns() + ACCEPT_RETRY_NS;
	loop_watch(l, &l->listener, 0);
}

static int loop_accepts(const struct loop *l)
{
	const unsigned doubled = l->accepts_full / LOOP_ACCEPTS_DOUBLE;

	return doubled < 6 ? 1 << doubled : LOOP_ACCEPTS;
}

static void loop_accept(struct loop *l)
{
	const int most = loop_accepts(l);
	int accepts = 0;

	l->crowd = false;
	while (accepts < most) {
		int fd = accept_try(&l->acceptor, SOCK_NONBLOCK);

		if (fd == -EAGAIN) {
			if (!accepts)
				slot_add(&l->worker.slot->accept_again, 1);
			l->accepts_full = 0;
			return;
		}
		if (fd == -EBUSY) {
			loop_stop_accepting(l);
			return;
		}
		if (fd >= 0)
			loop_adopt(l, fd);
		accepts++;
	}
	l->accepts_full++;
	l->crowd = l->edge_listener;
}

void loop_accepted(struct loop *l, int result)
{
	const int fd = accept_completed(&l->acceptor, result);

	if (fd >= 0)
		loop_adopt(l, fd);
	else if (fd == -EBUSY)
		loop_stop_accepting(l);
}

/* Sockets that the main thread has accepted for this loop. True: there may be
 * more. */
static bool loop_receive(struct loop *l)
{
	const bool process = l->seat->crew->kind == CREW_PROCESS;

	for (int i = 0; i < LOOP_ACCEPTS; i++) {
		const int fd =
			accept_handed(&l->acceptor, l->inbox.fd, process);

		if (fd == -EAGAIN)
			return false;
		if (fd >= 0) {
			loop_adopt(l, fd);
		} else if (fd != -EINTR) {
			loop_watch(l, &l->inbox, 0); /* nobody sends any more */
			return false;
		}
	}
	return true;
}

static void loop_accept_again(struct loop *l)
{
	if (l->accept_ns && clock_ns() >= l->accept_ns) {
		l->accept_ns = 0;
		loop_watch(l, &l->listener, WATCH_READ);
		l->crowd = l->edge_listener;
	}
	if (l->crowd)
		loop_accept(l);
}

/* ---- stopping ---------------------------------------------------------- */

/* What the main thread has sent is ours, and counted so; it can send no more. */
static void loop_empty_inbox(struct loop *l)
{
	shutdown(l->inbox.fd, SHUT_RD);
	while (loop_receive(l))
		;
}

/* No new connections; those that wait for nothing end now, the others when
 * their request is answered. */
static void loop_drain(struct loop *l)
{
	struct worker *w = &l->worker;

	w->draining = true;
	l->crowd = false;
	l->accept_ns = 0;
	if (l->listener.fd >= 0) {
		loop_watch(l, &l->listener, 0);
		if (l->forget)
			l->forget(l, &l->listener);
	}
	if (l->inbox.fd >= 0)
		loop_empty_inbox(l);
	for (struct conn *c = w->conns; c; c = c->next)
		worker_queue(w, c);
}

static void loop_cut(struct loop *l)
{
	struct conn *back, *next;

	l->late = true;
	while (l->recall && (back = l->recall(l)))
		back->away = false;
	for (struct conn *c = l->worker.conns; c; c = next) {
		next = c->next;
		if (c->away)
			continue; /* its turn comes when it is back */
		conn_fail(c, "drain.cut", 0);
		if (l->turn)
			loop_turn(l, c);
		else
			loop_close(l, c);
	}
}

/* ---- the turn ---------------------------------------------------------- */

bool loop_running(struct loop *l)
{
	struct worker *w = &l->worker;

	if (!signals_stopping())
		return true;
	if (!w->draining)
		loop_drain(l);
	if (w->conns && clock_ns() >= signals_deadline())
		loop_cut(l);
	return w->conns;
}

/* The first of two times; 0 is never. */
static uint64_t loop_sooner(uint64_t one, uint64_t two)
{
	return !one || (two && two < one) ? two : one;
}

const struct timespec *loop_timeout(struct loop *l)
{
	uint64_t when = timers_next(&l->timers), now;

	if (l->worker.queue_head || l->crowd) {
		l->timeout = (struct timespec) {0};
		return &l->timeout;
	}
	when = loop_sooner(when, l->accept_ns);
	when = loop_sooner(when, l->event_ns);
	if (l->worker.draining && !l->late)
		when = loop_sooner(when, signals_deadline());
	if (!when)
		return NULL;
	now = clock_ns();
	l->timeout = clock_timespec(when > now ? when - now : 0);
	return &l->timeout;
}

/* The peer is gone, and nothing that the connection waits for would show it.
 */
static void loop_hung_up(struct conn *c)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (c->lingering || conn_wants_input(c) || c->out)
		return; /* the next recv or send will tell */
	if (getsockopt(c->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ||
		!error)
		error = ECONNRESET;
	conn_fail(c, "read", error);
}

static void loop_note(struct conn *c, unsigned ready)
{
	if (ready & (WATCH_WRITE | WATCH_HANGUP))
		c->blocked = false;
	if (ready & WATCH_EOF)
		c->eof_seen = true;
	if (ready & (WATCH_READ | WATCH_HANGUP))
		c->dry = false;
}

static void loop_conn(struct loop *l, struct conn *c, unsigned ready)
{
	loop_note(c, ready);
	if (ready & (WATCH_READ | WATCH_HANGUP) && !l->turn)
		loop_read(l, c);
	if (ready & WATCH_HANGUP)
		loop_hung_up(c);
	loop_settle(l, c);
}

/* The same where other threads wait for the loop's lock: its handler runs in
 * its next turn, without it. */
static void loop_conn_later(struct loop *l, struct conn *c, unsigned ready)
{
	loop_note(c, ready);
	if (ready & (WATCH_READ | WATCH_HANGUP)) {
		if (conn_wants_input(c))
			worker_queue(&l->worker, c);
		else
			loop_read(l, c);
	}
	if (ready & WATCH_HANGUP)
		loop_hung_up(c);
	loop_settle(l, c);
}

/* What it announces is looked at before the next wait. */
static void loop_clear_event(struct loop *l)
{
	uint64_t count;

	if (read(l->event.fd, &count, sizeof(count)) < 0)
		return; /* nothing was there */
	if (l->on_event)
		l->on_event(l);
}

void loop_wake(struct loop *l)
{
	if (!l->awake)
		worker_tick(&l->worker);
	l->awake = true;
}

void loop_event(struct loop *l, struct watch *w, unsigned ready)
{
	struct conn *c = (struct conn *)w;

	loop_wake(l);
	if (w->kind == WATCH_LISTENER)
		loop_accept(l);
	else if (w->kind == WATCH_INBOX)
		loop_receive(l);
	else if (w->kind == WATCH_EVENT)
		loop_clear_event(l);
	else if (w->kind == WATCH_HUB)
		hub_hear(&l->worker);
	else if (w->kind == WATCH_NOTICE)
		l->on_notice(l);
	else if (c->away)
		c->missed |= (uint8_t)ready;
	else if (!c->dead)
		loop_conn(l, c, ready);
}

struct conn *loop_take(struct loop *l, struct watch *w, unsigned ready)
{
	struct conn *c = (struct conn *)w;

	/* While it is away its other members are not ours to look at. */
	if (w->kind != WATCH_CONN || c->away || c->dead || c->lingering) {
		loop_event(l, w, ready);
		return NULL;
	}
	c->away = true;
	return c;
}

struct conn *loop_take_queued(struct loop *l)
{
	struct conn *c = worker_unqueue(&l->worker);

	if (!c)
		return NULL;
	if (c->away || c->lingering) {
		loop_queued(l, c);
		return NULL;
	}
	c->away = true;
	return c;
}

unsigned loop_serve_away(struct conn *c, unsigned ready, struct worker *own)
{
	enum sock_result result = SOCK_DONE;
	unsigned left = ready & WATCH_HANGUP;

	worker_tick(own);
	c->worker = own;
	if (ready & WATCH_EOF)
		c->eof_seen = true;
	if (ready & (WATCH_WRITE | WATCH_HANGUP))
		c->blocked = false;
	if (c->again) {
		conn_continue(c);
		left |= ready & WATCH_READ; /* not read yet */
	} else if (ready & (WATCH_READ | WATCH_HANGUP) && conn_wants_input(c)) {
		result = conn_recv(c, MSG_DONTWAIT);
	}
	if (c->out && !c->blocked)
		conn_flush(c, MSG_DONTWAIT);
	if (result == SOCK_AGAIN)
		c->eof_seen = false; /* there was none yet */
	if (result == SOCK_FULL || (c->eof_seen && !c->peer_eof))
		left |= WATCH_READ;
	return left;
}

bool loop_back(struct loop *l, struct conn *c, unsigned ready)
{
	const uint64_t next = timers_next(&l->timers);

	ready |= c->missed;
	c->away = false;
	c->missed = 0;
	c->worker = &l->worker;
	if (c->behind_at)
		hub_catch_up(c);
	if (l->worker.deferred)
		loop_conn(l, c, ready);
	else
		loop_conn_later(l, c, ready);
	return l->accept_ns || l->worker.draining ||
	       timers_next(&l->timers) != next;
}

static void loop_run_timers(struct loop *l)
{
	const uint64_t now = clock_ns();
	struct conn *c;

	while ((c = timers_pop(&l->timers, now))) {
		if (c->away)
			continue; /* set anew when it is back */
		conn_expire(c, now);
		loop_settle(l, c);
	}
}

/* Each connection in the queue gets one turn; those that queue up anew wait
 * until the kernel was asked what else is ready. */
static void loop_run_queue(struct loop *l)
{
	for (unsigned n = l->worker.queue_len; n; n--) {
		struct conn *c = worker_unqueue(&l->worker);

		if (!c) /* it died while another took its turn */
			return;
		loop_queued(l, c);
	}
}

void loop_end_turn(struct loop *l)
{
	loop_wake(l);
	loop_run_queue(l);
	loop_keep_house(l);
}

void loop_keep_house(struct loop *l)
{
	if (timers_next(&l->timers))
		loop_run_timers(l);
	if ((l->accept_ns || l->crowd) && !l->worker.draining)
		loop_accept_again(l);
	if (l->event_ns && clock_ns() >= l->event_ns)
		l->on_event(l);
	loop_bury(l);
	l->awake = false;
}
