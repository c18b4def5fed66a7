/* SPDX-License-Identifier: MIT */
/*
 * What the peers in C have in common: their arguments, and how they say that
 * they listen. Nothing of it runs once they serve.
 *
 *	peer-NAME 127.0.0.1:0 [--ready-fd N] [--handler echo]
 */
#ifndef SERVERLAB_PEERS_PEER_H
#define SERVERLAB_PEERS_PEER_H

#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
	struct sockaddr_in address;
	int ready_fd; /* -1: none */
};

enum { PEER_USAGE = 64, PEER_UNAVAILABLE = 69 };

static inline void peer_raise_descriptors(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Exits when they are wrong, or ask for what is not an echo. */
static inline struct peer peer_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{"ready-fd", required_argument, NULL, 'r'},
		{"handler", required_argument, NULL, 'h'},
		{0},
	};
	struct peer p = {.address = {.sin_family = AF_INET}, .ready_fd = -1};
	char host[INET_ADDRSTRLEN];
	unsigned short port;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			p.ready_fd = atoi(optarg);
		else if (c == 'h' && strncmp(optarg, "echo", 4))
			errx(PEER_UNAVAILABLE, "written for echo only");
		else if (c == '?')
			exit(PEER_USAGE);
	}
	if (optind + 1 != argc ||
		sscanf(argv[optind], "%15[0-9.]:%hu", host, &port) != 2 ||
		inet_pton(AF_INET, host, &p.address.sin_addr) != 1)
		errx(PEER_USAGE,
			"one address such as 127.0.0.1:7000 is needed");
	p.address.sin_port = htons(port);
	peer_raise_descriptors();
	return p;
}

/* A blocking listener at the address. Exits when there can be none. */
static inline int peer_listen(const struct peer *p)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&p->address,
		    sizeof(p->address)) ||
		listen(fd, 4096))
		err(1, "cannot listen on %s:%d", inet_ntoa(p->address.sin_addr),
			ntohs(p->address.sin_port));
	return fd;
}

/* Says where it listens. */
static inline void peer_ready(const struct peer *p, int listener)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(listener, (struct sockaddr *)&a, &len))
		err(1, "getsockname");
	printf("listening on %s:%d\n", inet_ntoa(a.sin_addr),
		ntohs(a.sin_port));
	fflush(stdout);
	if (p->ready_fd < 0)
		return;
	dprintf(p->ready_fd, "%s:%d\n", inet_ntoa(a.sin_addr),
		ntohs(a.sin_port));
	close(p->ready_fd);
}

#endif
