/* SPDX-License-Identifier: MIT */
/* Streams, and the carrier that reads and writes the socket directly. */
#include "servers/core/stream.h"

#include <errno.h>
#include <poll.h>

#include "servers/core/conn.h"
#include "servers/core/hub.h"
#include "servers/core/serve.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/sock.h"
#include "servers/core/worker.h"

/* A handler that is busy learns here that the server has waited long enough. */
static void stream_stop(struct stream *s)
{
	if (signals_stopping())
		conn_overdue(s->conn);
}

ssize_t stream_read(struct stream *s, void *buf, size_t len)
{
	stream_stop(s);
	return s->ops->read(s, buf, len);
}

ssize_t stream_write(struct stream *s, const void *buf, size_t len)
{
	stream_stop(s);
	return s->ops->write(s, buf, len);
}

int stream_pause(struct stream *s, uint64_t ns)
{
	return s->ops->pause(s, ns);
}

struct conn *stream_conn(struct stream *s)
{
	return s->conn;
}

int stream_ended(const struct stream *s)
{
	const struct conn *c = s->conn;

	if (c->error)
		return -c->error;
	return c->finishing ? -ESHUTDOWN : 0;
}

size_t stream_room(const struct stream *s, size_t len)
{
	const uint64_t high = s->conn->worker->server->config.high_water;
	const uint64_t most = high < STREAM_CHUNK ? high : STREAM_CHUNK;
	const size_t held = s->conn->out ? buf_len(s->conn->out) : 0;
	const size_t room = held < most ? (size_t)(most - held) : 0;

	return room < len ? room : len;
}

/* ---- direct ------------------------------------------------------------ */

enum {
	DIRECT_TURN = 16, /* calls without a wait, then others have a turn */
};

struct direct {
	struct stream stream;
	const struct carrier *carrier;
	unsigned calls;	   /* since the last wait */
	unsigned refusals; /* calls after the end */
};

static void direct_wait(struct direct *d, short events)
{
	d->calls = 0;
	d->carrier->wait(d->stream.conn, events);
}

/* Gives others a turn: they have something to say, or have waited long enough.
 * But not while the hub waits for this socket to be tried. */
static void direct_rest(struct direct *d)
{
	struct conn *c = d->stream.conn;

	if (c->spared || (d->calls < DIRECT_TURN && !hub_told(c->worker) &&
				 !signals_stopping()))
		return;
	d->calls = 0;
	d->carrier->rest(c);
}

/* The flags of a call that is about to be made. */
static int direct_flags(struct direct *d)
{
	struct conn *c = d->stream.conn;

	direct_rest(d);
	d->calls++;
	worker_tick(c->worker);
	return serve_flags(c, d->carrier);
}

/* Who does not listen must not keep the CPU. */
static int direct_ended(struct direct *d)
{
	while (stream_ended(&d->stream) && d->refusals++ >= STREAM_PATIENCE)
		direct_wait(d, 0);
	return stream_ended(&d->stream);
}

/* Sends all that was written, or finds the connection broken. */
static void direct_flush(struct direct *d)
{
	struct conn *c = d->stream.conn;

	while (c->out)
		if (conn_flush(c, direct_flags(d)) == SOCK_AGAIN)
			direct_wait(d, POLLOUT);
}

/* The socket has nothing for us now. Stopping: what had arrived is answered,
 * then it ends. */
static void direct_await_input(struct direct *d)
{
	struct conn *c = d->stream.conn;

	if (signals_stopping())
		conn_drain(c);
	if (!c->finishing)
		direct_wait(d, POLLIN);
}

static ssize_t direct_read(struct stream *s, void *buf, size_t len)
{
	struct direct *d = (struct direct *)s;
	struct conn *c = s->conn;

	for (;;) {
		ssize_t n = -EAGAIN;
		int flags;

		direct_flush(d);
		if (direct_ended(d))
			return stream_ended(s);
		if (c->peer_eof)
			return 0;
		flags = direct_flags(d);
		if (c->out) /* it has heard the others meanwhile */
			continue;
		if (!serve_dry(c, flags))
			n = conn_recv_into(c, buf, len, flags);
		if (n >= 0)
			return n;
		if (n == -EAGAIN)
			direct_await_input(d);
	}
}

static ssize_t direct_write(struct stream *s, const void *buf, size_t len)
{
	struct direct *d = (struct direct *)s;
	const char *rest = buf;
	size_t left = len;

	if (signals_stopping()) /* there may be many requests to answer yet */
		direct_rest(d);
	while (!direct_ended(d) && left) {
		const size_t n = stream_room(s, left);

		conn_write(s->conn, rest, n);
		rest += n;
		left -= n;
		if (!n)
			direct_flush(d);
	}
	return stream_ended(s) ? stream_ended(s) : (ssize_t)len;
}

static int direct_pause(struct stream *s, uint64_t ns)
{
	struct direct *d = (struct direct *)s;

	direct_flush(d);
	if (direct_ended(d))
		return stream_ended(s);
	conn_pause(s->conn, ns);
	while (s->conn->paused) {
		direct_wait(d, 0);
		direct_flush(d); /* it may have heard the others */
	}
	return stream_ended(s);
}

static const struct stream_ops direct_ops = {
	.read = direct_read,
	.write = direct_write,
	.pause = direct_pause,
};

void stream_serve(struct conn *c, const struct carrier *carrier)
{
	struct direct d = {
		.stream = {.ops = &direct_ops, .conn = c},
		.carrier = carrier,
	};

	c->opened = true; /* serve() stands for open() too */
	c->worker->handler->serve(&d.stream);
	conn_finish(c);
	direct_flush(&d);
}
