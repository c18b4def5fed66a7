/* SPDX-License-Identifier: MIT */
/*
 * A sequential handler dressed as a callback handler: its serve() runs in a
 * coroutine that yields in stream_read() until data() brings something, in
 * stream_write() while the peer does not read, and in stream_pause(). No model
 * knows of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "servers/core/conn.h"
#include "servers/core/coroutine.h"
#include "servers/core/stacks.h"
#include "servers/core/stream.h"
#include "servers/core/worker.h"

struct adapter {
	struct handler handler; /* what the model sees */
	const struct handler *own;
	size_t place; /* of struct sequential, behind the own state */
	struct stacks *stacks;
};

struct sequential {
	struct stream stream;
	struct coroutine *coroutine; /* NULL once serve() has returned */
	const char *in;		     /* what data() offers */
	size_t in_len;
	unsigned refusals;
	bool eof;
};

static const struct adapter *sequential_adapter(const struct conn *c)
{
	return (const struct adapter *)c->worker->handler;
}

static struct sequential *sequential_of(struct conn *c)
{
	return (void *)(c->state + sequential_adapter(c)->place);
}

/* ---- within the coroutine ---------------------------------------------- */

static void fed_yield(struct stream *s)
{
	coroutine_yield(((struct sequential *)s)->coroutine);
}

static int fed_ended(struct stream *s)
{
	struct sequential *q = (struct sequential *)s;

	while (stream_ended(s) && q->refusals++ >= STREAM_PATIENCE)
		fed_yield(s);
	return stream_ended(s);
}

static ssize_t fed_read(struct stream *s, void *buf, size_t len)
{
	struct sequential *q = (struct sequential *)s;

	while (!fed_ended(s) && !q->in_len && !q->eof)
		fed_yield(s);
	if (stream_ended(s))
		return stream_ended(s);
	if (len > q->in_len)
		len = q->in_len;
	if (!len)
		return 0;
	memcpy(buf, q->in, len);
	q->in += len;
	q->in_len -= len;
	conn_request_begun(s->conn);
	return (ssize_t)len;
}

static ssize_t fed_write(struct stream *s, const void *buf, size_t len)
{
	const char *rest = buf;
	size_t left = len;

	while (!fed_ended(s) && left) {
		const size_t n = left < STREAM_CHUNK ? left : STREAM_CHUNK;

		conn_write(s->conn, rest, n);
		rest += n;
		left -= n;
		while (s->conn->choked)
			fed_yield(s);
	}
	return stream_ended(s) ? stream_ended(s) : (ssize_t)len;
}

static int fed_pause(struct stream *s, uint64_t ns)
{
	if (fed_ended(s))
		return stream_ended(s);
	conn_pause(s->conn, ns);
	while (s->conn->paused)
		fed_yield(s);
	return stream_ended(s);
}

static const struct stream_ops fed_ops = {
	.read = fed_read,
	.write = fed_write,
	.pause = fed_pause,
};

static void sequential_main(void *argument)
{
	struct stream *s = argument;

	sequential_adapter(s->conn)->own->serve(s);
	conn_finish(s->conn);
}

/* ---- what the model calls ---------------------------------------------- */

static void sequential_go_on(struct conn *c)
{
	struct sequential *q = sequential_of(c);

	if (!q->coroutine)
		return;
	coroutine_resume(q->coroutine);
	if (!coroutine_ended(q->coroutine))
		return;
	coroutine_free(q->coroutine);
	q->coroutine = NULL;
}

static void sequential_open(struct conn *c)
{
	struct sequential *q = sequential_of(c);

	q->stream = (struct stream) {.ops = &fed_ops, .conn = c};
	q->coroutine = coroutine_new(
		sequential_adapter(c)->stacks, sequential_main, &q->stream);
	if (q->coroutine)
		sequential_go_on(c);
	else
		conn_fail(c, "memory", ENOMEM);
}

static size_t sequential_data(struct conn *c, const char *buf, size_t len)
{
	struct sequential *q = sequential_of(c);
	size_t taken;

	q->in = buf;
	q->in_len = len;
	sequential_go_on(c);
	taken = len - q->in_len;
	q->in_len = 0;
	return taken;
}

static void sequential_eof(struct conn *c)
{
	sequential_of(c)->eof = true;
	sequential_go_on(c);
}

static void sequential_close(struct conn *c, int why)
{
	struct sequential *q = sequential_of(c);

	/* Where it waits it learns that the connection has ended; nothing
	 * there makes it wait again, but that it does not listen. */
	sequential_go_on(c);
	if (q->coroutine)
		coroutine_free(q->coroutine);
	q->coroutine = NULL;
	if (sequential_adapter(c)->own->close)
		sequential_adapter(c)->own->close(c, why);
}

const struct handler *sequential_adapt(const struct handler *h)
{
	const size_t align = _Alignof(max_align_t);
	struct adapter *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->own = h;
	a->stacks = stacks_new(STACKS_SIZE);
	if (!a->stacks) {
		free(a);
		return NULL;
	}
	a->place = (h->state_size + align - 1) / align * align;
	a->handler = *h;
	a->handler.state_size = a->place + sizeof(struct sequential);
	a->handler.open = sequential_open;
	a->handler.data = sequential_data;
	a->handler.resume = sequential_go_on;
	a->handler.eof = sequential_eof;
	a->handler.close = sequential_close;
	return &a->handler;
}
