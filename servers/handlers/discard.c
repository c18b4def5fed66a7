/* SPDX-License-Identifier: MIT */
/*
 * discard: throws away whatever it receives (RFC 863).
 *
 * Options: size=N, every N bytes count as one request; 0, the default: each
 * call of data(), that is whatever one read has brought.
 *
 * The case of the slow writer: the server has nothing to do but wait.
 */
#include "common/handler.h"
#include "common/options.h"
#include "servers/core/count.h"

struct discard_options {
	uint64_t size;
};

static const struct option_spec discard_options[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct discard_options, size),
		.preset = "0",
		.help = "bytes that count as one request (0: each read)",
	},
	{0},
};

struct discard_state {
	uint64_t filled; /* bytes of the request not yet complete */
};

static size_t discard_data(struct conn *c, const char *buf, size_t len)
{
	const struct discard_options *options = conn_options(c);
	struct discard_state *state = conn_state(c);

	(void)buf;
	if (options->size == 0)
		conn_request_done(c);
	else
		count_input(c, &state->filled, options->size, len);
	return len;
}

const struct handler handler_discard = {
	.name = "discard",
	.summary = "throws everything away (RFC 863)",
	.options = discard_options,
	.options_size = sizeof(struct discard_options),
	.state_size = sizeof(struct discard_state),
	.data = discard_data,
};
