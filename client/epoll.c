/* SPDX-License-Identifier: MIT */
/*
 * The epoll engine, edge-triggered: a connection is registered once, for
 * reading and writing, and never again. A request then costs write(), read()
 * and its share of one epoll_wait(): an event says that bytes came, and a
 * write that finds the socket full waits for the edge when it no longer is.
 *
 * The rule that edges ask for: after an event, read until a read brings less
 * than there was room for. A close that arrived with the last bytes gives no
 * new edge, but the event that announced those bytes then tells of it as well
 * (EPOLLRDHUP), and reading goes on to the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/engine.h"
#include "client/worker.h"

enum {
	EPOLL_EVENTS = 256,
	EPOLL_BUFFER = 65536,
	EPOLL_TURNS = 16, /* reads or writes before others have theirs */
	EPOLL_PIECES = 64,
};

#define EPOLL_END (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

struct epoll_engine {
	int fd;
	bool timed_in_ms; /* the kernel has no epoll_pwait2() */
	struct connection *ready_head, *ready_tail; /* stopped after turns */
	struct epoll_event events[EPOLL_EVENTS];
	char buffer[EPOLL_BUFFER];
};

static int epoll_open(struct worker *w)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct epoll_engine *e = calloc(1, sizeof(*e));
	int error;

	if (!e)
		return -ENOMEM;
	e->fd = epoll_create1(EPOLL_CLOEXEC);
	if (e->fd < 0 ||
		epoll_ctl(e->fd, EPOLL_CTL_ADD, w->wake_fd, &event) < 0) {
		error = -errno;
		if (e->fd >= 0)
			close(e->fd);
		free(e);
		return error;
	}
	w->engine = e;
	return 0;
}

static void epoll_close(struct worker *w)
{
	struct epoll_engine *e = w->engine;
	uint64_t i;

	for (i = 0; i < w->connection_count; i++)
		connection_close(&w->connections[i]);
	close(e->fd);
	free(e);
}

/* ---- connections that had their turns ----------------------------------- */

static void epoll_list(struct epoll_engine *e, struct connection *c)
{
	if (c->engine_listed)
		return;
	c->engine_listed = true;
	c->engine_next = NULL;
	if (e->ready_tail)
		e->ready_tail->engine_next = c;
	else
		e->ready_head = c;
	e->ready_tail = c;
}

static struct connection *epoll_unlist(struct epoll_engine *e)
{
	struct connection *c = e->ready_head;

	e->ready_head = c->engine_next;
	if (!e->ready_head)
		e->ready_tail = NULL;
	c->engine_listed = false;
	return c;
}

/* ---- system calls ------------------------------------------------------- */

static int epoll_connect(struct connection *c)
{
	const struct address *server = &c->worker->run->config->server;
	struct epoll_engine *e = c->worker->engine;
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = c,
	};

	c->worker->tally->syscalls += 2;
	if (connect(c->fd, &server->sa.any, server->len) < 0 &&
		errno != EINPROGRESS)
		return -errno;
	if (epoll_ctl(e->fd, EPOLL_CTL_ADD, c->fd, &event) < 0)
		return -errno;
	return 0;
}

/* Closing also takes the descriptor out of the epoll set: nobody else holds
 * it. A place in the list is kept; a stale turn finds nothing to do. */
static void epoll_disconnect(struct connection *c)
{
	c->worker->tally->syscalls++;
	close(c->fd);
}

static ssize_t epoll_write(
	struct connection *c, const struct iovec *pieces, int n)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)(uintptr_t)pieces,
		.msg_iovlen = (size_t)n,
	};

	c->worker->tally->syscalls++;
	if (n == 1)
		return send(
			c->fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL);
	return sendmsg(c->fd, &message, MSG_NOSIGNAL);
}

static void epoll_write_turns(struct connection *c)
{
	unsigned generation = c->generation;
	struct iovec pieces[EPOLL_PIECES];
	int turns = EPOLL_TURNS, n;
	ssize_t len;

	while (c->state == CONNECTION_OPEN && c->generation == generation &&
		(n = connection_output(c, pieces, EPOLL_PIECES)) > 0) {
		if (turns-- == 0) {
			epoll_list(c->worker->engine, c);
			return;
		}
		len = epoll_write(c, pieces, n);
		if (len >= 0)
			connection_written(c, (size_t)len);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			connection_error(c, ERROR_WRITE, errno);
	}
}

/* What is written may complete a request, and that begin the next: it is sent
 * by the loop that is running already. */
static void epoll_send(struct connection *c)
{
	if (c->engine_sending)
		return;
	c->engine_sending = true;
	epoll_write_turns(c);
	c->engine_sending = false;
}

static void epoll_read(struct connection *c, uint32_t events)
{
	struct epoll_engine *e = c->worker->engine;
	unsigned generation = c->generation;
	int turns = EPOLL_TURNS;
	ssize_t len;

	while (c->fd >= 0 && c->generation == generation) {
		if (turns-- == 0) {
			epoll_list(e, c);
			return;
		}
		c->worker->tally->syscalls++;
		len = recv(c->fd, e->buffer, EPOLL_BUFFER, 0);
		if (len > 0)
			connection_input(c, e->buffer, (size_t)len);
		else if (len == 0)
			connection_eof(c);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			connection_error(c, ERROR_READ, errno);
		if (len > 0 && len < EPOLL_BUFFER && !(events & EPOLL_END))
			return;
	}
}

/* ---- events ------------------------------------------------------------- */

static int epoll_socket_error(const struct connection *c)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static void epoll_event(struct connection *c, uint32_t events)
{
	unsigned generation = c->generation;

	if (c->state == CONNECTION_CONNECTING) {
		int error = events & EPOLLERR ? epoll_socket_error(c) : 0;

		if (error) {
			connection_error(c, ERROR_CONNECT, error);
			return;
		}
		connection_connected(c);
	} else if (events & EPOLLOUT && c->fd >= 0) {
		epoll_send(c);
	}
	if (events & (EPOLLIN | EPOLL_END) && c->generation == generation)
		epoll_read(c, events);
}

static int epoll_wait_until(
	struct worker *w, struct epoll_engine *e, uint64_t deadline_ns)
{
	uint64_t now = deadline_ns && !e->ready_head ? clock_read(&w->clock)
						     : deadline_ns;
	uint64_t wait_ns = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec wait = clock_timespec(wait_ns);
	int n = -1;

	w->tally->syscalls++;
	if (wait_ns > 0 && !e->timed_in_ms) {
		n = epoll_pwait2(e->fd, e->events, EPOLL_EVENTS, &wait, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		e->timed_in_ms = true;
	}
	return epoll_wait(e->fd, e->events, EPOLL_EVENTS,
		(int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS));
}

static void epoll_more_turns(struct epoll_engine *e)
{
	struct connection *last = e->ready_tail, *c;

	if (!last)
		return;
	do {
		c = epoll_unlist(e);
		if (c->state == CONNECTION_OPEN)
			epoll_event(c, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	} while (c != last && e->ready_head);
}

static int epoll_wait_events(struct worker *w, uint64_t deadline_ns)
{
	struct epoll_engine *e = w->engine;
	int i, n = epoll_wait_until(w, e, deadline_ns);
	bool more = e->ready_head != NULL;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < n; i++) {
		struct connection *c = e->events[i].data.ptr;

		if (c)
			epoll_event(c, e->events[i].events);
		else
			worker_woken(w);
	}
	epoll_more_turns(e);
	return n + more;
}

const struct engine engine_epoll = {
	.name = "epoll",
	.summary = "readiness: write(), read() and a share of epoll_wait()",
	.open = epoll_open,
	.close = epoll_close,
	.connect = epoll_connect,
	.send = epoll_send,
	.disconnect = epoll_disconnect,
	.wait = epoll_wait_events,
};
