/* SPDX-License-Identifier: MIT */
/*
 * usage: limit 127.0.0.1:PORT CONNECTIONS SECONDS
 *
 * The least that a client can do for a small HTTP request in the closed loop:
 * the system calls, and nothing else. It sends the same bytes again whenever
 * anything comes back and counts that as a reply; it checks, times and records
 * nothing. What this costs no client on this kernel can save, so this is what
 * `scripts/validate cost` measures the client against. The loop is in
 * limit_epoll.c or limit_uring.c.
 */
#include "tests/validate/limit.h"

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char limit_request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const unsigned limit_request_length = sizeof(limit_request) - 1;
int limit_sockets[LIMIT_CONNECTIONS], limit_connections;
unsigned long long limit_answered;
volatile sig_atomic_t limit_over;

static void limit_on_alarm(int signal)
{
	(void)signal;
	limit_over = 1;
}

static void limit_connect(const char *port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((in_port_t)atoi(port)),
	};
	int i, fd, on = 1;

	for (i = 0; i < limit_connections; i++) {
		fd = limit_sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
			err(1, "connect");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = limit_on_alarm};
	const char *port = argc == 4 ? strrchr(argv[1], ':') : NULL;

	limit_connections = port ? atoi(argv[2]) : 0;
	if (limit_connections < 1 || limit_connections > LIMIT_CONNECTIONS)
		errx(64, "usage: limit 127.0.0.1:PORT CONNECTIONS SECONDS");
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)atoi(argv[3]));
	limit_connect(port + 1);
	limit_run();
	printf("%llu requests answered\n", limit_answered);
	return 0;
}
