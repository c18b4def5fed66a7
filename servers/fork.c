/* SPDX-License-Identifier: MIT */
/*
 * fork: a child process for each connection.
 *
 * IDEA      The parent only accepts. Each connection gets a child, which
 *           serves it to its end with calls that block, and exits.
 *
 *                 parent: +-> accept --> fork --> close its copy --+
 *                         +-----------------------------------------+
 *                 child:          recv, handler, send, ... exit
 *
 * CALLS     per connection: accept4, fork (clone), close twice, exit, wait
 *           per request:    recv, send
 * COSTS     A fork copies the page tables: some 100 us, more for a large
 *           parent. Each switch between connections is one between processes.
 * BREAKS    Thousands of connections are thousands of processes; above 4095
 *           of them, one for each line of the scoreboard, clients wait. A
 *           parent that does not wait for its children fills the process table
 *           with zombies; one that keeps its copy of the socket keeps the
 *           client from ever seeing the end.
 * GIVES     Isolation: a handler that crashes takes one connection with it.
 * USED BY   sshd, PostgreSQL, the servers of BSD and their inetd
 * READ      fork(2), waitpid(2); UNP chapter 30.6; then servers/prefork.c
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "servers/core/children.h"
#include "servers/core/model.h"

struct fork_options {
	uint64_t max;
};

static void fork_serve(struct server *s, struct children *children, int fd)
{
	struct slot *slot = children_claim(children);
	const pid_t parent = getpid();
	pid_t child;

	slot_add(&slot->accepted, 1);
	child = fork();
	if (child == 0) {
		signals_in_child(parent);
		close(s->listener);
		board_enter(slot);
		serve_alone(s, slot, fd);
		_exit(0);
	}
	if (child < 0 || children_add(children, child, slot) < 0) {
		accept_abandon(s, slot, fd, "fork", errno);
		board_bury(s->board, slot, 0);
		return;
	}
	close(fd);
}

static int fork_run(struct server *s)
{
	const struct fork_options *options = s->model_options;
	struct acceptor acceptor = {.server = s, .listener = s->listener};
	struct children children;
	int fd;

	children_init(&children, s->board);
	server_limit(s, options->max);
	children_limit(s);
	server_ready(s);
	while ((fd = accept_next(&acceptor)) != -ESHUTDOWN) {
		if (fd >= 0)
			fork_serve(s, &children, fd);
		else
			children_reap(&children);
	}
	return children_drain(&children);
}

static const struct option_spec fork_table[] = {
	{
		.name = "max",
		.type = OPTION_COUNT,
		.offset = offsetof(struct fork_options, max),
		.preset = "0",
		.help = "at most so many children; 0: 4095",
	},
	{0},
};

const struct server_model model_fork = {
	.name = "fork",
	.summary = "a child process for each connection",
	.options = fork_table,
	.options_size = sizeof(struct fork_options),
	.run = fork_run,
};
