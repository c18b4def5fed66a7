/* SPDX-License-Identifier: MIT */
/*
 * uring: completions; the kernel does the work and says when it is done.
 *
 * IDEA      One thread serves all connections. It does not ask what is ready
 *           and then call: it puts operations (accept, receive, send) into a
 *           ring that it shares with the kernel, and finds their results in
 *           another. One system call begins all that has gathered and waits
 *           for what completes.
 *
 *                 +-> io_uring_enter --> accepted: begin a receive
 *                 |     (begin, wait)    received: handler, begin a send
 *                 |                      sent:     the rest, if there is one
 *                 +------------------------+
 *
 *           One accept and, for each connection, one receive stay in place and
 *           complete again and again (multishot). Who will receive is not
 *           known beforehand: the kernel takes a buffer from a common ring
 *           when bytes have come, and gets it back when they were used.
 *
 * CALLS     per connection: close, shutdown where we end first
 *           per request:    a share of one io_uring_enter
 * COSTS     The way through TCP is the same, and is most of the work; what is
 *           saved are the system calls around it and the search for what is
 *           ready. With few connections there is little to gather.
 * BREAKS    What is in flight belongs to the kernel: the bytes of a send must
 *           stay where they are, and a connection cannot be freed, until it is
 *           told. Input comes wanted or not; to stop it is an operation, too.
 *           All buffers taken ends receives (ENOBUFS): they begin anew.
 *           A multishot receive may stop at a byte that is urgent (MSG_OOB):
 *           what is behind it is seen when more comes.
 *           A handler that computes or blocks stalls all connections.
 *           Many containers forbid io_uring.
 * ACCEPT    An accept that waits is woken alone: shared means exclusive here.
 *           With --max-connections the listener is polled, since a multishot
 *           accept takes all that come.
 * USED BY   TigerBeetle, ScyllaDB (seastar), libuv for files
 * READ      io_uring(7), io_uring_prep_recv_multishot(3); J. Axboe, "Efficient
 *           IO with io_uring"; servers/epoll.c for the question before
 */
#include <errno.h>
#include <sys/socket.h>

#include "servers/core/model.h"
#include "servers/core/uring_ring.h"

struct uring_options {
	struct loops_options loops;
	struct ring_options ring;
	bool multishot;
};

struct uring_loop {
	struct ring ring;
	bool multishot;
	bool accepts; /* by accept operations, not by polling the listener */
	bool hears;   /* the hub: looked at when all else of the turn is done,
		       * watched again behind the sends that follow from it */
};

/* What an operation is, in the low bits of its user_data; above them, whose. */
enum { URING_RECEIVE = 1, URING_SEND, URING_WATCH, URING_KIND = 3 };

static uint64_t uring_name(const void *of, unsigned kind)
{
	return (uintptr_t)of | kind;
}

/* ---- beginning operations ---------------------------------------------- */

static int uring_receive(struct uring_loop *ul, struct conn *c)
{
	const uint64_t name = uring_name(c, URING_RECEIVE);
	const int error =
		ring_receive(&ul->ring, c->watch.fd, ul->multishot, name);

	if (error)
		return error;
	c->receiving = true;
	c->in_flight++;
	return 0;
}

static void uring_send(struct loop *l, struct conn *c)
{
	struct uring_loop *ul = l->model;
	size_t len = 0;
	const char *out = conn_output(c, &len);

	if (!out) /* a file that has become shorter */
		return;
	if (ring_send(&ul->ring, c->watch.fd, out, len,
		    uring_name(c, URING_SEND)))
		return; /* once more in the next turn */
	buf_lend(c->out);
	c->model = c->out;
	c->blocked = true;
	c->in_flight++;
}

/* The listener, or a descriptor whose readiness is all that matters. */
static int uring_begin(struct uring_loop *ul, struct watch *w)
{
	const uint64_t name = uring_name(w, URING_WATCH);

	return w->kind == WATCH_LISTENER && ul->accepts
		       ? ring_accept(&ul->ring, w->fd, name)
		       : ring_poll(&ul->ring, w->fd, name);
}

static int uring_watch(struct loop *l, struct watch *w, unsigned interest)
{
	struct uring_loop *ul = l->model;
	struct conn *c = (struct conn *)w;

	if (w->kind != WATCH_CONN)
		return interest ? uring_begin(ul, w)
				: ring_cancel(&ul->ring,
					  uring_name(w, URING_WATCH));
	if (interest & WATCH_READ && !c->receiving)
		return uring_receive(ul, c);
	return 0;
}

/* Asks for the end of the receive; it tells when it has come. */
static void uring_stop(struct loop *l, struct conn *c)
{
	struct uring_loop *ul = l->model;

	if (ring_cancel(&ul->ring, uring_name(c, URING_RECEIVE)))
		worker_queue(&l->worker, c);
}

/* It is about to be closed. Operations that have begun hold the socket and end
 * with it; one that has not would find whatever has the number by then. */
static void uring_forget(struct loop *l, struct watch *w)
{
	struct uring_loop *ul = l->model;
	struct conn *c = (struct conn *)w;

	if (w->kind != WATCH_CONN)
		ring_cancel(&ul->ring, uring_name(w, URING_WATCH));
	else if (c->in_flight) {
		ring_begin(&ul->ring);
		shutdown(w->fd, SHUT_RDWR);
	}
}

/* ---- completions ------------------------------------------------------- */

/* Bytes that the kernel has put into one of our buffers. */
static void uring_input(
	struct loop *l, struct conn *c, const struct io_uring_cqe *cqe)
{
	struct uring_loop *ul = l->model;
	const bool wanted = conn_wants_input(c) || c->finishing;

	if (!c->lingering)
		conn_input(c, ring_buffer(&ul->ring, cqe), (size_t)cqe->res);
	if (!wanted && c->receiving) /* kept; no more of it */
		uring_stop(l, c);
}

/* A receive has failed, or has brought the peer's end. */
static void uring_no_input(struct loop *l, struct conn *c, int error)
{
	struct uring_loop *ul = l->model;

	if (error == ECANCELED || error == ENOBUFS || error == EINTR)
		return; /* it begins anew when input is wanted */
	if (error == EINVAL && ul->multishot) {
		ul->multishot = false; /* older than Linux 6.0 */
		return;
	}
	if (c->lingering)
		c->peer_eof = true;
	else if (error)
		conn_fail(c, "read", error);
	else
		conn_input_eof(c);
}

static void uring_received(
	struct loop *l, struct conn *c, const struct io_uring_cqe *cqe)
{
	struct uring_loop *ul = l->model;

	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		c->receiving = false;
		c->in_flight--;
		c->watch.interest &= (uint8_t)~WATCH_READ;
	}
	if (!c->dead && cqe->res > 0)
		uring_input(l, c, cqe);
	else if (!c->dead)
		uring_no_input(l, c, -cqe->res);
	if (cqe->flags & IORING_CQE_F_BUFFER)
		ring_recycle(&ul->ring, cqe);
	if (c->dead)
		return;
	if (l->worker.draining && !c->receiving)
		worker_queue(&l->worker, c); /* to look for what has come */
	else
		loop_settle(l, c);
}

static void uring_sent(struct loop *l, struct conn *c, int result)
{
	c->in_flight--;
	c->blocked = false;
	buf_return(&l->worker.pool, c->model);
	if (c->dead)
		return;
	if (result >= 0 && c->out)
		conn_sent(c, (size_t)result);
	else if (result < 0 && result != -EINTR)
		conn_fail(c, "write", -result);
	loop_settle(l, c);
}

/* Watches it again. */
static void uring_renew(struct uring_loop *ul, struct watch *w)
{
	if (w->interest && uring_begin(ul, w))
		log_warnx("io_uring takes no more operations");
}

static void uring_watched(
	struct loop *l, struct watch *w, const struct io_uring_cqe *cqe)
{
	struct uring_loop *ul = l->model;

	if (cqe->res == -ECANCELED)
		return;
	if (w->kind == WATCH_LISTENER && l->worker.draining) {
		if (ul->accepts && cqe->res >= 0) /* just before the end */
			loop_accepted(l, cqe->res);
		return;
	}
	if (w->kind == WATCH_HUB) {
		ul->hears = true;
		return;
	}
	if (w->kind != WATCH_LISTENER || !ul->accepts)
		loop_event(l, w, WATCH_READ);
	else if (cqe->res == -EINVAL || cqe->res == -EAGAIN)
		ul->accepts = false; /* older than Linux 5.19 */
	else
		loop_accepted(l, cqe->res);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		uring_renew(ul, w);
}

static void uring_complete(void *loop, const struct io_uring_cqe *cqe)
{
	struct loop *l = loop;
	void *whose = (void *)(uintptr_t)(cqe->user_data & ~URING_KIND);

	switch (cqe->user_data & URING_KIND) {
	case URING_RECEIVE:
		uring_received(l, whose, cqe);
		break;
	case URING_SEND:
		uring_sent(l, whose, cqe->res);
		break;
	case URING_WATCH:
		uring_watched(l, whose, cqe);
		break;
	}
}

/* ---- the loop ---------------------------------------------------------- */

/* One system call, and what has completed by then. */
static int uring_turn(struct loop *l, const struct timespec *timeout)
{
	struct uring_loop *ul = l->model;
	int error;

	if (ul->hears)
		uring_renew(ul, &l->hub);
	ul->hears = false;
	error = ring_wait(&ul->ring, timeout);
	if (error)
		return error;
	loop_wake(l);
	ring_reap(&ul->ring, uring_complete, l);
	if (ul->hears)
		loop_event(l, &l->hub, WATCH_READ);
	return 0;
}

/* What closed connections have left in flight comes back soon. */
static int uring_finish(struct loop *l)
{
	int error = 0;

	while (l->graveyard && !error) {
		error = uring_turn(l, NULL);
		loop_keep_house(l);
	}
	return error;
}

static int uring_body(struct loop *l)
{
	const struct server *s = l->worker.server;
	const struct uring_options *options = s->model_options;
	struct uring_loop ul = {
		.multishot = options->multishot,
		.accepts = options->multishot && !s->config.max_connections,
	};
	int error = ring_open(&ul.ring, &options->ring);

	if (error)
		return error;
	l->model = &ul;
	/* Each send of a batch holds a buffer. */
	l->worker.pool.standard = RING_BUFFER;
	l->worker.pool.keep = (unsigned)options->ring.batch;
	l->watch = uring_watch;
	l->forget = uring_forget;
	l->send = uring_send;
	l->stop = uring_stop;
	error = loop_begin(l);
	while (!error && loop_running(l)) {
		error = uring_turn(l, loop_timeout(l));
		loop_end_turn(l);
	}
	if (!error)
		error = uring_finish(l);
	ring_close(&ul.ring);
	loop_end(l);
	return error;
}

static int uring_available(const struct server *s, char why[WHY_SIZE])
{
	const struct uring_options *options = s->model_options;

	return ring_available(&options->ring, why);
}

static int uring_run(struct server *s)
{
	const struct uring_options *options = s->model_options;

	return loops_run(s, &options->loops, uring_body);
}

static const struct option_spec uring_table[] = {
	LOOPS_OPTIONS(struct uring_options, loops),
	{
		.name = "multishot",
		.type = OPTION_SWITCH,
		.offset = offsetof(struct uring_options, multishot),
		.preset = "on",
		.help = "accept and receive stay in place, or begin anew each "
			"time",
	},
	RING_OPTIONS(struct uring_options, ring),
	{0},
};

const struct server_model model_uring = {
	.name = "uring",
	.summary = "one loop; the kernel does the operations and tells when "
		   "they are done",
	.options = uring_table,
	.options_size = sizeof(struct uring_options),
	.available = uring_available,
	.run = uring_run,
};
