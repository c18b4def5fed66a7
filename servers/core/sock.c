/* SPDX-License-Identifier: MIT */
#include "servers/core/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "servers/core/conn.h"
#include "servers/core/file.h"
#include "servers/core/worker.h"

enum {
	SOCK_FILE_TURN = 1 << 18, /* bytes of a file, sent in one call */
};

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

bool conn_input_waits(const struct conn *c)
{
	int bytes = 0;

	return ioctl(c->watch.fd, FIONREAD, &bytes) == 0 && bytes > 0;
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

/* sendfile(2) has no flag for it, so that the socket itself must not block. */
static void sock_begin_file(struct conn *c, struct file *f)
{
	const int flags = fcntl(c->watch.fd, F_GETFL);

	f->begun = true;
	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(c->watch.fd, F_SETFL,
							   flags | O_NONBLOCK)))
		f->no_sendfile = true;
}

/* A short count says little here: the next call will tell. */
static enum sock_result sock_send_file(struct conn *c, struct file *f)
{
	const size_t len =
		f->left < SOCK_FILE_TURN ? (size_t)f->left : SOCK_FILE_TURN;
	off_t offset = (off_t)f->offset;
	const ssize_t n = sendfile(c->watch.fd, f->fd, &offset, len);

	if (n >= 0)
		conn_sent_file(c, (size_t)n);
	else if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
		f->no_sendfile = true;
	else
		return sock_failed(c, "write");
	return SOCK_DONE;
}

static enum sock_result sock_send_bytes(struct conn *c, int flags)
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

/* What waits behind the bytes goes with them into one segment. */
static enum sock_result sock_flush_with_file(struct conn *c, int flags)
{
	struct file *f = c->out->file;
	enum sock_result result;

	if (!f->begun)
		sock_begin_file(c, f);
	if (conn_next_file(c) && !f->no_sendfile)
		return sock_send_file(c, f);
	result = sock_send_bytes(c, f->left ? flags | MSG_MORE : flags);
	f = conn_next_file(c); /* the handler may have gone on to another */
	if (result != SOCK_DONE || !f || !f->begun || f->no_sendfile)
		return result;
	return sock_send_file(c, f);
}

enum sock_result conn_flush(struct conn *c, int flags)
{
	const enum sock_result result = c->out && c->out->file
						? sock_flush_with_file(c, flags)
						: sock_send_bytes(c, flags);

	c->blocked = result == SOCK_AGAIN;
	return result;
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
