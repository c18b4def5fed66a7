/* SPDX-License-Identifier: MIT */
/*
 * epoll: the kernel keeps the set of descriptors, and returns the ready ones.
 *
 * IDEA      One thread serves all connections. It tells the kernel once which
 *           descriptors it cares about; each wait then returns only those that
 *           are ready, in time that does not depend on how many are idle.
 *
 *                 +-> epoll_wait --> ready: listener --> accept, epoll_ctl ADD
 *                 |                  ready: connection -> recv, handler, send
 *                 +---------------------------------------------+
 *
 * CALLS     per connection: accept4, epoll_ctl (ADD), close
 *           per request:    recv, send, and a share of one epoll_wait
 * COSTS     A connection costs its state, not a stack: about 150 bytes here.
 *           More is asked of the kernel (epoll_ctl MOD) only when a peer does
 *           not read its replies.
 * BREAKS    A handler that computes or blocks stalls all connections of the
 *           loop. A descriptor that is closed leaves the set by itself, but
 *           only when its last copy is closed: do not hold one in a child.
 * TRIGGER   level: a descriptor is reported as long as it is ready.
 *           edge:  it is reported when that changes, so the loop must read on
 *           until it has seen the end, or remember that it has not; in return
 *           nothing needs to be re-armed, ever.
 * USED BY   nginx, redis, memcached, node.js (by libuv), haproxy
 * READ      epoll(7); servers/poll.c: a diff of the two is the lesson;
 *           D. Kegel, "The C10K problem"
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "servers/core/model.h"

enum epoll_trigger { TRIGGER_LEVEL, TRIGGER_EDGE };
enum { EPOLL_BATCH = 256 };

struct epoll_options {
	struct loops_options loops;
	int trigger;
};

int epoll_watch(struct loop *l, struct watch *w, unsigned interest)
{
	const int *set = l->model;
	int op = w->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	struct epoll_event event = {.data.ptr = w};

	if (w->kind == WATCH_LISTENER) {
		/* An exclusive entry can be added and deleted, not modified. */
		op = interest ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
		event.events = EPOLLIN | (l->exclusive ? EPOLLEXCLUSIVE : 0u);
	} else if (l->edge && w->kind == WATCH_CONN) {
		if (w->known)
			return 0; /* all changes are reported, for ever */
		event.events =
			EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	} else {
		event.events = (interest & WATCH_READ ? EPOLLIN : 0u) |
			       (interest & WATCH_WRITE ? EPOLLOUT : 0u);
	}
	return epoll_ctl(*set, op, w->fd, &event) < 0 ? -errno : 0;
}

/* Needed only where another process may still have a copy of the socket: it
 * would keep the entry in the set, and with it the name of what is freed. */
static void epoll_forget(struct loop *l, struct watch *w)
{
	const int *set = l->model;

	epoll_ctl(*set, EPOLL_CTL_DEL, w->fd, NULL);
}

int epoll_loop(struct loop *l)
{
	struct epoll_event ready[EPOLL_BATCH];
	int error, set = epoll_create1(EPOLL_CLOEXEC);

	if (set < 0) {
		log_warn("epoll_create1");
		return -errno;
	}
	l->model = &set;
	l->watch = epoll_watch;
	if (l->copies)
		l->forget = epoll_forget;
	error = loop_begin(l);
	while (!error && loop_running(l)) {
		int n = epoll_pwait2(
			set, ready, EPOLL_BATCH, loop_timeout(l), NULL);

		if (n < 0 && errno != EINTR)
			error = -errno;
		for (int i = 0; i < n; i++)
			loop_event(l, ready[i].data.ptr,
				loop_meaning(ready[i].events));
		loop_end_turn(l);
	}
	loop_end(l);
	close(set);
	return error;
}

static int epoll_body(struct loop *l)
{
	const struct epoll_options *options = l->worker.server->model_options;

	l->edge = options->trigger == TRIGGER_EDGE;
	return epoll_loop(l);
}

static int epoll_run(struct server *s)
{
	const struct epoll_options *options = s->model_options;

	return loops_run(s, &options->loops, epoll_body);
}

static const struct option_spec epoll_table[] = {
	LOOPS_OPTIONS(struct epoll_options, loops),
	{
		.name = "trigger",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct epoll_options, trigger),
		.choices = "level,edge",
		.preset = "level",
		.help = "report what is ready, or what has become ready",
	},
	{0},
};

const struct server_model model_epoll = {
	.name = "epoll",
	.summary = "one loop; the kernel keeps the set and returns what is "
		   "ready",
	.options = epoll_table,
	.options_size = sizeof(struct epoll_options),
	.run = epoll_run,
};
