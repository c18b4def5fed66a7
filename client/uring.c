/* SPDX-License-Identifier: MIT */
/*
 * The io_uring engine: requests are queued, not made. One io_uring_enter()
 * hands over all sends of a batch and brings all that has happened since; a
 * receive is asked for once per connection and then delivers whatever comes,
 * into buffers that the kernel takes from a ring of ours.
 *
 * A send of one request is asked to finish by itself (MSG_WAITALL). Where its
 * reply proves that it has been sent, its success is not even reported. A send
 * of several takes what the socket has room for: the first may be answered
 * before there is room for the last.
 *
 * Completions of a connection that is gone still arrive: each carries the low
 * bits of the generation that it belongs to.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/engine.h"
#include "client/worker.h"
#include "common/log.h"

enum {
	URING_ENTRIES = 1024,
	URING_BATCH = 32, /* sends held back for company, at most */
	URING_GROUP = 1,
	URING_BUFFER = 4096,
	URING_BUFFERS_MIN = 64, /* a power of two */
	URING_BUFFERS_MAX = 1024,
	URING_PIECES = 16,
};

enum uring_operation { URING_WAKE, URING_CONNECT, URING_SEND, URING_RECEIVE };

/* What a send with several pieces points to until it has completed. */
struct uring_message {
	struct msghdr header;
	struct iovec pieces[URING_PIECES];
};

struct uring_engine {
	struct io_uring ring;
	struct io_uring_buf_ring *buffers;
	char *memory; /* of the buffers */
	unsigned buffer_count;
	unsigned queued; /* since the last submission */
	bool quiet_sends;
	bool fixed;	  /* sockets are registered, see uring_fix() */
	bool one_receive; /* connections are short: none shall be left over */
	struct uring_message *messages; /* one per connection */
};

/* ---- what a completion belongs to --------------------------------------- */

static uint64_t uring_tag(const struct connection *c, enum uring_operation op)
{
	return (uint64_t)(uintptr_t)c | (uint64_t)op |
	       (uint64_t)(c->generation & 0xffff) << 48;
}

static struct connection *uring_connection(uint64_t tag)
{
	return (struct connection *)(uintptr_t)(tag & 0xfffffffffff8ull);
}

static bool uring_is_stale(const struct connection *c, uint64_t tag)
{
	return c->fd < 0 || (c->generation & 0xffff) != tag >> 48;
}

/* ---- submission --------------------------------------------------------- */

static void uring_submit(struct worker *w, struct uring_engine *e)
{
	w->tally->syscalls++;
	e->queued = 0;
	io_uring_submit(&e->ring);
}

static struct io_uring_sqe *uring_sqe(struct worker *w)
{
	struct uring_engine *e = w->engine;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&e->ring);

	while (!sqe) {
		uring_submit(w, e);
		sqe = io_uring_get_sqe(&e->ring);
	}
	return sqe;
}

/* The tag comes last: preparing a request may clear it. */
static void uring_queue(
	struct worker *w, struct io_uring_sqe *sqe, uint64_t tag)
{
	struct uring_engine *e = w->engine;

	io_uring_sqe_set_data64(sqe, tag);
	if (++e->queued >= URING_BATCH)
		uring_submit(w, e);
}

static unsigned uring_slot(const struct connection *c)
{
	return (unsigned)(c - c->worker->connections);
}

/* Registers the socket of a connection that is to last, so that not each of
 * its requests looks it up; -1 takes it out again. */
static void uring_fix(struct connection *c, int fd)
{
	struct uring_engine *e = c->worker->engine;

	if (!e->fixed)
		return;
	c->worker->tally->syscalls++;
	io_uring_register_files_update(&e->ring, uring_slot(c), &fd, 1);
}

/* After the preparation with c->fd. */
static void uring_use_fixed(
	const struct connection *c, struct io_uring_sqe *sqe)
{
	const struct uring_engine *e = c->worker->engine;

	if (!e->fixed)
		return;
	sqe->fd = (int)uring_slot(c);
	sqe->flags |= IOSQE_FIXED_FILE;
}

static void uring_arm_wake(struct worker *w)
{
	struct io_uring_sqe *sqe = uring_sqe(w);

	io_uring_prep_poll_add(sqe, w->wake_fd, POLLIN);
	uring_queue(w, sqe, URING_WAKE);
}

static void uring_receive(struct connection *c)
{
	struct uring_engine *e = c->worker->engine;
	struct io_uring_sqe *sqe = uring_sqe(c->worker);

	if (e->one_receive)
		io_uring_prep_recv(sqe, c->fd, NULL, 0, 0);
	else
		io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
	uring_use_fixed(c, sqe);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = URING_GROUP;
	c->engine_listed = true;
	uring_queue(c->worker, sqe, uring_tag(c, URING_RECEIVE));
}

static int uring_connect(struct connection *c)
{
	const struct address *server = &c->worker->run->config->server;
	struct io_uring_sqe *sqe = uring_sqe(c->worker);

	c->engine_sending = false;
	c->engine_listed = false;
	io_uring_prep_connect(sqe, c->fd, &server->sa.any, server->len);
	uring_queue(c->worker, sqe, uring_tag(c, URING_CONNECT));
	return 0;
}

/* Returns the number of pieces, and how many bytes they are. */
static int uring_prepare_send(
	struct connection *c, struct io_uring_sqe *sqe, size_t *len)
{
	struct uring_engine *e = c->worker->engine;
	struct uring_message *m = &e->messages[c - c->worker->connections];
	int i, n = connection_output(c, m->pieces, URING_PIECES);

	if (n == 1) {
		*len = m->pieces[0].iov_len;
		io_uring_prep_send(sqe, c->fd, m->pieces[0].iov_base, *len,
			MSG_NOSIGNAL | MSG_WAITALL);
		return 1;
	}
	for (*len = 0, i = 0; i < n; i++)
		*len += m->pieces[i].iov_len;
	m->header = (struct msghdr) {
		.msg_iov = m->pieces,
		.msg_iovlen = (size_t)n,
	};
	io_uring_prep_sendmsg(sqe, c->fd, &m->header, MSG_NOSIGNAL);
	return n;
}

/* One send at a time on a connection: two could mix. */
static void uring_send(struct connection *c)
{
	struct uring_engine *e = c->worker->engine;
	struct io_uring_sqe *sqe;
	struct iovec any;
	size_t len;
	int pieces;

	if (c->engine_sending || c->state != CONNECTION_OPEN ||
		connection_output(c, &any, 1) == 0)
		return;
	sqe = uring_sqe(c->worker);
	pieces = uring_prepare_send(c, sqe, &len);
	uring_use_fixed(c, sqe);
	if (e->quiet_sends) {
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	} else {
		c->engine_sending = true;
		connection_handed(c, pieces);
	}
	uring_queue(c->worker, sqe, uring_tag(c, URING_SEND));
	if (e->quiet_sends)
		connection_written(c, len);
}

/* A TCP socket that is connected to nothing has been reset. */
static bool uring_reset(const struct connection *c)
{
	const struct sockaddr nothing = {.sa_family = AF_UNSPEC};

	c->worker->tally->syscalls++;
	return connect(c->fd, &nothing, sizeof(nothing)) == 0;
}

/* A receive under way holds on to the socket: shutting it down ends it. */
static void uring_disconnect(struct connection *c)
{
	bool reset = c->worker->run->config->close_by_reset;

	c->worker->tally->syscalls++;
	if (c->engine_listed && !(reset && uring_reset(c))) {
		c->worker->tally->syscalls++;
		shutdown(c->fd, SHUT_RDWR);
	}
	uring_fix(c, -1);
	close(c->fd);
}

/* ---- completions -------------------------------------------------------- */

static void uring_connected(struct connection *c, int result)
{
	if (result < 0) {
		connection_error(c, ERROR_CONNECT, -result);
		return;
	}
	uring_fix(c, c->fd);
	connection_connected(c);
	if (c->fd >= 0)
		uring_receive(c);
}

static void uring_sent(struct connection *c, int result)
{
	unsigned generation = c->generation;

	c->engine_sending = false;
	if (result < 0) {
		connection_error(c, ERROR_WRITE, -result);
		return;
	}
	connection_written(c, (size_t)result);
	if (c->generation == generation && c->fd >= 0)
		uring_send(c);
}

static void uring_give_back(struct uring_engine *e, unsigned id)
{
	io_uring_buf_ring_add(e->buffers, e->memory + (size_t)id * URING_BUFFER,
		URING_BUFFER, (unsigned short)id,
		io_uring_buf_ring_mask(e->buffer_count), 0);
	io_uring_buf_ring_advance(e->buffers, 1);
}

static void uring_received(struct connection *c, int result, const char *buf)
{
	if (result > 0)
		connection_input(c, buf, (size_t)result);
	else if (result == 0)
		connection_eof(c);
	else if (result != -ENOBUFS && result != -EINTR && result != -EAGAIN)
		connection_error(c, ERROR_READ, -result);
}

static void uring_on_receive(
	struct worker *w, struct connection *c, const struct io_uring_cqe *cqe)
{
	struct uring_engine *e = w->engine;
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	unsigned generation = c->generation;
	bool stale = uring_is_stale(c, cqe->user_data);

	if (!stale && !(cqe->flags & IORING_CQE_F_MORE))
		c->engine_listed = false;
	if (!stale)
		uring_received(
			c, cqe->res, e->memory + (size_t)id * URING_BUFFER);
	if (cqe->flags & IORING_CQE_F_BUFFER)
		uring_give_back(e, id);
	if (!stale && c->fd >= 0 && c->generation == generation &&
		!c->engine_listed)
		uring_receive(c);
}

static void uring_complete(struct worker *w, const struct io_uring_cqe *cqe)
{
	struct connection *c = uring_connection(cqe->user_data);
	enum uring_operation op = cqe->user_data & 7;

	if (op == URING_WAKE) {
		worker_woken(w);
		uring_arm_wake(w);
	} else if (op == URING_RECEIVE)
		uring_on_receive(w, c, cqe);
	else if (uring_is_stale(c, cqe->user_data))
		return;
	else if (op == URING_CONNECT)
		uring_connected(c, cqe->res);
	else
		uring_sent(c, cqe->res);
}

static int uring_enter(struct worker *w, uint64_t deadline_ns)
{
	struct uring_engine *e = w->engine;
	uint64_t now = deadline_ns ? clock_read(&w->clock) : 0;
	struct __kernel_timespec wait;
	struct io_uring_cqe *cqe;

	if (deadline_ns <= now)
		return io_uring_submit_and_get_events(&e->ring);
	wait.tv_sec = (int64_t)((deadline_ns - now) / NS_PER_S);
	wait.tv_nsec = (int64_t)((deadline_ns - now) % NS_PER_S);
	return io_uring_submit_and_wait_timeout(&e->ring, &cqe, 1, &wait, NULL);
}

static int uring_wait(struct worker *w, uint64_t deadline_ns)
{
	struct uring_engine *e = w->engine;
	bool submits = io_uring_sq_ready(&e->ring) > 0;
	struct io_uring_cqe *cqe;
	int events = 0, result;
	unsigned head;

	w->tally->syscalls++;
	e->queued = 0;
	result = uring_enter(w, deadline_ns);
	if (result < 0 && result != -ETIME && result != -EINTR &&
		result != -EAGAIN && result != -EBUSY)
		return result;
	io_uring_for_each_cqe(&e->ring, head, cqe)
	{
		uring_complete(w, cqe);
		events++;
	}
	io_uring_cq_advance(&e->ring, (unsigned)events);
	return events + submits;
}

/* ---- setting up --------------------------------------------------------- */

static int uring_init_ring(struct uring_engine *e)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
		.cq_entries = 8 * URING_ENTRIES,
	};
	int error =
		io_uring_queue_init_params(URING_ENTRIES, &e->ring, &params);

	if (error != -EINVAL)
		return error;
	/* A kernel before 6.1 lacks the last two. */
	memset(&params, 0, sizeof(params));
	params.flags = IORING_SETUP_CQSIZE;
	params.cq_entries = 8 * URING_ENTRIES;
	return io_uring_queue_init_params(URING_ENTRIES, &e->ring, &params);
}

static int uring_init_buffers(struct uring_engine *e, uint64_t connections)
{
	size_t size;
	unsigned i;

	e->buffer_count = URING_BUFFERS_MIN;
	while (e->buffer_count < connections &&
		e->buffer_count < URING_BUFFERS_MAX)
		e->buffer_count *= 2;
	size = e->buffer_count * sizeof(struct io_uring_buf);
	e->memory = malloc((size_t)e->buffer_count * URING_BUFFER);
	e->buffers = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	if (!e->memory || !e->buffers)
		return -ENOMEM;
	io_uring_buf_ring_init(e->buffers);
	for (i = 0; i < e->buffer_count; i++)
		uring_give_back(e, i);
	return io_uring_register_buf_ring(&e->ring,
		&(struct io_uring_buf_reg) {
			.ring_addr = (uint64_t)(uintptr_t)e->buffers,
			.ring_entries = e->buffer_count,
			.bgid = URING_GROUP,
		},
		0);
}

static void uring_free(struct uring_engine *e)
{
	free(e->memory);
	free(e->buffers);
	free(e->messages);
	free(e);
}

static int uring_fail(const char *what, int error)
{
	log_warnx("the uring engine is not available here: %s: %s", what,
		strerror(-error));
	return error;
}

static int uring_open(struct worker *w)
{
	const struct config *config = w->run->config;
	struct uring_engine *e = calloc(1, sizeof(*e));
	int error;

	if (!e)
		return -ENOMEM;
	e->quiet_sends = config->pipeline == 1 && !config->workload->unreplied;
	e->one_receive = config->requests_per_connection != UINT64_MAX;
	e->messages = calloc(w->connection_count, sizeof(*e->messages));
	error = e->messages ? uring_init_ring(e) : -ENOMEM;
	if (error) {
		uring_free(e);
		return uring_fail("io_uring_setup", error);
	}
	error = uring_init_buffers(e, w->connection_count);
	if (error) {
		io_uring_queue_exit(&e->ring);
		uring_free(e);
		return uring_fail("rings of buffers", error);
	}
	e->fixed =
		!e->one_receive && io_uring_register_files_sparse(&e->ring,
					   (unsigned)w->connection_count) == 0;
	io_uring_register_ring_fd(&e->ring); /* spares a lookup, if it can */
	w->engine = e;
	uring_arm_wake(w);
	return 0;
}

static void uring_close(struct worker *w)
{
	struct uring_engine *e = w->engine;
	uint64_t i;

	for (i = 0; i < w->connection_count; i++)
		connection_close(&w->connections[i]);
	io_uring_queue_exit(&e->ring);
	uring_free(e);
}

const struct engine engine_uring = {
	.name = "uring",
	.summary = "completions: a share of one io_uring_enter() per request",
	.open = uring_open,
	.close = uring_close,
	.connect = uring_connect,
	.send = uring_send,
	.disconnect = uring_disconnect,
	.wait = uring_wait,
};
