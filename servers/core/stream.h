/* SPDX-License-Identifier: MIT */
/*
 * What carries a stream. The sequential style, serve(struct stream *), runs on
 * every model by one of two carriers:
 *
 *   direct   stream_read() is a recv(2) into the handler's buffer. Where the
 *            socket would block, so does the call (a blocking model), or it
 *            yields (the coroutine model): serve.h says how a connection waits.
 *   fed      The model knows only callbacks. sequential_adapt() makes a handler
 *            whose open() starts a coroutine that runs serve(), and whose
 *            data(), resume(), eof() and close() let it go on.
 *
 * Either way what was written is sent when the handler reads, pauses or
 * returns, or when it is much: many small replies to requests that came
 * together leave together, as they do in the callback style.
 */
#ifndef SERVERLAB_CORE_STREAM_H
#define SERVERLAB_CORE_STREAM_H

#include "common/handler.h"

struct carrier;

struct stream_ops {
	ssize_t (*read)(struct stream *s, void *buf, size_t len);
	ssize_t (*write)(struct stream *s, const void *buf, size_t len);
	int (*pause)(struct stream *s, uint64_t ns);
};

struct stream {
	const struct stream_ops *ops;
	struct conn *conn;
};

enum {
	STREAM_CHUNK = 16384, /* so many bytes written are sent at once */
	/* So often a handler may go on after it was told that its connection
	 * has ended; then it is stopped, and never heard of again. */
	STREAM_PATIENCE = 1000,
};

/* -errno if the connection has ended, so that nothing can be read or written:
 * -ESHUTDOWN where it was no failure. Else 0. */
int stream_ended(const struct stream *s);
/* How many of `len` bytes may be written before what is written must go. */
size_t stream_room(const struct stream *s, size_t len);

/* Runs serve() on the socket of the connection until it returns and all it
 * wrote is sent. */
void stream_serve(struct conn *c, const struct carrier *carrier);

/* The callback handler that does what the sequential handler `h` does. Kept
 * for the life of the process. NULL: out of memory. */
const struct handler *sequential_adapt(const struct handler *h);

#endif
