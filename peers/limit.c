/* SPDX-License-Identifier: MIT */
/*
 * limit: the smallest epoll loop that echoes.
 *
 * It is the row against which every model is measured: two system calls a
 * request besides the wait, and nothing else. No accounting, no timeouts, no
 * bound on anything; what a peer does not read is thrown away. Do not build on
 * it: it shows what this kernel could do, not how to write a server.
 *
 *	limit 127.0.0.1:0 [--ready-fd N]
 *
 * The address is numeric IPv4. SIGTERM ends it, as it ends any program that
 * does not ask otherwise. Read next: servers/epoll.c.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_listener(const char *text)
{
	char host[INET_ADDRSTRLEN];
	struct sockaddr_in a = {.sin_family = AF_INET};
	unsigned short port;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (sscanf(text, "%15[0-9.]:%hu", host, &port) != 2 ||
		inet_pton(AF_INET, host, &a.sin_addr) != 1)
		errx(64, "not an address: %s (say 127.0.0.1:7000)", text);
	a.sin_port = htons(port);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 4096))
		err(1, "cannot listen on %s", text);
	return fd;
}

static void say_ready(int listener, int ready_fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	getsockname(listener, (struct sockaddr *)&a, &len);
	printf("listening on %s:%d\n", inet_ntoa(a.sin_addr),
		ntohs(a.sin_port));
	fflush(stdout);
	if (ready_fd >= 0) {
		dprintf(ready_fd, "%s:%d\n", inet_ntoa(a.sin_addr),
			ntohs(a.sin_port));
		close(ready_fd);
	}
}

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
	struct rlimit r;
	int listener, set, ready_fd = -1;

	if (argc == 4 && !strcmp(argv[2], "--ready-fd"))
		ready_fd = atoi(argv[3]);
	else if (argc != 2)
		errx(64, "usage: limit HOST:PORT [--ready-fd N]");
	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	listener = open_listener(argv[1]);
	set = epoll_create1(0);
	if (set < 0)
		err(1, "epoll_create1");
	watch(set, listener);
	say_ready(listener, ready_fd);
	serve(set, listener);
}
