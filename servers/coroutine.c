/* SPDX-License-Identifier: MIT */
/*
 * coroutine: sequential code, a stack of its own for each connection, over
 * epoll.
 *
 * IDEA      Each connection is served by code that reads as if it were alone:
 *           recv, handler, send, in a loop, exactly as in servers/thread.c. But
 *           where the socket would block, the code yields: some registers are
 *           saved, the stack pointer changes, and another connection goes on.
 *           One thread does it all, and asks epoll who may be resumed.
 *
 *                 loop:       +-> epoll_wait --> resume each that is ready
 *                             +------------------+   |        ^
 *                 coroutine:  recv, handler, send, recv: nothing there: yield
 *
 * CALLS     per connection: accept4, epoll_ctl (ADD, edge), shutdown where we
 *                           end first, close
 *           per request:    recv, send, and a share of one epoll_wait
 * COSTS     A switch takes some 5 ns, a thousandth of one between threads. A
 *           connection costs its state and the touched part of its stack, at
 *           least one page (4 KiB): between epoll's 150 bytes and a thread.
 * BREAKS    As every loop: a handler that computes or blocks stalls all. A
 *           stack has a fixed size (stack=); one that overflows hits a guard
 *           page, and ends the server. Between two calls that may yield,
 *           nobody else runs; across one, anybody may have.
 * GIVES     The state of a protocol is where the code stands and what is in
 *           its local variables. Compare servers/handlers/line.c with
 *           line_sequential.c.
 * USED BY   Go's netpoller (with threads below), State Threads, libdill,
 *           OpenResty, gevent, PHP's Swoole; Java since virtual threads
 * READ      servers/core/coroutine_x86_64.S: the switch is 20 instructions;
 *           R. von Behren et al., "Why Events Are A Bad Idea", 2003
 */
#include <errno.h>

#include "servers/core/coroutine.h"
#include "servers/core/model.h"
#include "servers/core/stacks.h"

struct coroutine_options {
	struct loops_options loops;
	uint64_t stack;
};

/* ---- the connection's side --------------------------------------------- */

/* The loop resumes us when there may be what we wait for. */
static void coroutine_wait(struct conn *c, short events)
{
	(void)events; /* epoll reports all changes, we look at our own */
	coroutine_yield(c->model);
}

static void coroutine_rest(struct conn *c)
{
	worker_queue(c->worker, c);
	coroutine_yield(c->model);
}

static const struct carrier coroutine_carrier = {
	.wait = coroutine_wait,
	.rest = coroutine_rest,
};

static void coroutine_serve(void *c)
{
	serve_conn(c, &coroutine_carrier);
}

/* ---- the loop's side --------------------------------------------------- */

static bool coroutine_turn(struct loop *l, struct conn *c)
{
	if (!c->model) {
		c->dry = true; /* epoll tells of the first bytes */
		c->model = coroutine_new(l->worker.model, coroutine_serve, c);
	}
	if (!c->model) {
		conn_fail(c, "memory", ENOMEM);
		return false;
	}
	coroutine_resume(c->model);
	if (!coroutine_ended(c->model) && !c->error)
		return true;
	coroutine_free(c->model);
	return false;
}

static int coroutine_loop(struct loop *l)
{
	const struct coroutine_options *options =
		l->worker.server->model_options;
	int error;

	l->worker.model = stacks_new(options->stack);
	if (!l->worker.model)
		return -ENOMEM;
	l->edge = true;
	l->turn = coroutine_turn;
	error = epoll_loop(l);
	stacks_free(l->worker.model);
	return error;
}

static int coroutine_run(struct server *s)
{
	const struct coroutine_options *options = s->model_options;

	return loops_run(s, &options->loops, coroutine_loop);
}

static const struct option_spec coroutine_table[] = {
	LOOPS_OPTIONS(struct coroutine_options, loops),
	{
		.name = "stack",
		.type = OPTION_SIZE,
		.offset = offsetof(struct coroutine_options, stack),
		.preset = "64k",
		.min = STACKS_SIZE_MIN,
		.max = 1 << 30,
		.help = "size of a stack; only what is touched is paid",
	},
	{0},
};

const struct server_model model_coroutine = {
	.name = "coroutine",
	.summary = "sequential code, a stack for each connection, over epoll",
	.options = coroutine_table,
	.options_size = sizeof(struct coroutine_options),
	.run = coroutine_run,
};
