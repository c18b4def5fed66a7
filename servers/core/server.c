/* SPDX-License-Identifier: MIT */
#include "servers/core/server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
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

bool server_enter(struct server *s)
{
	const uint64_t max = s->config.max_connections;

	if (atomic_fetch_add(&s->board->open, 1) < max || !max)
		return true;
	atomic_fetch_sub(&s->board->open, 1);
	return false;
}

void server_leave(struct server *s)
{
	atomic_fetch_sub(&s->board->open, 1);
}

void server_limit(struct server *s, uint64_t max)
{
	if (max &&
		(!s->config.max_connections || max < s->config.max_connections))
		s->config.max_connections = max;
}
