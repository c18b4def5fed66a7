/* SPDX-License-Identifier: MIT */
/*
 * One connection from its first byte to its last, read like a textbook: what a
 * process, a thread or a coroutine per connection does.
 */
#ifndef SERVERLAB_CORE_SERVE_H
#define SERVERLAB_CORE_SERVE_H

#include <stdbool.h>

struct conn;
struct server;
struct slot;
struct worker;

/* How a connection waits. */
struct carrier {
	/* Returns when the socket is ready for `events` (POLLIN, POLLOUT, or 0
	 * for none), when conn_deadline() is over and conn_expire() has had
	 * its say, when the server is to stop, or too early. */
	void (*wait)(struct conn *c, short events);
	/* Gives others a turn. */
	void (*rest)(struct conn *c);
	/* The socket blocks, so nobody has to wait before a call. */
	bool blocking;
};

/* Serves an open connection, by either style of handler, until only closing it
 * is left. */
void serve_conn(struct conn *c, const struct carrier *carrier);

/* The flags for the next recv(2) or send(2). */
int serve_flags(const struct conn *c, const struct carrier *carrier);
/* With these flags, a recv(2) would find nothing: wait first. */
bool serve_dry(const struct conn *c, int flags);

/*
 * Serves the connection on the blocking socket `fd` and closes it. Two system
 * calls a request, recv and send. Where timeouts are set, or the server is
 * stopping, it waits in ppoll(2) first, with the time that is left.
 */
void serve_socket(struct worker *w, int fd);

/* The same, with a worker of its own for this one connection. */
void serve_alone(struct server *s, struct slot *slot, int fd);

#endif
