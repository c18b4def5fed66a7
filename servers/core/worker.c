/* SPDX-License-Identifier: MIT */
#include "servers/core/worker.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "servers/core/conn.h"
#include "servers/core/hub.h"
#include "servers/core/server.h"

int worker_init(struct worker *w, struct server *s, struct slot *slot,
	uint32_t scratch_size)
{
	const struct server_config *c = &s->config;

	*w = (struct worker) {
		.server = s,
		.handler = s->handler,
		.board = s->board,
		.slot = slot,
		.hub_fd = -1,
		.scratch_size = scratch_size,
		.scratch_max = WORKER_MAX,
		.timed = c->idle_timeout_ns || c->request_timeout_ns ||
			 c->write_timeout_ns,
	};
	if (scratch_size == WORKER_LARGE)
		w->scratch_max = scratch_size;
	buf_pool_init(&w->pool, scratch_size);
	w->scratch = malloc(scratch_size);
	if (!w->scratch)
		return -ENOMEM;
	worker_tick(w);
	return 0;
}

void worker_release(struct worker *w)
{
	hub_leave(w);
	buf_pool_release(&w->pool);
	free(w->scratch);
}

void worker_tick(struct worker *w)
{
	if (w->timed)
		w->now = clock_ns();
}

void worker_queue(struct worker *w, struct conn *c)
{
	/* While it is away its bits are not ours to look at, and it lives. */
	if (c->queued || (!c->away && c->dead))
		return;
	c->queued = true;
	c->next_queued = NULL;
	if (w->queue_tail)
		w->queue_tail->next_queued = c;
	else
		w->queue_head = c;
	w->queue_tail = c;
	w->queue_len++;
}

struct conn *worker_unqueue(struct worker *w)
{
	struct conn *c = w->queue_head;

	if (!c)
		return NULL;
	w->queue_head = c->next_queued;
	if (!w->queue_head)
		w->queue_tail = NULL;
	w->queue_len--;
	c->queued = false;
	return c;
}

void worker_forget(struct worker *w, struct conn *c)
{
	struct conn **at = &w->queue_head, *before = NULL;

	while (*at != c) {
		before = *at;
		at = &before->next_queued;
	}
	*at = c->next_queued;
	if (w->queue_tail == c)
		w->queue_tail = before;
	w->queue_len--;
	c->queued = false;
}
