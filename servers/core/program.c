/* SPDX-License-Identifier: MIT */
#include "servers/core/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/scoreboard.h"
#include "servers/core/serve.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/words.h"

enum { PROGRAM_BOARD = 3 }; /* where this server finds the scoreboard */

/* ---- the command line ---------------------------------------------------- */

static void program_add_number(
	struct program *p, int *n, char *flag, uint64_t value, const char *unit)
{
	snprintf(p->numbers[*n], PROGRAM_WORD, "%llu%s",
		(unsigned long long)value, unit);
	p->own_words[*n] = flag;
	p->own_words[*n + 1] = p->numbers[*n];
	*n += 2;
}

static void program_add_time(struct program *p, int *n, char *flag, uint64_t ns)
{
	program_add_number(p, n, flag, (ns + NS_PER_US - 1) / NS_PER_US, "us");
}

/* This server, for one connection. */
static int program_own(struct program *p, struct server *s)
{
	const struct server_config *c = &s->config;
	int n = 5;

	p->board = board_share(s->board);
	if (p->board < 0) {
		log_warnx("cannot share the scoreboard with a new program");
		return p->board;
	}
	p->own = true;
	p->path = "/proc/self/exe";
	p->words = p->own_words;
	p->words[0] = "server";
	p->words[1] = "--serve-stdin";
	p->words[2] = p->where;
	p->words[3] = "--handler";
	p->words[4] = (char *)s->handler_spec;
	program_add_time(p, &n, "--idle-timeout", c->idle_timeout_ns);
	program_add_time(p, &n, "--request-timeout", c->request_timeout_ns);
	program_add_time(p, &n, "--write-timeout", c->write_timeout_ns);
	program_add_time(p, &n, "--drain-timeout", c->drain_timeout_ns);
	program_add_number(p, &n, "--high-water", c->high_water, "");
	program_add_number(p, &n, "--low-water", c->low_water, "");
	if (log_level() >= LOG_INFO)
		p->words[n++] = log_level() >= LOG_DEBUG ? "-vv" : "-v";
	return 0;
}

int program_init(struct program *p, struct server *s, const char *command)
{
	char why[WHY_SIZE];
	int error;

	*p = (struct program) {.server = s, .board = -1};
	if (!*command)
		return program_own(p, s);
	error = words_split(command, &p->words, why);
	if (!error) {
		p->path = words_find_program(p->words[0], why);
		if (p->path)
			return 0;
		free(p->words);
		error = -ENOENT;
	}
	log_warnx("command=%s: %s", command, why);
	return error;
}

void program_release(struct program *p)
{
	if (p->own)
		return;
	free(p->path);
	free(p->words);
}

/* ---- in the child -------------------------------------------------------- */

/* As dup2(), which keeps a descriptor over the exec, but where it stays where
 * it was. */
static int program_place(int from, int to)
{
	if (from == to)
		return fcntl(from, F_SETFD, 0);
	return dup2(from, to);
}

static void program_mask_stop(int how)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(how, &stop, NULL);
}

int program_prepare(struct program *p, const struct slot *slot, int fd)
{
	unsigned last = STDERR_FILENO;

	/* This server is not to die of a SIGTERM that comes before it is ready
	 * for it. */
	if (p->own)
		program_mask_stop(SIG_BLOCK);
	else
		signal(SIGPIPE, SIG_DFL);
	if (fd <= STDOUT_FILENO && program_place(fd, fd) < 0)
		return -1;
	if (p->own) {
		snprintf(p->where, sizeof(p->where), "%d,%d", PROGRAM_BOARD,
			(int)(slot - p->server->board->slots));
		if (program_place(p->board, PROGRAM_BOARD) < 0)
			return -1;
		last = PROGRAM_BOARD;
	}
	return close_range(last + 1, ~0u, 0);
}

/* ---- after the exec ------------------------------------------------------ */

int program_serve_stdin(struct server *s, const char *where)
{
	struct slot *slot;
	unsigned number;
	int board, error;

	if (sscanf(where, "%d,%u", &board, &number) != 2 ||
		number >= BOARD_SLOTS)
		return -EINVAL;
	s->board = board_attach(board);
	if (!s->board)
		return -errno;
	error = signals_init(s->config.drain_timeout_ns, -1);
	if (error)
		return error;
	slot = &s->board->slots[number];
	signals_in_child(getppid());
	program_mask_stop(SIG_UNBLOCK);
	close(STDOUT_FILENO); /* the socket, once more */
	board_enter(slot);
	serve_alone(s, slot, STDIN_FILENO);
	return 0;
}

/* ---- in the parent ------------------------------------------------------- */

void program_end_input(pid_t pid)
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
