/* SPDX-License-Identifier: MIT */
/*
 * blocking: one connection after the other.
 *
 * IDEA      The server every course begins with. It accepts a connection,
 *           serves it to its end, and only then accepts the next one.
 *
 *                 +-> accept --> recv, handler, send --+--> close --+
 *                 |                  +-----------------+            |
 *                 +--------------------------------------------------+
 *
 * CALLS     per connection: accept4, shutdown where we end first, close
 *           per request:    recv, send
 * COSTS     The least a server can do. Used as the measure of what control of
 *           many connections costs the other models (UNP chapter 30, row 0).
 * BREAKS    One client that says nothing keeps all others waiting in the
 *           listen queue: see it with two terminals.
 * USED BY   classrooms; servers whose clients come one at a time
 * READ      UNP chapter 30.5; then servers/fork.c and servers/thread.c
 */
#include <errno.h>

#include "servers/core/model.h"

static int blocking_run(struct server *s)
{
	struct acceptor acceptor = {
		.server = s,
		.slot = &s->board->slots[0],
		.listener = s->listener,
	};
	struct worker w;
	int fd, error = worker_init(&w, s, acceptor.slot, WORKER_LARGE);

	if (error)
		return error;
	server_ready(s);
	while ((fd = accept_next(&acceptor)) != -ESHUTDOWN)
		if (fd >= 0)
			serve_socket(&w, fd);
	worker_release(&w);
	return 0;
}

const struct server_model model_blocking = {
	.name = "blocking",
	.summary = "one connection after the other",
	.one_at_a_time = true,
	.run = blocking_run,
};
