/* SPDX-License-Identifier: MIT */
/*
 * fork: the smallest server that makes a process for each connection.
 *
 * What accept, fork, exit and wait cost on this kernel, and an echo in between.
 * No accounting, no bound on the children, nobody to end them: do not build on
 * it.
 *
 *	peer-fork 127.0.0.1:0 [--ready-fd N] [--handler echo]
 *
 * Read next: servers/fork.c.
 */
#include "peers/peer.h"

#include <sys/wait.h>

static void serve_child(int fd)
{
	char buf[16384];
	ssize_t got;

	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (send(fd, buf, (size_t)got, MSG_NOSIGNAL) < 0)
			break;
	_exit(0);
}

static void serve(int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (!fork())
			serve_child(fd);
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	const struct peer p = peer_arguments(argc, argv);
	const int listener = peer_listen(&p);

	peer_ready(&p, listener);
	serve(listener);
}
