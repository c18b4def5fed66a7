/* SPDX-License-Identifier: MIT */
#include "servers/core/serve.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "servers/core/accept.h"
#include "servers/core/conn.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/sock.h"
#include "servers/core/worker.h"

/* Would blocking for ever be wrong? */
static bool serve_limited(const struct conn *c)
{
	return c->worker->timed || c->lingering || signals_stopping();
}

/* Waits until the socket is ready for `events` (0: only for time to pass), a
 * deadline is over, or a signal comes. */
static void serve_wait(struct conn *c, short events)
{
	struct pollfd p = {.fd = c->watch.fd, .events = events};
	const uint64_t now = clock_ns();
	uint64_t until = conn_deadline(c);
	struct timespec left;

	if (!until || until > signals_deadline())
		until = signals_deadline();
	left = clock_timespec(until > now ? until - now : 0);
	ppoll(&p, events ? 1 : 0, &left, NULL);
	c->worker->now = clock_ns();
	conn_expire(c, c->worker->now);
	if (c->worker->now >= signals_deadline())
		conn_fail(c, "drain.cut", 0);
}

/* One step towards the end of the connection. */
static void serve_step(struct conn *c)
{
	const int flags = serve_limited(c) ? MSG_DONTWAIT : 0;
	size_t len;

	if (conn_output(c, &len)) {
		if (conn_flush(c, flags) == SOCK_AGAIN)
			serve_wait(c, POLLOUT);
	} else if (c->again) {
		conn_continue(c);
	} else if (c->paused) {
		serve_wait(c, 0);
	} else {
		const enum sock_result result = conn_recv(c, flags);

		/* Stopping: what had arrived is answered, then it ends. */
		if (signals_stopping() && result != SOCK_FULL)
			conn_drain(c);
		if (result == SOCK_AGAIN && !c->finishing)
			serve_wait(c, POLLIN);
	}
}

/* Lets the peer read the last reply before the socket goes. */
static void serve_linger(struct conn *c)
{
	while (conn_linger(c)) {
		if (conn_discard(c, MSG_DONTWAIT) == SOCK_AGAIN)
			serve_wait(c, POLLIN);
		else
			conn_expire(c, clock_ns());
	}
}

void serve_socket(struct worker *w, int fd)
{
	struct conn *c;

	worker_tick(w);
	c = conn_new(w, fd);
	if (!c) {
		accept_abandon(w->server, w->slot, fd, "memory", ENOMEM);
		return;
	}
	conn_open(c);
	while (!conn_done(c)) {
		worker_tick(w);
		serve_step(c);
	}
	serve_linger(c);
	close(fd);
	conn_close(c);
	conn_free(c);
}

void serve_alone(struct server *s, struct slot *slot, int fd)
{
	struct worker w;

	if (worker_init(&w, s, slot, WORKER_SMALL) < 0) {
		accept_abandon(s, slot, fd, "memory", ENOMEM);
		return;
	}
	serve_socket(&w, fd);
	worker_release(&w);
}
