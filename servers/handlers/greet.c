/* SPDX-License-Identifier: MIT */
/*
 * greet: thanks the peer for connecting, by its address, and closes.
 *
 * The server speaks first and the client says nothing, as in the daytime
 * protocol (RFC 867). No options; a connection is a request.
 */
#include <stdio.h>

#include "common/handler.h"

static void greet_open(struct conn *c)
{
	char peer[128], text[160];
	int len = snprintf(text, sizeof(text), "Thank you for connecting %s\n",
		conn_peer(c, peer, sizeof(peer)));

	conn_write(c, text, (size_t)len);
	conn_request_done(c);
	conn_finish(c);
}

/* Whatever the peer has to say comes after the end. */
static size_t greet_data(struct conn *c, const char *buf, size_t len)
{
	(void)c;
	(void)buf;
	return len;
}

const struct handler handler_greet = {
	.name = "greet",
	.summary = "says thank you to the peer's address and closes",
	.open = greet_open,
	.data = greet_data,
};
