/* SPDX-License-Identifier: MIT */
/*
 * select: the oldest wait for many descriptors: three bit sets of fixed size.
 *
 * IDEA      One thread serves all connections. Each wait copies bit sets of
 *           the wanted descriptors; the kernel leaves set the bits of those
 *           that are ready.
 *
 *                 +-> copy the sets -> select --> test each bit
 *                 |                      listener --> accept, one bit more
 *                 |                      connection -> recv, handler, send
 *                 +--------------------------+
 *
 * CALLS     per connection: accept4, close
 *           per request:    recv, send, and a share of one select
 * COSTS     Each select costs in proportion to the highest descriptor number.
 * BREAKS    A set holds descriptors 0 to 1023 (FD_SETSIZE) whatever the limit
 *           of the process is; setting a higher bit writes beyond the set and
 *           corrupts the program. Here such a connection is closed and counted
 *           as fd.too_large. A handler that blocks stalls all connections.
 * USED BY   programs from before poll, and portable ones with few descriptors
 * READ      select(2), its section BUGS above all; servers/poll.c; UNP
 *           chapter 6
 */
#include <errno.h>
#include <sys/select.h>

#include "servers/core/model.h"

struct select_set {
	fd_set read, write;	    /* what is wanted */
	fd_set can_read, can_write; /* what is ready */
	struct watch *watches[FD_SETSIZE];
	int count; /* all wanted descriptors are below it */
};

static int select_watch(struct loop *l, struct watch *w, unsigned interest)
{
	struct select_set *set = l->model;

	if (w->fd >= FD_SETSIZE) {
		if (w->kind == WATCH_CONN)
			conn_fail((struct conn *)w, "fd.too_large", 0);
		return -EBADF;
	}
	FD_CLR(w->fd, &set->read);
	FD_CLR(w->fd, &set->write);
	if (interest & WATCH_READ)
		FD_SET(w->fd, &set->read);
	if (interest & WATCH_WRITE)
		FD_SET(w->fd, &set->write);
	set->watches[w->fd] = w;
	if (set->count <= w->fd)
		set->count = w->fd + 1;
	return 0;
}

static void select_forget(struct loop *l, struct watch *w)
{
	struct select_set *set = l->model;

	FD_CLR(w->fd, &set->read);
	FD_CLR(w->fd, &set->write);
	set->watches[w->fd] = NULL;
	while (set->count && !set->watches[set->count - 1])
		set->count--;
}

static unsigned select_meaning(const struct select_set *set, int fd)
{
	return (FD_ISSET(fd, &set->can_read) ? WATCH_READ : 0u) |
	       (FD_ISSET(fd, &set->can_write) ? WATCH_WRITE : 0u);
}

static int select_loop(struct loop *l)
{
	struct select_set set = {0};
	int error;

	l->model = &set;
	l->watch = select_watch;
	l->forget = select_forget;
	error = loop_begin(l);
	while (!error && loop_running(l)) {
		int n;

		set.can_read = set.read;
		set.can_write = set.write;
		n = pselect(set.count, &set.can_read, &set.can_write, NULL,
			loop_timeout(l), NULL);
		if (n < 0 && errno != EINTR)
			error = -errno;
		for (int fd = 0; n > 0 && fd < set.count; fd++) {
			const unsigned ready = select_meaning(&set, fd);

			if (ready && set.watches[fd])
				loop_event(l, set.watches[fd], ready);
		}
		loop_end_turn(l);
	}
	loop_end(l);
	return error;
}

static int select_run(struct server *s)
{
	return loops_run(s, s->model_options, select_loop);
}

const struct server_model model_select = {
	.name = "select",
	.summary = "one loop; bit sets of at most 1024 descriptors are passed "
		   "each time",
	.options = loops_table,
	.options_size = sizeof(struct loops_options),
	.available = loops_no_exclusive,
	.run = select_run,
};
