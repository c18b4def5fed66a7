/* SPDX-License-Identifier: MIT */
/* The smallest client with readiness: recv(), send(), a share of a wait. */
#include <err.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/validate/limit.h"

enum { EVENTS = 256 };

static void ask(int fd)
{
	if (send(fd, limit_request, limit_request_length, MSG_NOSIGNAL) < 0)
		err(1, "send");
}

void limit_run(void)
{
	static char buffer[LIMIT_BUFFER];
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(0), i, n;

	for (i = 0; i < limit_connections; i++) {
		events[0].events = EPOLLIN | EPOLLET;
		events[0].data.fd = limit_sockets[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, limit_sockets[i], &events[0]);
		ask(limit_sockets[i]);
	}
	while (!limit_over) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		for (i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (recv(fd, buffer, LIMIT_BUFFER, 0) <= 0)
				err(1, "recv");
			limit_answered++;
			ask(fd);
		}
	}
}
