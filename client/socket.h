/* SPDX-License-Identifier: MIT */
/* Sockets to call a server with. */
#ifndef SERVERLAB_CLIENT_SOCKET_H
#define SERVERLAB_CLIENT_SOCKET_H

#include "client/config.h"

/* A new socket of the server's family: non-blocking, without Nagle's delay,
 * bound to source address `n` (counted round) where there are any, and closed
 * by a reset where --close says so. The descriptor or -errno. */
int socket_new(
	const struct config *config, const struct sources *sources, uint64_t n);

/* System calls that one costs, for the account. */
unsigned socket_calls(const struct config *config);

/* Gives this thread a table of descriptors of its own, a copy of the one that
 * all share: what it opens it must close itself. The kernel need then not count
 * who is using a descriptor, at each system call; and the limit on descriptors
 * holds for each table. Where this is not allowed the table stays shared, and
 * the answer is false. */
bool socket_own_table(void);

#endif
