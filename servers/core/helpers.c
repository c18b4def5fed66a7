/* SPDX-License-Identifier: MIT */
#include "servers/core/helpers.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/children.h"
#include "servers/core/conn.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/worker.h"

#define HELPERS_RETRY_NS (100 * NS_PER_MS) /* after a fork that failed */

/* A request on its way to a helper, or its outcome on the way back. */
struct job {
	_Atomic bool done;
	_Atomic bool last; /* there is none: the helper is to end */
	bool peer_eof, again, paused, finishing, in_request;
	int error;
	uint64_t wake_ns;
	size_t in_len, used, out_len;
	char bytes[]; /* state, then input, then output */
};

struct helper {
	pid_t pid; /* 0: there is none, until helpers_replace() has one */
	struct slot *slot;
	int wake; /* eventfd: there is a job */
	struct job *job;
	struct conn *conn; /* whose job it is; NULL: idle */
};

/* Connections, linked by conn.model. */
struct line {
	struct conn *first, **end;
};

struct helpers {
	struct worker *worker; /* the loop's */
	struct children children;
	struct helper *all;
	unsigned count;
	int done_fd;
	size_t state_size, in_size, out_size; /* of a job's parts */
	struct line waiting;		      /* for a helper that is idle */
	struct line lost; /* their helper died: to be collected */
};

static void line_init(struct line *line)
{
	line->first = NULL;
	line->end = &line->first;
}

static void line_put(struct line *line, struct conn *c)
{
	c->model = NULL;
	*line->end = c;
	line->end = (struct conn **)&c->model;
}

static struct conn *line_take(struct line *line)
{
	struct conn *c = line->first;

	if (!c)
		return NULL;
	line->first = c->model;
	if (!line->first)
		line->end = &line->first;
	return c;
}

/* ---- the helper --------------------------------------------------------- */

/* What the stand-in has become goes back. */
static void helper_answer(
	const struct helpers *h, struct job *job, struct conn *c)
{
	const bool file = c->out && c->out->file;
	const char *written = file ? NULL : conn_output(c, &job->out_len);

	if (!written)
		job->out_len = 0;
	else if (job->out_len <= h->out_size)
		memcpy(job->bytes + h->state_size + h->in_size, written,
			job->out_len);
	else
		job->error = EMSGSIZE;
	if (file) /* it is open here, and the socket is there */
		job->error = ENOTSUP;
	if (c->error)
		job->error = c->error;
	memcpy(job->bytes, c->state, h->state_size);
	job->used = job->in_len - (c->in ? buf_len(c->in) : 0);
	job->again = c->again;
	job->paused = c->paused;
	job->wake_ns = c->wake_ns;
	job->finishing = c->finishing;
	job->in_request = c->in_request;
}

/* Runs the handler on a stand-in for the connection, which has its state and
 * its input but no socket. */
static void helper_do(
	const struct helpers *h, struct job *job, struct worker *w)
{
	const char *in = job->bytes + h->state_size;
	struct conn *c = conn_new(w, -1);

	job->error = ENOMEM;
	if (!c)
		return;
	memcpy(c->state, job->bytes, h->state_size);
	c->peer_eof = job->peer_eof;
	/* Not as input of its own: the loop has counted these bytes. */
	if (!job->in_len || !buf_append(&w->pool, &c->in, in, job->in_len)) {
		job->error = 0;
		conn_continue(c);
		helper_answer(h, job, c);
	}
	conn_abandon(c);
}

/* A successor is forked while there are connections: their sockets, and the
 * loop's descriptors, must not live on in it. */
static void helper_close_others(int one, int two)
{
	const unsigned low = (unsigned)(one < two ? one : two);
	const unsigned high = (unsigned)(one < two ? two : one);

	close_range(STDERR_FILENO + 1, low - 1, 0);
	close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

/* SIGTERM is the loop's to see: whoever sends it to all of us wants the
 * requests answered that we have. */
_Noreturn static void helper_main(
	const struct helpers *h, const struct helper *own)
{
	const uint64_t one = 1;
	struct worker w;
	uint64_t count;

	signal(SIGTERM, SIG_IGN);
	helper_close_others(own->wake, h->done_fd);
	board_enter(own->slot);
	if (worker_init(&w, h->worker->server, own->slot, WORKER_LARGE) < 0)
		_exit(1);
	for (;;) {
		/* A signal ends it early: then there is no job. */
		if (read(own->wake, &count, sizeof(count)) < 0)
			continue;
		if (atomic_load(&own->job->last))
			_exit(0);
		helper_do(h, own->job, &w);
		atomic_store(&own->job->done, true);
		if (write(h->done_fd, &one, sizeof(one)) < 0)
			_exit(1);
	}
}

static int helper_start(struct helpers *h, struct helper *own)
{
	const pid_t parent = getpid();

	/* A new one: in the old one a dead helper may have left a wake-up. */
	if (own->wake >= 0)
		close(own->wake);
	own->wake = eventfd(0, EFD_CLOEXEC);
	if (own->wake < 0)
		return -errno;
	own->slot = board_claim(h->worker->board, SLOT_PROCESS);
	own->pid = fork();
	if (own->pid == 0) {
		signals_in_child(parent);
		helper_main(h, own);
	}
	if (own->pid < 0) {
		board_error(h->worker->board, "fork", errno);
		board_bury(h->worker->board, own->slot, 0);
		return -EAGAIN;
	}
	return children_add(&h->children, own->pid, own->slot);
}

/* ---- the loop ----------------------------------------------------------- */

static void helper_wake(const struct helper *own)
{
	const uint64_t one = 1;

	if (write(own->wake, &one, sizeof(one)) < 0)
		log_warn("cannot wake a helper");
}

static void helper_give(
	const struct helpers *h, struct helper *own, struct conn *c)
{
	struct job *job = own->job;
	const size_t kept = c->in ? buf_len(c->in) : 0;

	own->conn = c;
	job->peer_eof = c->peer_eof;
	job->in_len = kept < h->in_size ? kept : h->in_size;
	memcpy(job->bytes, c->state, h->state_size);
	if (c->in)
		memcpy(job->bytes + h->state_size, c->in->data + c->in->start,
			job->in_len);
	atomic_store(&job->done, false);
	helper_wake(own);
}

void helpers_offer(struct helpers *h, struct conn *c)
{
	for (unsigned i = 0; i < h->count; i++) {
		struct helper *own = &h->all[i];

		if (!own->conn && own->pid > 0) {
			helper_give(h, own, c);
			return;
		}
	}
	line_put(&h->waiting, c);
}

/* It is idle: the next one that waits is its next job. */
static void helper_next(struct helpers *h, struct helper *own)
{
	struct conn *c;

	own->conn = NULL;
	if (own->pid > 0 && (c = line_take(&h->waiting)))
		helper_give(h, own, c);
}

/* What the stand-in has become, the connection becomes. */
static void helper_take(const struct helpers *h, const struct helper *own)
{
	const struct job *job = own->job;
	struct conn *c = own->conn;

	if (job->error) {
		conn_fail(c, "helper", job->error);
		return;
	}
	memcpy(c->state, job->bytes, h->state_size);
	if (job->used)
		buf_consume(&h->worker->pool, &c->in, job->used);
	conn_write(c, job->bytes + h->state_size + h->in_size, job->out_len);
	c->again = job->again;
	c->in_request = job->in_request;
	if (!c->in_request)
		c->request_ns = 0;
	c->paused = job->paused;
	c->wake_ns = job->wake_ns;
	if (job->finishing)
		conn_finish(c);
}

struct conn *helpers_collect(struct helpers *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		struct helper *own = &h->all[i];
		struct conn *c = own->conn;

		if (!c || !atomic_load(&own->job->done))
			continue;
		helper_take(h, own);
		helper_next(h, own);
		return c;
	}
	return line_take(&h->lost);
}

struct conn *helpers_recall(struct helpers *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		struct conn *c = h->all[i].conn;

		h->all[i].conn = NULL;
		if (c)
			return c;
	}
	return line_take(&h->waiting);
}

/* The request that a dead one had is lost. */
static void helper_lose(struct helpers *h, struct helper *own)
{
	struct conn *c = own->conn;

	own->conn = NULL;
	if (!c)
		return;
	conn_fail(c, "helper", EPIPE);
	line_put(&h->lost, c);
}

uint64_t helpers_replace(struct helpers *h)
{
	uint64_t again_ns = 0;

	children_reap(&h->children);
	for (unsigned i = 0; i < h->count; i++) {
		struct helper *own = &h->all[i];

		if (own->pid > 0 && kill(own->pid, 0) == 0)
			continue;
		helper_lose(h, own);
		if (helper_start(h, own) < 0) {
			own->pid = 0;
			again_ns = clock_ns() + HELPERS_RETRY_NS;
		}
		helper_next(h, own);
	}
	return again_ns;
}

/* ---- begin and end ------------------------------------------------------ */

static int helpers_start(struct helpers *h, unsigned count)
{
	const size_t size =
		sizeof(struct job) + h->state_size + h->in_size + h->out_size;

	for (; h->count < count; h->count++) {
		struct helper *own = &h->all[h->count];
		int error;

		own->wake = -1;
		own->job = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (own->job == MAP_FAILED)
			return -errno;
		error = helper_start(h, own);
		if (error)
			return error;
	}
	return 0;
}

struct helpers *helpers_new(struct worker *w, unsigned count, int done_fd)
{
	struct helpers *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->worker = w;
	h->done_fd = done_fd;
	h->state_size = w->handler->state_size;
	h->in_size = CONN_INPUT_MAX;
	h->out_size = w->server->config.high_water + CONN_INPUT_MAX;
	h->all = calloc(count, sizeof(*h->all));
	line_init(&h->waiting);
	line_init(&h->lost);
	children_init(&h->children, w->board);
	if (!h->all || helpers_start(h, count) < 0) {
		signals_stop();
		helpers_free(h);
		return NULL;
	}
	return h;
}

void helpers_free(struct helpers *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		atomic_store(&h->all[i].job->last, true);
		if (h->all[i].pid > 0)
			helper_wake(&h->all[i]);
	}
	children_drain(&h->children);
	for (unsigned i = 0; i < h->count; i++)
		close(h->all[i].wake);
	free(h->all);
	free(h);
}
