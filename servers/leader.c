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
#include <unistd.h>

#include "servers/core/model.h"
#include "servers/core/team.h"

struct leaders {
	struct loop loop;
	int epoll;
	pthread_mutex_t lead;  /* who holds it waits for events */
	pthread_mutex_t state; /* of the loop: held for moments only */
	/* All under it: */
	bool waits; /* who leads, in the kernel */
	bool asked; /* the last turn of a leader was of that kind */
	int error;
};

/* Waits for one event. Called with both locks, returns with both; the state is
 * free meanwhile. Edge-triggered: a connection that a thread is serving is not
 * re-armed, and what happens meanwhile is noted (loop_event). */
static struct conn *leader_wait(struct leaders *all, unsigned *ready)
{
	struct loop *l = &all->loop;
	const struct timespec *timeout = loop_timeout(l);
	struct conn *c = NULL;
	struct epoll_event event;
	int n;

	all->waits = true;
	pthread_mutex_unlock(&all->state);
	n = epoll_pwait2(all->epoll, &event, 1, timeout, NULL);
	if (n < 0)
		n = -errno;
	pthread_mutex_lock(&all->state);
	all->waits = false;
	if (n < 0 && n != -EINTR)
		all->error = n;
	if (n > 0) {
		*ready = loop_meaning(event.events);
		c = loop_take(l, event.data.ptr, *ready);
	}
	loop_keep_house(l);
	return c;
}

/* A turn as the leader: returns the connection to serve, or NULL; *go_on is
 * false when all is over. The lead is free again afterwards. What the kernel
 * has and what is queued come in turn, so that neither keeps the other waiting.
 */
static struct conn *leader_lead(
	struct leaders *all, unsigned *ready, bool *go_on)
{
	struct loop *l = &all->loop;
	struct conn *c = NULL;

	pthread_mutex_lock(&all->lead);
	pthread_mutex_lock(&all->state);
	*go_on = !all->error && loop_running(l);
	*ready = WATCH_READ;
	all->asked = !all->asked || !l->worker.queue_head;
	if (*go_on && !all->asked)
		c = loop_take_queued(l);
	else if (*go_on)
		c = leader_wait(all, ready);
	pthread_mutex_unlock(&all->state);
	pthread_mutex_unlock(&all->lead);
	return c;
}

/* The connection is back in the set. While another leads, and need not be
 * woken for it, returns the next one in the queue, if there is one: often the
 * same, for which more has come meanwhile. */
static struct conn *leader_give_back(
	struct leaders *all, struct conn *c, unsigned ready)
{
	struct loop *l = &all->loop;
	const uint64_t one = 1;
	struct conn *next = NULL;
	bool wake;

	pthread_mutex_lock(&all->state);
	wake = loop_back(l, c, ready);
	if (all->waits) {
		next = loop_take_queued(l);
		wake |= l->worker.queue_head != NULL;
		if (wake && write(l->event.fd, &one, sizeof(one)) < 0)
			log_warn("cannot wake the leader");
	}
	pthread_mutex_unlock(&all->state);
	return next;
}

static void leader_work(void *model, struct worker *own)
{
	struct leaders *all = model;
	bool go_on = true;

	while (go_on) {
		unsigned ready;
		struct conn *c = leader_lead(all, &ready, &go_on);

		while (c) {
			ready = loop_serve_away(c, ready, own);
			c = leader_give_back(all, c, ready);
			ready = WATCH_READ;
		}
	}
}

/* The main thread only waits for the others: a signal finds it at once. */
static int leader_serve(struct leaders *all, struct server *s)
{
	const struct team_options *options = s->model_options;
	struct team team = {.server = s, .run = leader_work, .model = all};
	int error = loop_begin(&all->loop);

	if (!error)
		error = team_start(&team, (unsigned)options->workers);
	if (error)
		return error;
	team_join(&team);
	loop_end(&all->loop);
	return all->error;
}

static int leader_run(struct server *s)
{
	struct leaders all = {
		.loop = {.watch = epoll_watch, .edge = true},
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.lead = PTHREAD_MUTEX_INITIALIZER,
		.state = PTHREAD_MUTEX_INITIALIZER,
	};
	struct worker *w = &all.loop.worker;
	int error;

	if (all.epoll < 0) {
		log_warn("epoll_create1");
		return -errno;
	}
	all.loop.model = &all.epoll;
	error = worker_init(w, s, &s->board->slots[0], WORKER_LARGE);
	if (!error)
		error = leader_serve(&all, s);
	worker_release(w);
	close(all.epoll);
	return error;
}

const struct server_model model_leader = {
	.name = "leader",
	.summary = "leader/followers: threads take turns at the event source",
	.options = team_table,
	.options_size = sizeof(struct team_options),
	.run = leader_run,
};
