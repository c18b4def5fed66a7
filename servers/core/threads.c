/* SPDX-License-Identifier: MIT */
#include "servers/core/threads.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/clock.h"
#include "servers/core/accept.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"

struct threads *threads_new(struct server *s, size_t stack)
{
	struct threads *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->server = s;
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->ended, NULL);
	pthread_attr_init(&all->attr);
	pthread_attr_setdetachstate(&all->attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&all->attr, stack);
	return all;
}

static void threads_give_up(
	struct server *s, struct slot *slot, int fd, int error)
{
	accept_abandon(s, slot, fd, "thread", error);
	board_bury(s->board, slot, 0);
}

struct thread *threads_add(struct threads *all, int fd)
{
	struct slot *slot = board_claim(all->server->board, SLOT_THREAD);
	struct thread *t = calloc(1, sizeof(*t));

	slot_add(&slot->accepted, 1);
	if (!t) {
		threads_give_up(all->server, slot, fd, ENOMEM);
		return NULL;
	}
	*t = (struct thread) {.all = all, .fd = fd, .slot = slot};
	pthread_mutex_lock(&all->lock);
	all->count++;
	pthread_mutex_unlock(&all->lock);
	return t;
}

void threads_abandon(struct thread *t, int error)
{
	struct threads *all = t->all;

	threads_give_up(all->server, t->slot, t->fd, error);
	pthread_mutex_lock(&all->lock);
	all->count--;
	pthread_mutex_unlock(&all->lock);
	free(t);
}

void threads_begin(struct thread *t)
{
	struct threads *all = t->all;

	signals_in_thread();
	if (t->slot != all->server->board->slots)
		board_enter(t->slot);
	t->id = pthread_self();
	pthread_mutex_lock(&all->lock);
	t->next = all->list;
	if (t->next)
		t->next->prev = t;
	all->list = t;
	pthread_mutex_unlock(&all->lock);
}

void threads_end(struct thread *t)
{
	struct threads *all = t->all;

	board_bury(all->server->board, t->slot, thread_cpu_ns());
	pthread_mutex_lock(&all->lock);
	if (t->prev)
		t->prev->next = t->next;
	else
		all->list = t->next;
	if (t->next)
		t->next->prev = t->prev;
	all->count--;
	pthread_cond_signal(&all->ended);
	pthread_mutex_unlock(&all->lock);
	free(t);
}

void threads_drain(struct threads *all)
{
	const uint64_t patience = signals_deadline() + NS_PER_S;
	bool ended;

	pthread_mutex_lock(&all->lock);
	while (all->count && clock_ns() < patience) {
		const struct timespec until =
			clock_timespec(clock_ns() + SIGNALS_NUDGE_NS);

		for (struct thread *t = all->list; t; t = t->next)
			signals_nudge_thread(t->id);
		pthread_cond_clockwait(
			&all->ended, &all->lock, CLOCK_MONOTONIC, &until);
	}
	for (struct thread *t = all->list; t; t = t->next)
		board_error(all->server->board, "drain.cut", 0);
	ended = !all->count;
	pthread_mutex_unlock(&all->lock);
	if (ended)
		free(all); /* else a thread still uses it */
}
