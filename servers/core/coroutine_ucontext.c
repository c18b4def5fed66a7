/* SPDX-License-Identifier: MIT */
/*
 * The switch for all other machines, by makecontext(3). It also saves the
 * signal mask, with a system call each time: some hundred nanoseconds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#include "servers/core/coroutine.h"

void coroutine_switch(void **from, void *to)
{
	ucontext_t here;

	*from = &here;
	if (swapcontext(&here, to) < 0)
		abort(); /* it cannot fail on a stack that is large enough */
}

/* At the top of a new stack: makecontext() hands over only ints. */
struct coroutine_begin {
	ucontext_t context;
	void (*entry)(void *argument);
	void *argument;
};

static void coroutine_start(unsigned high, unsigned low)
{
	const uintptr_t bits = (uintptr_t)((uint64_t)high << 32 | low);
	const struct coroutine_begin *begin =
		(const struct coroutine_begin *)bits;

	begin->entry(begin->argument);
}

void *coroutine_prepare(
	char *low, char *high, void (*entry)(void *), void *argument)
{
	const size_t place = (sizeof(struct coroutine_begin) + 15) / 16 * 16;
	struct coroutine_begin *begin =
		(struct coroutine_begin *)(high - place);
	const uint64_t bits = (uintptr_t)begin;

	begin->entry = entry;
	begin->argument = argument;
	if (getcontext(&begin->context) < 0)
		abort();
	begin->context.uc_stack.ss_sp = low;
	begin->context.uc_stack.ss_size = (size_t)((char *)begin - low);
	begin->context.uc_link = NULL;
	makecontext(&begin->context, (void (*)(void))coroutine_start, 2,
		(unsigned)(bits >> 32), (unsigned)bits);
	return &begin->context;
}
