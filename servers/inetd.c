/* SPDX-License-Identifier: MIT */
/*
 * inetd: a new program for each connection, on its standard input and output.
 *
 * IDEA      The parent only accepts. Each connection gets a child whose
 *           standard input and output are the socket, and which then becomes
 *           another program. That program need not know of networks: it reads,
 *           writes, and ends.
 *
 *                 parent: +-> accept --> fork --> close its copy --+
 *                         +-----------------------------------------+
 *                 child:          dup2 to 0 and 1 --> exec
 *                 program:        read, write, ... exit
 *
 *           Without command= the program is this server once more, told to
 *           serve its standard input by the same handler and limits, and to
 *           count in the same scoreboard.
 *
 * CALLS     per connection: accept4, fork (clone), dup2 twice, execve and all
 *           that a program does to start, exit, wait
 *           per request:    recv, send
 * COSTS     That of fork, and then that of a start: the loader, the libraries,
 *           every page anew. A millisecond or more.
 * BREAKS    As fork does, earlier. What a handler keeps in memory for all
 *           connections is not there after the exec: in a chat room everybody
 *           is alone. Of a program of your own nobody knows where a request
 *           ends: requests are not counted, the timeouts do not apply, and
 *           when the server stops the program sees the end of its input.
 * GIVES     Isolation, and any language: each program has its own address
 *           space, user, and limits, and updates take effect with the next
 *           connection.
 * USED BY   inetd, xinetd, systemd with Accept=yes, qmail by tcpserver
 * READ      execve(2), inetd(8), systemd.socket(5); servers/fork.c: the same
 *           without exec; servers/core/program.c for what the child leaves the
 *           program; UNP chapter 13.5
 */
#include <errno.h>
#include <unistd.h>

#include "servers/core/children.h"
#include "servers/core/model.h"
#include "servers/core/program.h"

struct inetd_options {
	const char *command; /* "": this server */
};

struct inetd {
	struct server *server;
	struct children children;
	struct program program;
};

/* The child: becomes the program. */
static void inetd_become(struct program *p, const struct slot *slot, int fd)
{
	if (dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0 &&
		program_prepare(p, slot, fd) >= 0)
		execv(p->path, p->words);
	log_warn("cannot run %s", p->path);
	_exit(127);
}

static void inetd_serve(struct inetd *i, int fd)
{
	struct server *s = i->server;
	struct slot *slot = children_claim(&i->children);
	const pid_t parent = getpid();
	pid_t child;

	slot_add(&slot->accepted, 1);
	child = fork();
	if (child == 0) {
		signals_in_child(parent);
		board_enter(slot);
		inetd_become(&i->program, slot, fd);
	}
	if (child < 0 || children_add(&i->children, child, slot) < 0) {
		accept_abandon(s, slot, fd, "fork", errno);
		board_bury(s->board, slot, 0);
		return;
	}
	close(fd);
}

static int inetd_run(struct server *s)
{
	const struct inetd_options *options = s->model_options;
	struct inetd i = {.server = s};
	struct acceptor acceptor = {.server = s, .listener = s->listener};
	int fd, error = program_init(&i.program, s, options->command);

	if (error)
		return error;
	children_init(&i.children, s->board);
	children_limit(s);
	if (!i.program.own)
		i.children.ask = program_end_input;
	server_ready(s);
	while ((fd = accept_next(&acceptor)) != -ESHUTDOWN) {
		if (fd >= 0)
			inetd_serve(&i, fd);
		else
			children_reap(&i.children);
	}
	error = children_drain(&i.children);
	program_release(&i.program);
	return error;
}

static const struct option_spec inetd_table[] = {
	{
		.name = "command",
		.type = OPTION_STRING,
		.offset = offsetof(struct inetd_options, command),
		.preset = "",
		.help = "the program and its arguments, in place of the "
			"handler; '...', \"...\" and \\ as in a shell",
	},
	{0},
};

const struct server_model model_inetd = {
	.name = "inetd",
	.summary = "a new program for each connection, on its standard input "
		   "and output",
	.options = inetd_table,
	.options_size = sizeof(struct inetd_options),
	.run = inetd_run,
};
