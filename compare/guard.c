/* SPDX-License-Identifier: MIT */
#include "compare/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Keeps nothing of compare's but the socket: who reads compare's output, or
 * waits for a lock of it, is not to wait for the guard. */
static void guard_let_go(int from)
{
	sigset_t all;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "compare-guard");
	dup2(from, 0);
	close_range(1, ~0u, 0);
}

static void __attribute__((noreturn))
guard_run(int from, const struct group *group)
{
	struct group left = *group;
	pid_t session = 0, told;
	ssize_t n;

	guard_let_go(from);
	left.procs = -1;
	do {
		n = recv(0, &told, sizeof(told), 0);
		if (n == sizeof(told))
			session = told;
	} while (n > 0 || (n < 0 && errno == EINTR));
	session_kill(&left, session);
	group_release(&left);
	_exit(0);
}

int guard_start(struct guard *g, const struct group *group)
{
	int ends[2], rc = 0;

	*g = (struct guard) {.to = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	g->pid = fork();
	if (g->pid == 0)
		guard_run(ends[1], group);
	if (g->pid < 0)
		rc = -errno;
	close(ends[1]);
	if (rc)
		close(ends[0]);
	else
		g->to = ends[0];
	return rc;
}

/* Should somebody have killed it, there is nobody to be told. */
void guard_watch(const struct guard *g, pid_t session)
{
	send(g->to, &session, sizeof(session), MSG_NOSIGNAL);
}

void guard_stop(struct guard *g)
{
	if (g->to < 0)
		return;
	close(g->to);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*g = (struct guard) {.to = -1};
}
