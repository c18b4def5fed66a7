/* SPDX-License-Identifier: MIT */
/*
 * Requests in protocols that have none. A byte stream has no messages, yet a
 * comparison needs something to count: with the option size=N every N bytes
 * are one request, so that server and client count alike however the bytes
 * were split on the way.
 */
#ifndef SERVERLAB_CORE_COUNT_H
#define SERVERLAB_CORE_COUNT_H

#include "common/handler.h"

/* Adds `len` bytes to the unfinished request in *filled, which stays below
 * `size` (> 0), and reports each one that is complete. */
static inline void count_bytes(
	struct conn *c, uint64_t *filled, uint64_t size, size_t len)
{
	*filled += len;
	while (*filled >= size) {
		*filled -= size;
		conn_request_done(c);
	}
}

/* The same of bytes that were received: a request of which there are some is
 * under way. */
static inline void count_input(
	struct conn *c, uint64_t *filled, uint64_t size, size_t len)
{
	count_bytes(c, filled, size, len);
	if (*filled)
		conn_request_begun(c);
}

#endif
