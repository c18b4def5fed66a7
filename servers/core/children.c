/* SPDX-License-Identifier: MIT */
#include "servers/core/children.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/accept.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"

struct child {
	pid_t pid;
	struct slot *slot;
};

/* The children cut their connections at the deadline; so long after it, one
 * that still lives does not listen. */
#define CHILDREN_PATIENCE_NS NS_PER_S

void children_init(struct children *all, struct scoreboard *board)
{
	*all = (struct children) {.board = board};
}

void children_limit(struct server *s)
{
	server_limit(s, BOARD_SLOTS - 1); /* slots[0] is ours */
}

struct slot *children_claim(struct children *all)
{
	const struct timespec retry = clock_timespec(ACCEPT_RETRY_NS);
	struct pollfd event = {.fd = signals_fd(), .events = POLLIN};

	for (;;) {
		struct slot *slot = board_claim(all->board, SLOT_PROCESS);

		if (slot != &all->board->slots[0])
			return slot;
		if (ppoll(&event, 1, &retry, NULL) > 0)
			signals_clear();
		children_reap(all);
	}
}

int children_add(struct children *all, pid_t pid, struct slot *slot)
{
	if (all->count == all->size) {
		const unsigned size = all->size ? all->size * 2 : 64;
		struct child *list = realloc(all->list, size * sizeof(*list));

		if (!list) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return -ENOMEM;
		}
		all->list = list;
		all->size = size;
	}
	all->list[all->count++] = (struct child) {pid, slot};
	return 0;
}

static void children_tell_death(struct children *all, pid_t pid, int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (all->cutting && WIFSIGNALED(status) &&
		WTERMSIG(status) == SIGKILL) {
		board_error(all->board, "drain.cut", 0);
		return;
	}
	board_error(all->board, "worker.died", 0);
	if (WIFSIGNALED(status))
		log_warnx("child %d died: %s%s", (int)pid,
			strsignal(WTERMSIG(status)),
			WCOREDUMP(status) ? " (core dumped)" : "");
	else
		log_warnx("child %d ended with status %d", (int)pid,
			WEXITSTATUS(status));
}

void children_reap(struct children *all)
{
	struct rusage used;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0) {
		unsigned i = 0;

		while (i < all->count && all->list[i].pid != pid)
			i++;
		if (i == all->count)
			continue; /* not one of ours */
		children_tell_death(all, pid, status);
		board_lost(all->board, all->list[i].slot);
		board_bury(
			all->board, all->list[i].slot, clock_rusage_ns(&used));
		all->list[i] = all->list[--all->count];
	}
}

static void children_ask(struct children *all, bool late)
{
	all->cutting = late;
	for (unsigned i = 0; i < all->count; i++) {
		const pid_t pid = all->list[i].pid;

		if (late)
			kill(pid, SIGKILL);
		else if (all->ask)
			all->ask(pid);
		else
			kill(pid, SIGTERM);
	}
}

int children_drain(struct children *all)
{
	const struct timespec nudge = clock_timespec(SIGNALS_NUDGE_NS);

	for (children_reap(all); all->count; children_reap(all)) {
		struct pollfd event = {.fd = signals_fd(), .events = POLLIN};
		const bool late =
			clock_ns() > signals_deadline() + CHILDREN_PATIENCE_NS;

		children_ask(all, late);
		if (ppoll(&event, 1, &nudge, NULL) > 0)
			signals_clear();
	}
	free(all->list);
	return 0;
}
