/* SPDX-License-Identifier: MIT */
/* One connection from its first byte to its last, with system calls that
 * block: what a process or thread per connection does. */
#ifndef SERVERLAB_CORE_SERVE_H
#define SERVERLAB_CORE_SERVE_H

struct server;
struct slot;
struct worker;

/*
 * Serves the connection on the blocking socket `fd` and closes it. Two system
 * calls a request, recv and send. Where timeouts are set, or the server is
 * stopping, it waits in ppoll(2) first, with the time that is left.
 */
void serve_socket(struct worker *w, int fd);

/* The same, with a worker of its own for this one connection. */
void serve_alone(struct server *s, struct slot *slot, int fd);

#endif
