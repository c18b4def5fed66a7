/* SPDX-License-Identifier: MIT */
#include "servers/core/serve.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/accept.h"
#include "servers/core/conn.h"
#include "servers/core/hub.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/sock.h"
#include "servers/core/stream.h"
#include "servers/core/worker.h"

/* Would blocking for ever be wrong? */
static bool serve_limited(const struct conn *c)
{
	return c->worker->timed || c->lingering || c->worker->hub_fd >= 0 ||
	       signals_stopping();
}

int serve_flags(const struct conn *c, const struct carrier *carrier)
{
	return carrier->blocking && !serve_limited(c) ? 0 : MSG_DONTWAIT;
}

bool serve_dry(const struct conn *c, int flags)
{
	/* Stopping: no event will say that there is nothing. */
	return flags && c->dry && !c->eof_seen && !signals_stopping();
}

/* ---- any carrier ------------------------------------------------------- */

static void serve_read(struct conn *c, const struct carrier *carrier, int flags)
{
	enum sock_result result = SOCK_AGAIN;

	if (!serve_dry(c, flags))
		result = conn_recv(c, flags);
	/* Stopping: what had arrived is answered, then it ends. */
	if (signals_stopping() && result != SOCK_FULL)
		conn_drain(c);
	if (result == SOCK_AGAIN && !c->finishing)
		carrier->wait(c, POLLIN);
	else if (result == SOCK_FULL || signals_stopping())
		carrier->rest(c);
}

/* One step towards the end of the connection. */
static void serve_step(struct conn *c, const struct carrier *carrier)
{
	const int flags = serve_flags(c, carrier);

	if (c->out) {
		if (conn_flush(c, flags) == SOCK_AGAIN)
			carrier->wait(c, POLLOUT);
		else if (c->out)
			carrier->rest(c); /* the handler has written more */
	} else if (c->again) {
		conn_continue(c);
		carrier->rest(c);
	} else if (!conn_wants_input(c)) {
		carrier->wait(c, 0);
	} else {
		serve_read(c, carrier, flags);
	}
}

/* Lets the peer read the last reply before the socket goes. */
static void serve_linger(struct conn *c, const struct carrier *carrier)
{
	while (conn_linger(c)) {
		if (conn_discard(c, MSG_DONTWAIT) == SOCK_AGAIN) {
			carrier->wait(c, POLLIN);
		} else {
			conn_expire(c, clock_ns());
			carrier->rest(c);
		}
	}
}

void serve_conn(struct conn *c, const struct carrier *carrier)
{
	if (c->worker->handler->serve) {
		stream_serve(c, carrier);
	} else {
		conn_open(c);
		while (!conn_done(c)) {
			worker_tick(c->worker);
			serve_step(c, carrier);
		}
	}
	serve_linger(c, carrier);
}

/* ---- a carrier that blocks --------------------------------------------- */

/* The server stops, and has waited long enough. */
static void serve_cut(struct conn *c)
{
	if (signals_stopping() && clock_ns() >= signals_deadline())
		conn_fail(c, "drain.cut", 0);
}

static void serve_wait(struct conn *c, short events)
{
	/* Without events, and without a hub, the entry is passed over. */
	struct pollfd fds[2] = {
		{.fd = events ? c->watch.fd : -1, .events = events},
		{.fd = c->worker->hub_fd, .events = POLLIN},
	};
	const uint64_t now = clock_ns();
	uint64_t until = conn_deadline(c);
	struct timespec left;

	if (!until || until > signals_deadline())
		until = signals_deadline();
	left = clock_timespec(until > now ? until - now : 0);
	if (ppoll(fds, 2, &left, NULL) <= 0)
		fds[0].revents = fds[1].revents = 0;
	if (fds[0].revents)
		c->blocked = false;
	if (fds[1].revents)
		hub_hear(c->worker);
	c->dry = false;
	c->worker->now = clock_ns();
	conn_expire(c, c->worker->now);
	serve_cut(c);
}

/* The kernel shares out the CPU. But one that always has something to do comes
 * here only, and has to hear the others and to end in time as well. */
static void serve_rest(struct conn *c)
{
	if (hub_told(c->worker))
		hub_hear(c->worker);
	serve_cut(c);
}

static const struct carrier serve_blocking = {
	.wait = serve_wait,
	.rest = serve_rest,
	.blocking = true,
};

void serve_socket(struct worker *w, int fd)
{
	struct conn *c;

	worker_tick(w);
	if (hub_join(w) < 0)
		log_warnx("no room in the hub: it does not hear the others");
	c = conn_new(w, fd);
	if (!c) {
		accept_abandon(w->server, w->slot, fd, "memory", ENOMEM);
		return;
	}
	serve_conn(c, &serve_blocking);
	conn_close(c);
	close(fd);
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
