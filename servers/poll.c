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

#include "servers/core/model.h"
#include "servers/core/poll_set.h"

static int poll_watch(struct loop *l, struct watch *w, unsigned interest)
{
	const int events = (interest & WATCH_READ ? POLLIN : 0) |
			   (interest & WATCH_WRITE ? POLLOUT : 0);

	return poll_set_put(l->model, w, (short)events);
}

static void poll_forget(struct loop *l, struct watch *w)
{
	poll_set_remove(l->model, w);
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
			loop_event(l, set.watches[fd],
				loop_meaning((unsigned short)events));
		}
		loop_end_turn(l);
	}
	loop_end(l);
	poll_set_release(&set);
	return error;
}

static int poll_run(struct server *s)
{
	return loops_run(s, s->model_options, poll_loop);
}

const struct server_model model_poll = {
	.name = "poll",
	.summary = "one loop; the whole array of descriptors is passed each "
		   "time",
	.options = loops_table,
	.options_size = sizeof(struct loops_options),
	.available = loops_no_exclusive,
	.run = poll_run,
};
