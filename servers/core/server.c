/* SPDX-License-Identifier: MIT */
#include "servers/core/server.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/accept.h"
#include "servers/core/scoreboard.h"

void server_ready(struct server *s)
{
	char text[ADDRESS_TEXT + 1];

	address_format(&s->address, text);
	printf("listening on %s (model %s, handler %s)\n", text, s->model_spec,
		s->handler_spec);
	fflush(stdout);
	if (s->ready_fd < 0)
		return;
	strcat(text, "\n");
	if (write(s->ready_fd, text, strlen(text)) < 0)
		log_warn("--ready-fd %d", s->ready_fd);
	close(s->ready_fd);
	s->ready_fd = -1;
}

static bool server_take_room(struct server *s)
{
	const uint64_t max = s->config.max_connections;

	if (atomic_fetch_add(&s->board->open, 1) < max || !max)
		return true;
	atomic_fetch_sub(&s->board->open, 1);
	return false;
}

bool server_enter(struct server *s)
{
	if (server_take_room(s))
		return true;
	atomic_store(&s->board->wanted, 1);
	/* Who left before that could not know. */
	return server_take_room(s);
}

/* Between processes, too: not FUTEX_PRIVATE_FLAG. */
static long server_futex(
	struct server *s, int operation, uint32_t value, const void *timeout)
{
	return syscall(SYS_futex, &s->board->wanted, operation, value, timeout,
		NULL, 0);
}

static void server_tell_room(struct server *s)
{
	const uint64_t one = 1;

	server_futex(s, FUTEX_WAKE, INT_MAX, NULL);
	if (s->room_event && write(s->room_event, &one, sizeof(one)) < 0)
		return; /* full: readable anyway */
}

void server_leave(struct server *s)
{
	atomic_fetch_sub(&s->board->open, 1);
	if (s->config.max_connections && atomic_load(&s->board->wanted) &&
		atomic_exchange(&s->board->wanted, 0))
		server_tell_room(s);
}

void server_await_room(struct server *s)
{
	const struct timespec retry = clock_timespec(ACCEPT_RETRY_NS);

	server_futex(s, FUTEX_WAIT, 1, &retry);
}

void server_limit(struct server *s, uint64_t max)
{
	if (max &&
		(!s->config.max_connections || max < s->config.max_connections))
		s->config.max_connections = max;
}
