/* SPDX-License-Identifier: MIT */
/*
 * An engine does the system calls of a worker thread, and nothing else: what
 * they mean is decided in client/connection.c. All calls are made by the
 * worker's own thread.
 */
#ifndef SERVERLAB_CLIENT_ENGINE_H
#define SERVERLAB_CLIENT_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct worker;

struct engine {
	const char *name, *summary;

	/* Sets up w->engine; whatever is written to w->wake_fd must end
	 * wait(). 0 or -errno. close() undoes it, connections included. */
	int (*open)(struct worker *w);
	void (*close)(struct worker *w);

	/* Begins a connection on c->fd (non-blocking, not yet connected).
	 * connection_connected() or connection_error() follows from wait().
	 * 0 or -errno, then nothing follows. */
	int (*connect)(struct connection *c);

	/* The connection has output (connection_output()): begin to write it.
	 * Never calls back into a connection whose send() is under way. */
	void (*send)(struct connection *c);

	/* Forgets the connection and closes c->fd. */
	void (*disconnect)(struct connection *c);

	/* Waits for events until `deadline_ns` at the latest (0: not at all)
	 * and passes them on: how many there were, or -errno. */
	int (*wait)(struct worker *w, uint64_t deadline_ns);
};

extern const struct engine engine_epoll;
/* Left out where liburing is missing: NULL then. */
extern const struct engine engine_uring __attribute__((weak));

/* The engine of that name, NULL if there is none in this build. */
const struct engine *engine_find(const char *name);

/* The names there are, "epoll, uring". */
const char *engine_names(void);

#endif
