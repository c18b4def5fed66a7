/* SPDX-License-Identifier: MIT */
/*
 * sockperf: an echo that sockperf(1) takes for its own server, which marks what
 * it sends back. A message of it begins with a number (8 bytes), flags (2) and
 * its length (4); the lowest flag is set by whoever asks and cleared in the
 * answer. Anything else is echoed as it is, so other clients can ask the same
 * server. Messages are taken to come whole.
 */
#include <string.h>

#include "common/handler.h"
#include "servers/core/plugin.h"

enum { FLAGS_END = 10, HEADER = 14, MESSAGE_MAX = 65536 };

static size_t sockperf_data(struct conn *c, const char *buf, size_t len)
{
	const unsigned char *b = (const unsigned char *)buf;
	char flags;

	if (len < HEADER || len > MESSAGE_MAX ||
		((size_t)b[10] << 24 | (size_t)b[11] << 16 |
			(size_t)b[12] << 8 | b[13]) != len) {
		conn_write(c, buf, len);
	} else {
		flags = (char)(b[FLAGS_END - 1] & ~1);
		conn_write(c, buf, FLAGS_END - 1);
		conn_write(c, &flags, 1);
		conn_write(c, buf + FLAGS_END, len - FLAGS_END);
	}
	conn_request_done(c);
	return len;
}

const struct handler handler_sockperf = {
	.name = "sockperf",
	.summary = "an echo that sockperf takes for its own server",
	.data = sockperf_data,
};

SERVERLAB_HANDLER(handler_sockperf);
