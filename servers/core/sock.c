/* SPDX-License-Identifier: MIT */
#include "servers/core/sock.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "servers/core/conn.h"
#include "servers/core/worker.h"

/* What a failed call means. Only a real failure touches the connection. */
static enum sock_result sock_failed(struct conn *c, const char *phase)
{
	if (errno == EAGAIN)
		return SOCK_AGAIN;
	if (errno == EINTR)
		return SOCK_INTR;
	conn_fail(c, phase, errno);
	return SOCK_DONE;
}

enum sock_result conn_recv(struct conn *c, int flags)
{
	size_t size;
	char *space = conn_space(c, &size);
	ssize_t n;

	if (!space)
		return SOCK_DONE;
	n = recv(c->watch.fd, space, size, flags);
	if (n < 0)
		return sock_failed(c, "read");
	if (n == 0) {
		conn_input_eof(c);
		return SOCK_DONE;
	}
	c->dry = (size_t)n < size;
	conn_received(c, (size_t)n);
	return (size_t)n == size ? SOCK_FULL : SOCK_DONE;
}

ssize_t conn_recv_into(struct conn *c, void *buf, size_t len, int flags)
{
	const ssize_t n = recv(c->watch.fd, buf, len, flags);
	const int error = errno;

	if (n > 0) {
		c->dry = (size_t)n < len;
		conn_handed(c, (size_t)n);
	} else if (n == 0) {
		c->peer_eof = true;
	} else {
		sock_failed(c, "read");
	}
	return n < 0 ? -error : n;
}

enum sock_result conn_flush(struct conn *c, int flags)
{
	size_t len;
	const char *out = conn_output(c, &len);
	ssize_t n;

	if (!out)
		return SOCK_DONE;
	n = send(c->watch.fd, out, len, flags | MSG_NOSIGNAL);
	if (n < 0)
		return sock_failed(c, "write");
	conn_sent(c, (size_t)n);
	/* A short count means that the socket is full: asking once more would
	 * only say so. */
	return (size_t)n == len ? SOCK_DONE : SOCK_AGAIN;
}

bool conn_linger(struct conn *c)
{
	if (c->lingering || !conn_lingers(c))
		return c->lingering && !c->peer_eof && !c->error;
	if (shutdown(c->watch.fd, SHUT_WR) < 0)
		return false;
	c->lingering = true;
	c->wake_ns = clock_ns() + CONN_LINGER_NS;
	return true;
}

enum sock_result conn_discard(struct conn *c, int flags)
{
	ssize_t n = recv(c->watch.fd, c->worker->scratch,
		c->worker->scratch_size, flags);

	if (n > 0)
		return SOCK_FULL;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EAGAIN ? SOCK_AGAIN : SOCK_INTR;
	c->peer_eof = true; /* or reset: the peer is gone */
	return SOCK_DONE;
}
