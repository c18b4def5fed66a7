/* SPDX-License-Identifier: MIT */
#include "common/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/options.h"

static int address_parse_unix(struct address *a, const char *path, char *why)
{
	if (!*path || strlen(path) >= sizeof(a->sa.un.sun_path)) {
		snprintf(why, WHY_SIZE,
			"'unix:%.200s': the path must have 1 to %zu bytes",
			path, sizeof(a->sa.un.sun_path) - 1);
		return -EINVAL;
	}
	a->sa.un.sun_family = AF_UNIX;
	strcpy(a->sa.un.sun_path, path);
	a->len = sizeof(a->sa.un);
	return 0;
}

static int address_bad(const char *text, const char *what, char *why)
{
	snprintf(why, WHY_SIZE,
		"address '%.120s': %s; write HOST:PORT, [IPV6]:PORT, "
		":PORT or unix:/path",
		text, what);
	return -EINVAL;
}

/* Cuts "HOST:PORT" or "[HOST]:PORT" in two. */
static int address_cut(const char *text, char host[256], const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (!colon)
		return -EINVAL;
	len = (size_t)(colon - text);
	if (len && text[0] == '[' && colon[-1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return -EINVAL;
	}
	if (len >= 256)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	*port = colon + 1;
	return 0;
}

int address_parse(struct address *a, const char *text, char *why)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	const char *port;
	char host[256];
	char *end;
	int error;

	memset(a, 0, sizeof(*a));
	if (!strncmp(text, "unix:", 5))
		return address_parse_unix(a, text + 5, why);
	if (address_cut(text, host, &port))
		return address_bad(text, "no port, or stray colons", why);
	if (*port < '0' || *port > '9' || strtoul(port, &end, 10) > 65535 ||
		*end)
		return address_bad(text, "the port must be 0 to 65535", why);
	error = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (error)
		return address_bad(text, gai_strerror(error), why);
	memcpy(&a->sa, found->ai_addr, found->ai_addrlen);
	a->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

const char *address_format(const struct address *a, char *buf)
{
	char host[INET6_ADDRSTRLEN] = "?";

	switch (a->sa.any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &a->sa.in.sin_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT, "%s:%u", host,
			ntohs(a->sa.in.sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &a->sa.in6.sin6_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT, "[%s]:%u", host,
			ntohs(a->sa.in6.sin6_port));
		break;
	default:
		/* The other side of a Unix socket has no name. */
		snprintf(buf, ADDRESS_TEXT, "unix:%s",
			a->len > sizeof(sa_family_t) ? a->sa.un.sun_path : "");
	}
	return buf;
}

/* Removes the file of a Unix socket that nobody listens on any more. */
static int net_remove_stale(const struct address *a)
{
	struct stat st;
	int fd, alive;

	if (lstat(a->sa.un.sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	/* Not blocking: one whose backlog is full lives, and would let us wait
	 * until it accepts. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	alive = connect(fd, &a->sa.any, a->len) == 0 || errno != ECONNREFUSED;
	close(fd);
	if (alive)
		return -EADDRINUSE;
	return unlink(a->sa.un.sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int net_set_options(int fd, int family, int reuseport)
{
	const int on = 1;

	if (family == AF_UNIX)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	/* Accepted sockets inherit it: no system call per connection. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	if (reuseport &&
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int net_listen(const struct address *a, int backlog, int reuseport)
{
	const int family = a->sa.any.sa_family;
	int fd, error;

	if (family == AF_UNIX) {
		error = net_remove_stale(a);
		if (error)
			return error;
	}
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	error = net_set_options(fd, family, reuseport);
	if (error)
		goto out_close;
	if (bind(fd, &a->sa.any, a->len) < 0 || listen(fd, backlog) < 0) {
		error = -errno;
		goto out_close;
	}
	return fd;
out_close:
	close(fd);
	return error;
}

int net_local(int fd, struct address *a)
{
	memset(a, 0, sizeof(*a));
	a->len = sizeof(a->sa);
	return getsockname(fd, &a->sa.any, &a->len) < 0 ? -errno : 0;
}

int net_peer(int fd, struct address *a)
{
	memset(a, 0, sizeof(*a));
	a->len = sizeof(a->sa);
	return getpeername(fd, &a->sa.any, &a->len) < 0 ? -errno : 0;
}

unsigned long net_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	if (limit.rlim_cur < limit.rlim_max) {
		const struct rlimit raised = {
			.rlim_cur = limit.rlim_max,
			.rlim_max = limit.rlim_max,
		};

		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			return raised.rlim_cur;
	}
	return limit.rlim_cur;
}
