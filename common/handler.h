/* SPDX-License-Identifier: MIT */
/*
 * A handler is an application protocol without I/O.
 *
 * It never sees a descriptor and makes no call that could block on the
 * network; a server model never knows a protocol. Every handler therefore
 * runs on every model, and models can be compared fairly.
 *
 * A handler comes in one of two styles. The callback style has data() and
 * friends, called when something has happened. The sequential style has
 * serve(), which reads and writes as if nobody else existed; on an event loop
 * it runs in a coroutine that yields where the socket would block.
 *
 * One connection is served by one thread at a time. Two connections may be
 * served at once by different threads or processes: what a handler shares
 * between connections (its options, say) must not change after setup().
 */
#ifndef SERVERLAB_COMMON_HANDLER_H
#define SERVERLAB_COMMON_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;
struct file;
struct stream;
struct option_spec;

/* What setup() is told. Valid as long as the process lives. */
struct handler_config {
	const void *options; /* options_size bytes, filled from the spec */
};

struct handler {
	const char *name;    /* as in --handler NAME[:key=value,...] */
	const char *summary; /* one line, for --list-handlers */
	const struct option_spec
		*options;    /* ends with a nameless one; or NULL */
	size_t options_size; /* of the struct they fill */
	size_t state_size;   /* bytes per connection, zeroed; conn_state() */

	/* Once, before any worker exists. 0, or -errno after saying why in the
	 * log: the server then does not start. */
	int (*setup)(const struct handler_config *config);

	/* A connection was made. May write. */
	void (*open)(struct conn *c);

	/*
	 * Input. `buf` holds all bytes not yet consumed, in order, len > 0.
	 * Take ONE request from its front and return the bytes it took; the
	 * rest is offered again at once, unless the connection is paused,
	 * choked or finishing by then. Return 0 to wait for more: the same
	 * bytes come back with more behind them. Up to CONN_INPUT_MAX bytes
	 * may be kept waiting like that; a protocol with longer requests must
	 * consume them in pieces. `buf` is valid during the call only.
	 */
	size_t (*data)(struct conn *c, const char *buf, size_t len);

	/* A pause is over, or a choked connection may write again. */
	void (*resume)(struct conn *c);

	/* The peer has shut down its side and all input has been offered.
	 * Replies are still delivered. Without it: conn_finish(). */
	void (*eof)(struct conn *c);

	/* Another connection has said something: conn_broadcast(). Without it:
	 * conn_write() of the same bytes. */
	void (*heard)(struct conn *c, const char *buf, size_t len);

	/* The last call, for a connection that open() has seen. `why` is 0
	 * for an orderly end, else -errno. Writing here has no effect. */
	void (*close)(struct conn *c, int why);

	/* The sequential style, in place of open, data, resume and eof. The
	 * connection is finished when it returns. */
	void (*serve)(struct stream *s);

	/* It calls conn_broadcast(). */
	bool broadcasts;
	/* data() may block the worker (a disk, a sleep, long computing), and its
	 * state is plain bytes: it may then run in another process, on a copy
	 * of the state, without a peer or other connections to speak of. */
	bool blocks;
};

enum {
	CONN_INPUT_MAX = 65536, /* bytes that data() may leave waiting */
};

/* ---- what a handler may call, only from within its own callbacks ------- */

/* This connection's state_size bytes. */
void *conn_state(struct conn *c);

/* The handler's options, as setup() got them. */
const void *conn_options(const struct conn *c);

/* Queues a copy of the bytes for the peer. Never blocks, never fails: out of
 * memory ends the connection. Ignored once conn_finish() was called. */
void conn_write(struct conn *c, const void *buf, size_t len);

/* Queues `len` bytes of an open file (servers/core/file.h), from `offset` on; the
 * file is the connection's from then on. The model sends it as it can do best,
 * by sendfile(2) or by reading it. Until it was sent the connection is choked.
 * One that turns out to be shorter ends the connection there. One file at a
 * time, and not from a handler that `blocks`. */
void conn_write_file(
	struct conn *c, struct file *file, uint64_t offset, uint64_t len);

/* True while the peer leaves more than the high-water mark unread: data() is
 * not called then. A handler that writes unasked stops here and goes on in
 * resume(). */
int conn_choked(const struct conn *c);

/* Delivers what was written, then closes. Input is no longer offered. */
void conn_finish(struct conn *c);

/* Waits as if on a backend: this connection gets no data() for `ns`
 * nanoseconds, then resume(). A blocking model sleeps, a loop sets a timer.
 * What was written before is sent before. */
void conn_pause(struct conn *c, uint64_t ns);

/* Queues the bytes (at most 32 KiB) for all other connections of the server,
 * whichever worker has them; each gets heard(). One that leaves more than the
 * high-water mark unread is closed instead: its close() gets -ENOBUFS. Also
 * from within close(). Needs `broadcasts`. */
void conn_broadcast(struct conn *c, const void *buf, size_t len);

/* One request has been answered: the scoreboard counts it, and the clock of
 * --request-timeout starts anew. */
void conn_request_done(struct conn *c);

/* What was taken so far belongs to no request (an empty line between two, say):
 * none is under way, and neither its timeout nor a stop waits for one. */
void conn_request_none(struct conn *c);

/* The peer's address as text ("127.0.0.1:40312", "[::1]:40312", "unix:"),
 * always terminated. Returns buf. */
const char *conn_peer(struct conn *c, char *buf, size_t size);

/* The sequential style. */

/* Reads 1..len bytes. Returns their number, 0 at the peer's end, or -errno.
 * Yields or blocks until there is something. */
ssize_t stream_read(struct stream *s, void *buf, size_t len);

/* Writes all of it: len, or -errno. Yields or blocks while the peer does not
 * read. */
ssize_t stream_write(struct stream *s, const void *buf, size_t len);

/* Waits `ns` nanoseconds, as conn_pause(). 0 or -errno. */
int stream_pause(struct stream *s, uint64_t ns);

/* The handler has read bytes of the next request already, behind one that it
 * has called done: a server that stops waits for the rest of it. (Bytes that a
 * stream_read() brings say so by themselves.) */
void conn_request_begun(struct conn *c);

/* The connection, for conn_state(), conn_options(), conn_peer(),
 * conn_broadcast() and conn_request_done(). */
struct conn *stream_conn(struct stream *s);

#endif
