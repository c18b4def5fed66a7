/* SPDX-License-Identifier: MIT */
/*
 * leader: leader/followers, threads that take turns at the event source.
 *
 * IDEA      One thread, the leader, waits for an event. When it has one, it
 *           makes a follower the new leader, and only then serves the
 *           connection itself; after that it queues up as a follower. No
 *           request is ever handed to another thread.
 *
 *                 followers: waiting for the lead
 *                     |
 *                 leader: epoll_wait --> gives up the lead --> recv,
 *                     ^                                        handler, send
 *                     +------------------------------------------+
 *
 * CALLS     per connection: accept4, epoll_ctl, close
 *           per request:    epoll_wait, recv, send; futex where a follower
 *                           must be woken
 * COSTS     One epoll_wait an event, where a loop gets many events by one.
 *           The lead is a lock, and so is the set of connections.
 * BREAKS    While all threads are busy nobody leads, and no event is seen: as
 *           many handlers that block as there are threads stall the rest.
 * GIVES     The reply is sent by the thread that saw the request, with the
 *           data in its cache; handlers use several CPUs, without a queue.
 * USED BY   TAO and ACE (CORBA), the thread pools of some JVM servers; the
 *           shape of Apache's mpm_worker listeners
 * READ      Schmidt et al., "Pattern-Oriented Software Architecture 2",
 *           Leader/Followers; servers/pool.c for the alternative
 */
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "servers/core/model.h"
#include "servers/core/sock.h"
#include "servers/core/team.h"

struct leader_options {
	uint64_t workers;
};

struct leaders {
	struct loop loop; /* first: the loop's functions are given this */
	int epoll;
	pthread_mutex_t lead;  /* who holds it waits for events */
	pthread_mutex_t state; /* of the loop: held for moments only */
	int error;
};

/* Always edge-triggered: a connection that a thread is serving is not
 * re-armed, and what happens meanwhile is noted (loop_event). */
static int leader_watch(struct loop *l, struct watch *w, unsigned interest)
{
	struct leaders *all = (struct leaders *)l;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
	int op = interest ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;

	if (w->kind == WATCH_CONN) {
		if (w->known)
			return 0;
		op = EPOLL_CTL_ADD;
		event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	}
	return epoll_ctl(all->epoll, op, w->fd, &event) < 0 ? -errno : 0;
}

/* Waits for one event. Called with both locks, returns with both; the state is
 * free meanwhile. */
static struct conn *leader_wait(struct leaders *all, unsigned *ready)
{
	struct loop *l = &all->loop;
	const struct timespec *timeout = loop_timeout(l);
	struct conn *c = NULL;
	struct epoll_event event;
	int n;

	pthread_mutex_unlock(&all->state);
	n = epoll_pwait2(all->epoll, &event, 1, timeout, NULL);
	if (n < 0 && errno != EINTR)
		all->error = -errno;
	pthread_mutex_lock(&all->state);
	if (n > 0) {
		*ready = epoll_meaning(event.events);
		c = loop_take(l, event.data.ptr, *ready);
	}
	loop_keep_house(l);
	return c;
}

/* A turn as the leader: returns the connection to serve, or NULL; *go_on is
 * false when all is over. The lead is free again afterwards. */
static struct conn *leader_lead(
	struct leaders *all, unsigned *ready, bool *go_on)
{
	struct loop *l = &all->loop;
	struct conn *c = NULL;

	pthread_mutex_lock(&all->lead);
	pthread_mutex_lock(&all->state);
	*go_on = !all->error && loop_running(l);
	*ready = WATCH_READ;
	if (*go_on && l->worker.queue_head)
		c = loop_take_queued(l);
	else if (*go_on)
		c = leader_wait(all, ready);
	pthread_mutex_unlock(&all->state);
	pthread_mutex_unlock(&all->lead);
	return c;
}

/* A turn of the connection, with no lock held. Returns what it is still ready
 * for. */
static unsigned leader_serve(struct conn *c, unsigned ready, struct worker *own)
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
		c->blocked = conn_flush(c, MSG_DONTWAIT) == SOCK_AGAIN;
	if (result == SOCK_FULL || (c->eof_seen && !c->peer_eof))
		left |= WATCH_READ;
	return left;
}

/* The connection is back in the set. If the leader, who sleeps, would now
 * sleep less long, it is woken. */
static void leader_give_back(
	struct leaders *all, struct conn *c, unsigned ready)
{
	struct loop *l = &all->loop;
	const uint64_t one = 1;
	uint64_t next;

	pthread_mutex_lock(&all->state);
	next = timers_next(&l->timers);
	loop_back(l, c, ready);
	if ((l->worker.queue_head || l->accept_ns || l->worker.draining ||
		    timers_next(&l->timers) != next) &&
		write(l->event.fd, &one, sizeof(one)) < 0)
		log_warn("cannot wake the leader");
	pthread_mutex_unlock(&all->state);
}

static void leader_work(void *model, struct worker *own)
{
	struct leaders *all = model;
	bool go_on = true;

	while (go_on) {
		unsigned ready;
		struct conn *c = leader_lead(all, &ready, &go_on);

		if (c)
			leader_give_back(all, c, leader_serve(c, ready, own));
	}
}

/* The main thread only waits for the others: a signal finds it at once. */
static int leader_serve_all(struct leaders *all, unsigned workers)
{
	struct team team = {
		.server = all->loop.worker.server,
		.run = leader_work,
		.model = all,
	};
	int error = loop_begin(&all->loop);

	if (!error)
		error = team_start(&team, workers);
	if (error)
		return error;
	team_join(&team);
	loop_end(&all->loop);
	return all->error;
}

static int leader_run(struct server *s)
{
	const struct leader_options *options = s->model_options;
	struct leaders all = {
		.loop = {.watch = leader_watch, .edge = true},
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.lead = PTHREAD_MUTEX_INITIALIZER,
		.state = PTHREAD_MUTEX_INITIALIZER,
	};
	int error;

	if (all.epoll < 0) {
		log_warn("epoll_create1");
		return -errno;
	}
	error = worker_init(
		&all.loop.worker, s, &s->board->slots[0], WORKER_LARGE);
	if (!error)
		error = leader_serve_all(&all, (unsigned)options->workers);
	worker_release(&all.loop.worker);
	close(all.epoll);
	return error;
}

static const struct option_spec leader_table[] = {
	{
		.name = "workers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct leader_options, workers),
		.preset = "4",
		.min = 1,
		.max = 1024,
		.help = "threads that take turns",
	},
	{0},
};

const struct server_model model_leader = {
	.name = "leader",
	.summary = "leader/followers: threads take turns at the event source",
	.options = leader_table,
	.options_size = sizeof(struct leader_options),
	.run = leader_run,
};
