/* SPDX-License-Identifier: MIT */
/*
 * libuv: the echo with its streams, as its guide shows it.
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
	(void)h;
	buf->base = malloc(wanted);
	buf->len = buf->base ? wanted : 0;
}

/* A write that is under way, and what it writes. */
struct writing {
	uv_write_t request;
	char *data;
};

static void on_written(uv_write_t *request, int status)
{
	struct writing *w = (struct writing *)request;

	(void)status;
	free(w->data);
	free(w);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct writing *w = n > 0 ? malloc(sizeof(*w)) : NULL;
	uv_buf_t out = uv_buf_init(buf->base, n > 0 ? (unsigned)n : 0);

	if (!w) {
		free(buf->base);
		if (n < 0)
			uv_close((uv_handle_t *)s, on_close);
		return;
	}
	w->data = buf->base;
	if (uv_write(&w->request, s, &out, 1, on_written))
		on_written(&w->request, -1);
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
