/* SPDX-License-Identifier: MIT */
/*
 * limit: the smallest epoll loop that echoes.
 *
 * It is the row against which every model is measured: two system calls a
 * request besides the wait, and nothing else. No accounting, no timeouts, no
 * bound on anything; what a peer does not read is thrown away. Do not build on
 * it: it shows what this kernel could do, not how to write a server.
 *
 *	limit 127.0.0.1:0 [--ready-fd N] [--handler echo]
 *
 * The address is numeric IPv4. SIGTERM ends it, as it ends any program that
 * does not ask otherwise. Read next: servers/epoll.c.
 */
#include "peers/peer.h"

#include <sys/epoll.h>

static void watch(int set, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
		err(1, "epoll_ctl");
}

static void serve(int set, int listener)
{
	struct epoll_event ready[256];
	char buf[16384];

	for (;;) {
		int n = epoll_wait(set, ready, 256, -1);

		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;
			ssize_t got;

			if (fd == listener) {
				fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
				if (fd >= 0)
					watch(set, fd);
				continue;
			}
			got = recv(fd, buf, sizeof(buf), 0);
			if (got <= 0 || send(fd, buf, got, MSG_NOSIGNAL) < 0)
				close(fd);
		}
	}
}

int main(int argc, char **argv)
{
	struct peer peer = peer_arguments(argc, argv);
	int listener = peer_listen(&peer);
	int set = epoll_create1(0);

	if (set < 0)
		err(1, "epoll_create1");
	watch(set, listener);
	peer_ready(&peer, listener);
	serve(set, listener);
}
