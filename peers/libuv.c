/* SPDX-License-Identifier: MIT */
/*
 * libuv: the echo with its streams. One buffer is read into for all, since it
 * is written at once (uv_try_write); only what a peer does not take is copied.
 *
 *	peer-libuv 127.0.0.1:0 [--ready-fd N] [--handler echo]
 *
 * Read next: servers/core/conn.h, which does the same for a handler here.
 */
#include "peers/peer.h"

#include <err.h>
#include <stdlib.h>
#include <uv.h>

static void on_close(uv_handle_t *h)
{
	free(h);
}

static void on_size(uv_handle_t *h, size_t wanted, uv_buf_t *buf)
{
	static char shared[16384];

	(void)h, (void)wanted;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void on_written(uv_write_t *request, int status)
{
	(void)status;
	free(request);
}

/* A write that is under way is followed by what it writes. */
static void write_later(uv_stream_t *s, const char *data, size_t len)
{
	uv_write_t *request = malloc(sizeof(*request) + len);
	uv_buf_t out = uv_buf_init((char *)(request + 1), (unsigned)len);

	if (!request)
		return;
	memcpy(out.base, data, len);
	if (uv_write(request, s, &out, 1, on_written))
		free(request);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	uv_buf_t out = uv_buf_init(buf->base, n > 0 ? (unsigned)n : 0);
	ssize_t done;

	if (n < 0)
		uv_close((uv_handle_t *)s, on_close);
	if (n <= 0)
		return;
	done = uv_try_write(s, &out, 1);
	done = done < 0 ? 0 : done;
	if (done < n)
		write_later(s, buf->base + done, (size_t)(n - done));
}

static void on_connection(uv_stream_t *listener, int status)
{
	uv_tcp_t *client = status < 0 ? NULL : malloc(sizeof(*client));

	if (!client)
		return;
	uv_tcp_init(listener->loop, client);
	uv_tcp_nodelay(client, 1);
	if (uv_accept(listener, (uv_stream_t *)client))
		uv_close((uv_handle_t *)client, on_close);
	else
		uv_read_start((uv_stream_t *)client, on_size, on_read);
}

int main(int argc, char **argv)
{
	struct peer peer = peer_arguments(argc, argv);
	uv_tcp_t listener;
	uv_os_fd_t fd;
	int rc;

	uv_tcp_init(uv_default_loop(), &listener);
	rc = uv_tcp_bind(&listener, (struct sockaddr *)&peer.address, 0);
	if (!rc)
		rc = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
	if (!rc)
		rc = uv_fileno((uv_handle_t *)&listener, &fd);
	if (rc)
		errx(1, "cannot listen on %s: %s", argv[optind],
			uv_strerror(rc));
	peer_ready(&peer, fd);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
