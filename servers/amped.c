/* SPDX-License-Identifier: MIT */
/*
 * amped: one loop, and helper processes for what blocks.
 *
 * IDEA      Asymmetric multi-process event-driven. One epoll loop serves all
 *           connections, as in servers/epoll.c. A handler that may block
 *           (handler.blocks) is not run in it: the request goes to an idle
 *           helper process, through memory that both share, and what the
 *           helper makes of it comes back the same way.
 *
 *                 loop:   +-> epoll_wait --> recv --> handler, send
 *                         |                    | it may block
 *                         +-- send <--+        v
 *                                     +-- helper: handler, may block
 *
 * CALLS     per request that may block: recv, send, and a write and a read
 *                           to wake the helper, the same to wake the loop
 *           per other request: recv, send, a share of one epoll_wait
 * COSTS     Two switches between processes, and a copy of the request, of the
 *           connection's state and of the reply. In return a helper shares
 *           nothing: it may block, leak or crash.
 * BREAKS    As many requests that block as there are helpers: the next one
 *           waits for a helper. The state of the handler must be plain bytes.
 * USED BY   the Flash web server; Squid (diskd); nginx before its thread
 *           pools had no such thing, and stalled on disks
 * READ      V. Pai et al., "Flash: An Efficient and Portable Web Server",
 *           1999; servers/pool.c, the same with threads
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "servers/core/helpers.h"
#include "servers/core/model.h"

struct amped_options {
	uint64_t helpers;
};

struct amped {
	struct loop loop; /* first: the loop's functions are given this */
	struct helpers *helpers;
};

/* A request that may block: to a helper. */
static void amped_offload(struct loop *l, struct conn *c)
{
	helpers_offer(((struct amped *)l)->helpers, c);
}

static void amped_collect(struct loop *l)
{
	struct conn *c;

	while ((c = helpers_collect(((struct amped *)l)->helpers)))
		loop_back(l, c, 0);
}

static struct conn *amped_recall(struct loop *l)
{
	return helpers_recall(((struct amped *)l)->helpers);
}

/* Helpers have written to the loop's eventfd. */
static void amped_on_notice(struct loop *l)
{
	uint64_t count;

	if (read(l->notice.fd, &count, sizeof(count)) > 0)
		amped_collect(l);
}

/* A signal has come, perhaps that a helper has died; or one that could not be
 * replaced is to be tried again. */
static void amped_on_event(struct loop *l)
{
	if (!signals_child_ended() && !l->event_ns)
		return;
	l->event_ns = helpers_replace(((struct amped *)l)->helpers);
	amped_collect(l);
}

/* With a handler that may block, its input is kept for a helper. */
static int amped_start_helpers(struct amped *a, unsigned count)
{
	struct loop *l = &a->loop;

	l->notice.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->notice.fd < 0)
		return -errno;
	l->copies = true; /* in a helper that replaces another, at first */
	l->on_notice = amped_on_notice;
	l->on_event = amped_on_event;
	l->offload = amped_offload;
	l->recall = amped_recall;
	l->worker.deferred = true;
	a->helpers = helpers_new(&l->worker, count, l->notice.fd);
	return a->helpers ? 0 : -EAGAIN;
}

static int amped_run(struct server *s)
{
	const struct amped_options *options = s->model_options;
	struct amped a = {.loop = {.edge = true, .notice.fd = -1}};
	struct worker *w = &a.loop.worker;
	int error = worker_init(w, s, &s->board->slots[0], WORKER_LARGE);

	if (error)
		return error;
	if (s->handler->blocks)
		error = amped_start_helpers(&a, (unsigned)options->helpers);
	if (error)
		log_warnx(
			"cannot start %u helpers", (unsigned)options->helpers);
	else
		error = epoll_loop(&a.loop);
	if (a.helpers)
		helpers_free(a.helpers);
	if (a.loop.notice.fd >= 0)
		close(a.loop.notice.fd);
	worker_release(w);
	return error;
}

static const struct option_spec amped_table[] = {
	{
		.name = "helpers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct amped_options, helpers),
		.preset = "4",
		.min = 1,
		.max = 1024,
		.help = "processes for requests that may block",
	},
	{0},
};

const struct server_model model_amped = {
	.name = "amped",
	.summary = "one loop, and helper processes for what blocks",
	.options = amped_table,
	.options_size = sizeof(struct amped_options),
	.run = amped_run,
};
