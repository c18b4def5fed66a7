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
#include <malloc.h>
#include <pthread.h>

#include "servers/core/model.h"
#include "servers/core/threads.h"

struct thread_options {
	uint64_t stack, max;
};

static void *thread_main(void *argument)
{
	struct thread *t = argument;

	threads_begin(t);
	serve_alone(t->all->server, t->slot, t->fd);
	threads_end(t);
	return NULL;
}

static void thread_serve(struct threads *all, int fd)
{
	struct thread *t = threads_add(all, fd);
	pthread_t id;
	int error;

	if (!t)
		return;
	error = pthread_create(&id, &all->attr, thread_main, t);
	if (error)
		threads_abandon(t, error);
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
	threads_drain(all);
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
