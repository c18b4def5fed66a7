/* SPDX-License-Identifier: MIT */
/*
 * echo_sequential: sends back whatever it receives (RFC 862), in the
 * sequential style. It does what echo.c does, in the order in which it happens.
 *
 * Options: size=N, every N bytes count as one request; 0, the default: each
 * read.
 */
#include "common/handler.h"
#include "common/options.h"
#include "servers/core/count.h"

struct echo_options {
	uint64_t size;
};

static const struct option_spec echo_options[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct echo_options, size),
		.preset = "0",
		.help = "bytes that count as one request (0: each read)",
	},
	{0},
};

static void echo_serve(struct stream *s)
{
	struct conn *c = stream_conn(s);
	const struct echo_options *options = conn_options(c);
	/* Small, so that all of the stack that is used fits into a page. */
	char buf[2048];
	uint64_t filled = 0;
	ssize_t n;

	while ((n = stream_read(s, buf, sizeof(buf))) > 0) {
		if (stream_write(s, buf, (size_t)n) < 0)
			return;
		if (options->size == 0)
			conn_request_done(c);
		else
			count_bytes(c, &filled, options->size, (size_t)n);
	}
}

const struct handler handler_echo_sequential = {
	.name = "echo_sequential",
	.summary = "echo, read and written as in a textbook",
	.options = echo_options,
	.options_size = sizeof(struct echo_options),
	.serve = echo_serve,
};
