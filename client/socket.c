/* SPDX-License-Identifier: MIT */
#include "client/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

static int socket_bind(int fd, const struct sources *sources, uint64_t n)
{
	struct address source = sources_get(sources, n);
	const int on = 1;

	/* The port is chosen at connect(), where the whole four-tuple is known:
	 * otherwise a source address has 28,000 connections at most. */
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		    sizeof(on)) < 0)
		return -errno;
	return bind(fd, &source.sa.any, source.len) < 0 ? -errno : 0;
}

static int socket_prepare(int fd, const struct config *config,
	const struct sources *sources, uint64_t n)
{
	const struct linger reset = {.l_onoff = 1};
	const int on = 1;

	if (config->close_by_reset && setsockopt(fd, SOL_SOCKET, SO_LINGER,
					      &reset, sizeof(reset)) < 0)
		return -errno;
	if (config->server.sa.any.sa_family != AF_UNIX &&
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	return sources->count ? socket_bind(fd, sources, n) : 0;
}

int socket_new(
	const struct config *config, const struct sources *sources, uint64_t n)
{
	int fd = socket(config->server.sa.any.sa_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = socket_prepare(fd, config, sources, n);
	if (!error)
		return fd;
	close(fd);
	return error;
}

unsigned socket_calls(const struct config *config)
{
	return 1u + (config->server.sa.any.sa_family != AF_UNIX) +
	       config->close_by_reset + (config->sources.count ? 2u : 0u);
}

/* There where ThreadSanitizer is linked in. It takes the descriptors of that
 * number in two tables for one, and reports a race. */
__attribute__((weak)) void *__tsan_get_current_fiber(void);

bool socket_own_table(void)
{
	return !__tsan_get_current_fiber && unshare(CLONE_FILES) == 0;
}
