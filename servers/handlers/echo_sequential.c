/* SPDX-License-Identifier: MIT */
/*
 * echo_sequential: what echo.c does, written as if nobody else existed.
 *
 * This is the echo server of a textbook: read, write, until the peer ends.
 * Where the model has loops, each of these waits is a switch to another
 * connection's stack. The two files answer with the same bytes.
 *
 * Options: size=N, every N bytes count as one request; 0, the default: each
 * read. The buffer is small, so that a waiting connection keeps one page.
 */
#include "common/handler.h"
#include "common/options.h"
#include "servers/core/count.h"

struct echo_sequential_options {
	uint64_t size;
};

static const struct option_spec echo_sequential_options[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct echo_sequential_options, size),
		.preset = "0",
		.help = "bytes that count as one request (0: each read)",
	},
	{0},
};

static void echo_sequential_serve(struct stream *s)
{
	struct conn *c = stream_conn(s);
	const struct echo_sequential_options *options = conn_options(c);
	uint64_t filled = 0; /* bytes of the request not yet complete */
	char buf[2048];
	ssize_t n;

	while ((n = stream_read(s, buf, sizeof(buf))) > 0) {
		if (stream_write(s, buf, (size_t)n) < 0)
			return;
		if (options->size == 0)
			conn_request_done(c);
		else
			count_input(c, &filled, options->size, (size_t)n);
	}
}

const struct handler handler_echo_sequential = {
	.name = "echo_sequential",
	.summary = "echo, written in the sequential style",
	.options = echo_sequential_options,
	.options_size = sizeof(struct echo_sequential_options),
	.serve = echo_sequential_serve,
};
