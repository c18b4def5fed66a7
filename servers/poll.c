/* SPDX-License-Identifier: MIT */
/*
 * poll: the program hands the kernel the whole array of descriptors, each time.
 *
 * IDEA      One thread serves all connections. Each wait passes an array that
 *           names every descriptor and what is wanted of it; the kernel looks
 *           at each and writes beside it what it is ready for.
 *
 *                 +-> poll --> look through the array for what is ready
 *                 |              listener --> accept, one entry more
 *                 |              connection -> recv, handler, send
 *                 +----------------+
 *
 * CALLS     per connection: accept4, close
 *           per request:    recv, send, and a share of one poll
 * COSTS     Each poll costs in proportion to all connections, also the idle
 *           ones: copied in, looked at, looked through again here. With few,
 *           or with most of them busy, that hardly matters.
 * BREAKS    With many idle connections the time goes into looking at them.
 *           A handler that computes or blocks stalls all connections.
 * USED BY   small tools, and programs that must run everywhere
 * READ      poll(2); servers/select.c for its elder, servers/epoll.c for what
 *           came of it: a diff of the three is the lesson; UNP chapter 6
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "servers/core/model.h"

struct poll_options {
	struct loops_options loops;
};

/* Both arrays are indexed by descriptor; an unused entry has fd -1, which
 * poll() passes over. */
struct poll_set {
	struct pollfd *fds;
	struct watch **watches;
	int count, size;
};

static int poll_grow(struct poll_set *set, int need)
{
	const int size = need < 64 ? 64 : need * 2;
	void *fds = realloc(set->fds, (size_t)size * sizeof(*set->fds));
	void *watches;

	if (!fds)
		return -ENOMEM;
	set->fds = fds;
	watches = realloc(set->watches, (size_t)size * sizeof(*set->watches));
	if (!watches)
		return -ENOMEM;
	set->watches = watches;
	set->size = size;
	return 0;
}

static int poll_watch(struct loop *l, struct watch *w, unsigned interest)
{
	struct poll_set *set = l->model;

	if (w->fd >= set->size && poll_grow(set, w->fd + 1))
		return -ENOMEM;
	while (set->count <= w->fd)
		set->fds[set->count++].fd = -1;
	set->watches[w->fd] = w;
	set->fds[w->fd] = (struct pollfd) {
		.fd = w->fd,
		.events = (short)((interest & WATCH_READ ? POLLIN : 0) |
				  (interest & WATCH_WRITE ? POLLOUT : 0)),
	};
	return 0;
}

static void poll_forget(struct loop *l, struct watch *w)
{
	struct poll_set *set = l->model;

	set->fds[w->fd].fd = -1;
	while (set->count && set->fds[set->count - 1].fd < 0)
		set->count--;
}

static unsigned poll_meaning(short events)
{
	return (events & POLLIN ? WATCH_READ : 0u) |
	       (events & POLLOUT ? WATCH_WRITE : 0u) |
	       (events & (POLLERR | POLLHUP) ? WATCH_HANGUP : 0u);
}

static int poll_loop(struct loop *l)
{
	struct poll_set set = {0};
	int error;

	l->model = &set;
	l->watch = poll_watch;
	l->forget = poll_forget;
	error = loop_begin(l);
	while (!error && loop_running(l)) {
		int n = ppoll(
			set.fds, (nfds_t)set.count, loop_timeout(l), NULL);

		if (n < 0 && errno != EINTR)
			error = -errno;
		for (int fd = 0; n > 0 && fd < set.count; fd++) {
			const short events = set.fds[fd].revents;

			if (set.fds[fd].fd < 0 || !events)
				continue;
			n--;
			loop_event(l, set.watches[fd], poll_meaning(events));
		}
		loop_end_turn(l);
	}
	loop_end(l);
	free(set.watches);
	free(set.fds);
	return error;
}

static int poll_available(const struct server *s, char why[WHY_SIZE])
{
	const struct poll_options *options = s->model_options;

	return loops_no_exclusive(&options->loops, why);
}

static int poll_run(struct server *s)
{
	const struct poll_options *options = s->model_options;

	return loops_run(s, &options->loops, poll_loop);
}

static const struct option_spec poll_table[] = {
	LOOPS_OPTIONS(struct poll_options, loops),
	{0},
};

const struct server_model model_poll = {
	.name = "poll",
	.summary = "one loop; the whole array of descriptors is passed each "
		   "time",
	.options = poll_table,
	.options_size = sizeof(struct poll_options),
	.available = poll_available,
	.run = poll_run,
};
