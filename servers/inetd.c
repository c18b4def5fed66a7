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
 *           without exec; UNP chapter 13.5
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "servers/core/children.h"
#include "servers/core/model.h"
#include "servers/core/words.h"

struct inetd_options {
	const char *command;
};

enum {
	INETD_BOARD = 3,  /* where the program finds the scoreboard */
	INETD_WORDS = 20, /* at most, of our own command line */
	INETD_WORD = 40,  /* bytes, where it is a number */
};

struct inetd {
	struct server *server;
	struct children children;
	char *program; /* its path */
	char **words;  /* its argv */
	/* Our own program: */
	int board; /* the scoreboard's memory, or -1 */
	char *own_words[INETD_WORDS];
	char numbers[INETD_WORDS][INETD_WORD];
	char where[INETD_WORD]; /* --serve-stdin: board and slot */
};

/* ---- in the child ------------------------------------------------------ */

/* Makes `to` what `from` is, and keeps it over the exec. */
static int inetd_place(int from, int to)
{
	if (from == to)
		return fcntl(from, F_SETFD, 0);
	return dup2(from, to);
}

/* Only the socket, standard error and the scoreboard go over. */
static int inetd_descriptors(const struct inetd *i, int fd)
{
	unsigned last = STDERR_FILENO;

	if (inetd_place(fd, STDIN_FILENO) < 0 ||
		inetd_place(fd, STDOUT_FILENO) < 0)
		return -errno;
	if (i->board >= 0) {
		if (inetd_place(i->board, INETD_BOARD) < 0)
			return -errno;
		last = INETD_BOARD;
	}
	return close_range(last + 1, ~0u, 0) < 0 ? -errno : 0;
}

/* Signals as a program expects them. Our own is not to die of a SIGTERM that
 * comes before it is ready for it. */
static void inetd_signals(const struct inetd *i)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	if (i->board >= 0)
		sigprocmask(SIG_BLOCK, &stop, NULL);
	else
		signal(SIGPIPE, SIG_DFL);
}

static void inetd_become(const struct inetd *i, int fd)
{
	const int error = inetd_descriptors(i, fd);

	inetd_signals(i);
	if (!error)
		execv(i->program, i->words);
	log_warn("cannot run %s", i->program);
	_exit(127);
}

/* ---- in the parent ----------------------------------------------------- */

static void inetd_serve(struct inetd *i, int fd)
{
	struct server *s = i->server;
	struct slot *slot = board_claim(s->board, SLOT_PROCESS);
	const pid_t parent = getpid();
	pid_t child;

	snprintf(i->where, sizeof(i->where), "%d,%d", INETD_BOARD,
		(int)(slot - s->board->slots));
	slot_add(&slot->accepted, 1);
	child = fork();
	if (child == 0) {
		signals_in_child(parent);
		board_enter(slot);
		inetd_become(i, fd);
	}
	if (child < 0 || children_add(&i->children, child, slot) < 0) {
		accept_abandon(s, slot, fd, "fork", errno);
		board_bury(s->board, slot, 0);
		return;
	}
	close(fd);
}

/* A program that does not know us: its input ends. What it has read it can
 * still answer. */
static void inetd_end_input(pid_t pid)
{
	const int process = pidfd_open(pid, 0);
	const int fd = process < 0 ? -1 : pidfd_getfd(process, STDIN_FILENO, 0);

	if (fd >= 0) {
		shutdown(fd, SHUT_RD);
		close(fd);
	} else if (errno == EPERM || errno == ENOSYS) {
		kill(pid, SIGTERM); /* then it is not so polite */
	}
	if (process >= 0)
		close(process);
}

/* ---- the command ------------------------------------------------------- */

static void inetd_add_number(
	struct inetd *i, int *n, char *flag, uint64_t value, const char *unit)
{
	snprintf(i->numbers[*n], INETD_WORD, "%llu%s",
		(unsigned long long)value, unit);
	i->own_words[*n] = flag;
	i->own_words[*n + 1] = i->numbers[*n];
	*n += 2;
}

static uint64_t inetd_us(uint64_t ns)
{
	return (ns + NS_PER_US - 1) / NS_PER_US;
}

/* This server, for one connection. */
static int inetd_own(struct inetd *i)
{
	const struct server_config *c = &i->server->config;
	int n = 5;

	i->board = board_share(i->server->board);
	if (i->board < 0) {
		log_warnx("cannot share the scoreboard with a new program");
		return i->board;
	}
	i->program = "/proc/self/exe";
	i->words = i->own_words;
	i->words[0] = "server";
	i->words[1] = "--serve-stdin";
	i->words[2] = i->where;
	i->words[3] = "--handler";
	i->words[4] = (char *)i->server->handler_spec;
	inetd_add_number(
		i, &n, "--idle-timeout", inetd_us(c->idle_timeout_ns), "us");
	inetd_add_number(i, &n, "--request-timeout",
		inetd_us(c->request_timeout_ns), "us");
	inetd_add_number(
		i, &n, "--write-timeout", inetd_us(c->write_timeout_ns), "us");
	inetd_add_number(
		i, &n, "--drain-timeout", inetd_us(c->drain_timeout_ns), "us");
	inetd_add_number(i, &n, "--high-water", c->high_water, "");
	inetd_add_number(i, &n, "--low-water", c->low_water, "");
	if (log_level() >= LOG_INFO)
		i->words[n++] = log_level() >= LOG_DEBUG ? "-vv" : "-v";
	return 0;
}

static int inetd_command(struct inetd *i, const char *command)
{
	char why[WHY_SIZE];
	int error = words_split(command, &i->words, why);

	if (!error) {
		i->program = words_find_program(i->words[0], why);
		if (i->program)
			return 0;
		free(i->words);
		error = -ENOENT;
	}
	log_warnx("command=%s: %s", command, why);
	return error;
}

static int inetd_run(struct server *s)
{
	const struct inetd_options *options = s->model_options;
	struct inetd i = {.server = s, .board = -1};
	struct acceptor acceptor = {.server = s, .listener = s->listener};
	const bool own = !*options->command;
	int fd, error = own ? inetd_own(&i)
			    : inetd_command(&i, options->command);

	if (error)
		return error;
	children_init(&i.children, s->board);
	if (!own)
		i.children.ask = inetd_end_input;
	server_ready(s);
	while ((fd = accept_next(&acceptor)) != -ESHUTDOWN) {
		if (fd >= 0)
			inetd_serve(&i, fd);
		else
			children_reap(&i.children);
	}
	error = children_drain(&i.children);
	if (!own) {
		free(i.program);
		free(i.words);
	}
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
