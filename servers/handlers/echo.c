/* SPDX-License-Identifier: MIT */
/*
 * echo: sends back whatever it receives (RFC 862).
 *
 * Options: size=N, every N bytes count as one request; 0, the default: each
 * call of data(), that is whatever one read has brought.
 *
 * It takes all it is given: its output can never be more than its input.
 * In the sequential style: echo_sequential.c.
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

struct echo_state {
	uint64_t filled; /* bytes of the request not yet complete */
};

static size_t echo_data(struct conn *c, const char *buf, size_t len)
{
	const struct echo_options *options = conn_options(c);
	struct echo_state *state = conn_state(c);

	conn_write(c, buf, len);
	if (options->size == 0)
		conn_request_done(c);
	else
		count_input(c, &state->filled, options->size, len);
	return len;
}

const struct handler handler_echo = {
	.name = "echo",
	.summary = "sends bytes back as they come (RFC 862)",
	.options = echo_options,
	.options_size = sizeof(struct echo_options),
	.state_size = sizeof(struct echo_state),
	.data = echo_data,
};
