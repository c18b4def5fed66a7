/* SPDX-License-Identifier: MIT */
#include "servers/core/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/handoff.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"

static int accept_close_refused(struct acceptor *a, int fd)
{
	struct slot *slot = a->slot ? a->slot : &a->server->board->slots[0];

	close(fd);
	slot_add(&slot->refused, 1);
	board_error(a->server->board, "overload.refused", 0);
	return -EINTR;
}

int accept_refuse(struct acceptor *a)
{
	int fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return errno == EAGAIN ? -EAGAIN : -EBUSY;
	return accept_close_refused(a, fd);
}

/* accept4() has failed with `error`. */
static int accept_failed(struct acceptor *a, int error)
{
	switch (error) {
	case EAGAIN:
		return -EAGAIN;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		board_error(a->server->board, "accept", error);
		if (!a->starved)
			log_warnx("no room for new connections (%s): they "
				  "wait until others end",
				errno_name(error));
		a->starved = true;
		return -EBUSY;
	case EINVAL:
		return -EBUSY; /* shut down: the server is stopping */
	default:
		/* Errors of that one connection, already pending on it. */
		if (error != EINTR)
			board_error(a->server->board, "accept", error);
		return -EINTR;
	}
}

int accept_try(struct acceptor *a, int flags)
{
	const bool refuse = a->server->config.overload == OVERLOAD_REFUSE;
	int fd, error;

	/* To queue is to enter before there is a client, which another worker
	 * may get; to refuse is to enter, or not, with a client in hand. */
	a->limited = !refuse && !server_enter(a->server);
	if (a->limited)
		return -EBUSY;
	fd = accept4(a->listener, NULL, NULL, flags | SOCK_CLOEXEC);
	if (fd < 0) {
		error = errno;
		if (!refuse)
			server_leave(a->server);
		return accept_failed(a, error);
	}
	if (refuse && !server_enter(a->server))
		return accept_close_refused(a, fd);
	a->starved = false;
	if (a->slot)
		slot_add(&a->slot->accepted, 1);
	return fd;
}

int accept_completed(struct acceptor *a, int result)
{
	if (result < 0)
		return accept_failed(a, -result);
	if (!server_enter(a->server))
		return accept_close_refused(a, result);
	a->starved = false;
	slot_add(&a->slot->accepted, 1);
	return result;
}

int accept_handed(struct acceptor *a, int inbox, bool between_processes)
{
	const int fd = handoff_receive(inbox, between_processes);

	if (fd != -EMFILE)
		return fd;
	board_error(a->server->board, "accept", EMFILE);
	slot_add(&a->slot->closed, 1);
	server_leave(a->server);
	return -EINTR;
}

int accept_make_blocking(int listener)
{
	const int flags = fcntl(listener, F_GETFL);

	if (flags < 0 || fcntl(listener, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* It is --max-connections that leaves no room, not the kernel. */
static bool accept_is_limited(const struct acceptor *a, int error)
{
	return error == -EBUSY && a->limited;
}

void accept_rest(struct acceptor *a, int error)
{
	const struct timespec retry = clock_timespec(ACCEPT_RETRY_NS);

	if (accept_is_limited(a, error))
		server_await_room(a->server);
	else if (error != -EINTR && error != -EAGAIN)
		nanosleep(&retry, NULL);
}

int accept_blocking(struct acceptor *a)
{
	int fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return accept_failed(a, errno);
	a->starved = false;
	while (!server_enter(a->server)) {
		if (a->server->config.overload == OVERLOAD_REFUSE ||
			signals_stopping())
			return accept_close_refused(a, fd);
		server_await_room(a->server);
	}
	slot_add(&a->slot->accepted, 1);
	return fd;
}

/* Until somebody connects (unless there is no room), or a signal. */
static void accept_wait(struct acceptor *a, bool room)
{
	const struct timespec retry = clock_timespec(ACCEPT_RETRY_NS);
	struct pollfd fds[2] = {
		{.fd = signals_fd(), .events = POLLIN},
		{.fd = a->listener, .events = POLLIN},
	};

	if (ppoll(fds, room ? 2 : 1, room ? NULL : &retry, NULL) > 0 &&
		fds[0].revents)
		signals_clear();
}

int accept_next(struct acceptor *a)
{
	for (;;) {
		int fd;

		if (signals_stopping())
			return -ESHUTDOWN;
		if (signals_child_ended())
			return -ECHILD;
		fd = accept_try(a, 0);
		if (fd >= 0)
			return fd;
		if (accept_is_limited(a, fd))
			server_await_room(a->server);
		else if (fd != -EINTR)
			accept_wait(a, fd == -EAGAIN);
	}
}

void accept_abandon(struct server *s, struct slot *slot, int fd,
	const char *phase, int error)
{
	board_error(s->board, phase, error);
	close(fd);
	slot_add(&slot->closed, 1);
	server_leave(s);
}
