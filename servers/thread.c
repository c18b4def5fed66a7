/* SPDX-License-Identifier: MIT */
/*
 * thread: a thread for each connection.
 *
 * IDEA      The main thread only accepts. Each connection gets a thread, which
 *           serves it to its end with calls that block, and ends.
 *
 *                 main:   +-> accept --> pthread_create --+
 *                         +--------------------------------+
 *                 thread:         recv, handler, send, ... close
 *
 * CALLS     per connection: accept4, clone3, mmap or mprotect for the stack
 *                           (libc keeps some for reuse), close, exit
 *           per request:    recv, send
 * COSTS     Creating one costs some 10 us, a tenth of a fork. An idle one keeps
 *           a stack: only the pages it has touched, but never less than a few.
 * BREAKS    Thousands of connections are thousands of stacks, and switches
 *           between them. A handler that crashes takes all connections with
 *           it; one that changes shared data needs locks.
 * USED BY   MySQL, many Java servers before 2010
 * READ      pthreads(7); UNP chapter 30.10; then servers/prethread.c
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "servers/core/model.h"

struct thread_options {
	uint64_t stack, max;
};

/* The threads there are, so that they can be asked to end. */
struct threads {
	struct server *server;
	pthread_attr_t attr;
	pthread_mutex_t lock; /* of the members below */
	pthread_cond_t ended;
	struct thread *list;
};

struct thread {
	struct threads *all;
	pthread_t id;
	int fd;
	struct slot *slot;
	struct thread *next, *prev;
};

static void thread_enlist(struct threads *all, struct thread *t)
{
	t->next = all->list;
	if (t->next)
		t->next->prev = t;
	all->list = t;
}

static void thread_retire(struct threads *all, struct thread *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		all->list = t->next;
	if (t->next)
		t->next->prev = t->prev;
	pthread_cond_signal(&all->ended);
}

static void *thread_main(void *argument)
{
	struct thread *t = argument;
	struct threads *all = t->all;
	struct server *s = all->server;

	signals_in_thread();
	board_enter(t->slot);
	serve_alone(s, t->slot, t->fd);
	board_bury(s->board, t->slot, thread_cpu_ns());
	pthread_mutex_lock(&all->lock);
	thread_retire(all, t);
	pthread_mutex_unlock(&all->lock);
	free(t);
	return NULL;
}

static void thread_serve(struct threads *all, int fd)
{
	struct server *s = all->server;
	struct slot *slot = board_claim(s->board, SLOT_THREAD);
	struct thread *t = calloc(1, sizeof(*t));
	int error = ENOMEM;

	slot_add(&slot->accepted, 1);
	if (t) {
		*t = (struct thread) {.all = all, .fd = fd, .slot = slot};
		/* The lock is held until it is on the list: it may end before
		 * pthread_create() returns. */
		pthread_mutex_lock(&all->lock);
		error = pthread_create(&t->id, &all->attr, thread_main, t);
		if (!error)
			thread_enlist(all, t);
		pthread_mutex_unlock(&all->lock);
	}
	if (error) {
		accept_abandon(s, slot, fd, "thread", error);
		board_bury(s->board, slot, 0);
		free(t);
	}
}

/* Nudges all threads until they have ended; each cuts its connection at the
 * deadline by itself. False if one does not listen even then. */
static bool thread_drain(struct threads *all)
{
	const uint64_t patience = signals_deadline() + NS_PER_S;
	bool ended;

	pthread_mutex_lock(&all->lock);
	while (all->list && clock_ns() < patience) {
		const struct timespec until =
			clock_timespec(clock_ns() + SIGNALS_NUDGE_NS);

		for (struct thread *t = all->list; t; t = t->next)
			signals_nudge_thread(t->id);
		pthread_cond_clockwait(
			&all->ended, &all->lock, CLOCK_MONOTONIC, &until);
	}
	ended = !all->list;
	pthread_mutex_unlock(&all->lock);
	return ended;
}

static struct threads *threads_new(struct server *s, size_t stack)
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

static int thread_run(struct server *s)
{
	const struct thread_options *options = s->model_options;
	struct acceptor acceptor = {.server = s, .listener = s->listener};
	struct threads *all = threads_new(s, options->stack);
	int fd;

	if (!all)
		return -ENOMEM;
	/* One heap for all: thousands of heaps would cost more memory than
	 * they save in waiting. */
	mallopt(M_ARENA_MAX, 1);
	server_limit(s, options->max);
	server_ready(s);
	while ((fd = accept_next(&acceptor)) != -ESHUTDOWN)
		if (fd >= 0)
			thread_serve(all, fd);
	if (thread_drain(all))
		free(all); /* else a thread still uses it */
	return 0;
}

static const struct option_spec thread_table[] = {
	{
		.name = "stack",
		.type = OPTION_SIZE,
		.offset = offsetof(struct thread_options, stack),
		.preset = "256k",
		.min = 32768,
		.max = 1 << 30,
		.help = "size of a thread's stack; only what is used is paid",
	},
	{
		.name = "max",
		.type = OPTION_COUNT,
		.offset = offsetof(struct thread_options, max),
		.preset = "0",
		.help = "at most so many threads; 0: no limit of ours",
	},
	{0},
};

const struct server_model model_thread = {
	.name = "thread",
	.summary = "a thread for each connection",
	.options = thread_table,
	.options_size = sizeof(struct thread_options),
	.run = thread_run,
};
