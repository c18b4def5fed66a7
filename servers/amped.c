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
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "servers/core/children.h"
#include "servers/core/model.h"

struct amped_options {
	uint64_t helpers;
};

/* A request on its way to a helper, or its outcome on the way back. */
struct amped_job {
	_Atomic bool done;
	bool peer_eof, again, paused, finishing, in_request;
	int error;
	uint64_t wake_ns;
	size_t in_len, used, out_len;
	char bytes[]; /* state, then input, then output */
};

/* A helper process, as the loop sees it. */
struct amped_helper {
	pid_t pid;
	struct slot *slot;
	int wake; /* eventfd: there is a job */
	struct amped_job *job;
	struct conn *conn; /* whose job it is; NULL: idle */
};

struct amped {
	struct loop loop; /* first: the loop's functions are given this */
	struct children children;
	struct amped_helper *helpers;
	unsigned count;
	size_t in_size, out_size;	     /* of a job's parts */
	struct conn *waiting, **waiting_end; /* linked by conn.model */
};

/* ---- the helper --------------------------------------------------------- */

/* Runs the handler on a stand-in for the connection, which has its state and
 * its input but no socket. */
static void amped_do(struct amped *a, struct amped_job *job, struct worker *w)
{
	const size_t state_size = w->handler->state_size;
	char *in = job->bytes + state_size, *out = in + a->in_size;
	struct conn *c = conn_new(w, -1);
	const char *written;

	job->error = c ? 0 : ENOMEM;
	if (!c)
		return;
	memcpy(c->state, job->bytes, state_size);
	c->peer_eof = job->peer_eof;
	/* Not as input of its own: the loop has counted these bytes. */
	if (job->in_len && buf_append(&w->pool, &c->in, in, job->in_len))
		job->error = ENOMEM;
	conn_continue(c);
	job->used = job->in_len - (c->in ? buf_len(c->in) : 0);
	job->out_len = 0;
	written = conn_output(c, &job->out_len);
	if (written && job->out_len <= a->out_size)
		memcpy(out, written, job->out_len);
	else if (written)
		job->error = EMSGSIZE;
	memcpy(job->bytes, c->state, state_size);
	if (c->error)
		job->error = c->error;
	job->again = c->again;
	job->paused = c->paused;
	job->wake_ns = c->wake_ns;
	job->finishing = c->finishing;
	job->in_request = c->in_request;
	conn_abandon(c);
}

/* A successor is forked while there are connections: their sockets, and the
 * loop's epoll set, must not live on in it. */
static void amped_close_others(int one, int two)
{
	const unsigned low = (unsigned)(one < two ? one : two);
	const unsigned high = (unsigned)(one < two ? two : one);

	close_range(STDERR_FILENO + 1, low - 1, 0);
	close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

static void amped_help(struct amped *a, struct amped_helper *h)
{
	struct server *s = a->loop.worker.server;
	const uint64_t one = 1;
	struct worker w;
	uint64_t count;

	board_enter(h->slot);
	if (worker_init(&w, s, h->slot, WORKER_LARGE) < 0)
		_exit(1);
	while (!signals_stopping()) {
		/* A signal ends it early: then there is no job. */
		if (read(h->wake, &count, sizeof(count)) < 0)
			continue;
		amped_do(a, h->job, &w);
		atomic_store(&h->job->done, true);
		if (write(a->loop.notice.fd, &one, sizeof(one)) < 0)
			_exit(1);
	}
	_exit(0);
}

static int amped_start(struct amped *a, struct amped_helper *h)
{
	struct scoreboard *board = a->loop.worker.board;
	const pid_t parent = getpid();

	/* A new one: in the old one a dead helper may have left a wake-up. */
	if (h->wake >= 0)
		close(h->wake);
	h->wake = eventfd(0, EFD_CLOEXEC);
	if (h->wake < 0)
		return -errno;
	h->slot = board_claim(board, SLOT_PROCESS);
	h->pid = fork();
	if (h->pid == 0) {
		signals_in_child(parent);
		amped_close_others(h->wake, a->loop.notice.fd);
		amped_help(a, h);
	}
	if (h->pid < 0) {
		board_error(board, "fork", errno);
		return -errno;
	}
	return children_add(&a->children, h->pid, h->slot);
}

/* ---- the loop ----------------------------------------------------------- */

static void amped_give(struct amped *a, struct amped_helper *h, struct conn *c)
{
	const size_t state_size = c->worker->handler->state_size;
	struct amped_job *job = h->job;
	const uint64_t one = 1;
	const size_t kept = c->in ? buf_len(c->in) : 0;

	h->conn = c;
	job->peer_eof = c->peer_eof;
	job->in_len = kept < a->in_size ? kept : a->in_size;
	memcpy(job->bytes, c->state, state_size);
	if (c->in)
		memcpy(job->bytes + state_size, c->in->data + c->in->start,
			job->in_len);
	atomic_store(&job->done, false);
	if (write(h->wake, &one, sizeof(one)) < 0)
		log_warn("cannot wake a helper");
}

static void amped_offload(struct loop *l, struct conn *c)
{
	struct amped *a = (struct amped *)l;

	for (unsigned i = 0; i < a->count; i++) {
		struct amped_helper *h = &a->helpers[i];

		if (!h->conn && h->pid > 0) {
			amped_give(a, h, c);
			return;
		}
	}
	c->model = NULL;
	*a->waiting_end = c;
	a->waiting_end = (struct conn **)&c->model;
}

/* The helper is idle: the next one that waits is its next job. */
static void amped_next(struct amped *a, struct amped_helper *h)
{
	struct conn *c = a->waiting;

	h->conn = NULL;
	if (!c || h->pid <= 0)
		return;
	a->waiting = c->model;
	if (!a->waiting)
		a->waiting_end = &a->waiting;
	amped_give(a, h, c);
}

/* What the helper's stand-in has become, the connection becomes. */
static void amped_take(struct amped *a, struct amped_helper *h)
{
	struct conn *c = h->conn;
	struct worker *w = c->worker;
	const struct amped_job *job = h->job;
	const size_t state_size = w->handler->state_size;

	if (job->error) {
		conn_fail(c, "helper", job->error);
		return;
	}
	memcpy(c->state, job->bytes, state_size);
	if (job->used)
		buf_consume(&w->pool, &c->in, job->used);
	conn_write(c, job->bytes + state_size + a->in_size, job->out_len);
	c->again = job->again;
	c->in_request = job->in_request;
	if (!c->in_request)
		c->request_ns = 0;
	c->paused = job->paused;
	c->wake_ns = job->wake_ns;
	if (job->finishing)
		conn_finish(c);
}

static void amped_take_back(struct loop *l)
{
	struct amped *a = (struct amped *)l;
	uint64_t count;

	if (read(l->notice.fd, &count, sizeof(count)) < 0)
		return;
	for (unsigned i = 0; i < a->count; i++) {
		struct amped_helper *h = &a->helpers[i];
		struct conn *c = h->conn;

		if (!c || !atomic_load(&h->job->done))
			continue;
		amped_take(a, h);
		amped_next(a, h);
		loop_back(l, c, 0);
	}
}

/* A helper that died takes its request with it, and is replaced. */
static void amped_look_after(struct loop *l)
{
	struct amped *a = (struct amped *)l;

	if (!signals_child_ended())
		return;
	children_reap(&a->children);
	for (unsigned i = 0; i < a->count && !signals_stopping(); i++) {
		struct amped_helper *h = &a->helpers[i];
		struct conn *c = h->conn;

		if (h->pid > 0 && kill(h->pid, 0) == 0)
			continue;
		if (amped_start(a, h) < 0)
			h->pid = -1; /* one fewer, until the next death */
		amped_next(a, h);
		if (!c)
			continue;
		conn_fail(c, "helper", EPIPE);
		loop_back(l, c, 0);
	}
}

static int amped_init(struct amped *a, struct server *s, unsigned helpers)
{
	size_t size;

	a->in_size = CONN_INPUT_MAX;
	a->out_size = s->config.high_water + CONN_INPUT_MAX;
	a->waiting_end = &a->waiting;
	a->helpers = calloc(helpers, sizeof(*a->helpers));
	if (!a->helpers)
		return -ENOMEM;
	size = sizeof(struct amped_job) + s->handler->state_size + a->in_size +
	       a->out_size;
	for (; a->count < helpers; a->count++) {
		struct amped_helper *h = &a->helpers[a->count];

		h->wake = -1;
		h->job = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (h->job == MAP_FAILED || amped_start(a, h))
			return -EAGAIN;
	}
	return 0;
}

static int amped_run(struct server *s)
{
	const struct amped_options *options = s->model_options;
	struct amped a = {
		.loop =
			{
				.edge = true,
				.on_notice = amped_take_back,
				.on_event = amped_look_after,
				.notice.fd =
					eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
			},
	};
	struct worker *w = &a.loop.worker;
	int error = worker_init(w, s, &s->board->slots[0], WORKER_LARGE);

	if (error)
		return error;
	children_init(&a.children, s->board);
	if (s->handler->blocks) {
		w->deferred = true;
		a.loop.offload = amped_offload;
		error = amped_init(&a, s, (unsigned)options->helpers);
	}
	if (error)
		log_warnx(
			"cannot start %u helpers", (unsigned)options->helpers);
	else
		error = epoll_loop(&a.loop);
	signals_stop();
	children_drain(&a.children);
	worker_release(w);
	free(a.helpers);
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
