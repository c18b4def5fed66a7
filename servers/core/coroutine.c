/* SPDX-License-Identifier: MIT */
#include "servers/core/coroutine.h"

#include <stdint.h>

#include "servers/core/sanitize.h"
#include "servers/core/stacks.h"

/* Lies at the top of its own stack: a coroutine is one piece of memory. */
struct coroutine {
	void *here;    /* where it goes on, while it does not run */
	void *resumer; /* where that goes on, while it runs */
	bool ended;
	void (*entry)(void *argument);
	void *argument;
	struct stacks *stacks;
	void *stack;
	struct sanitize sanitize;
};

static SANITIZE_APART void coroutine_resume_watched(struct coroutine *co)
{
	sanitize_resume(&co->sanitize);
	coroutine_switch(&co->resumer, co->here);
	sanitize_resumed(&co->sanitize);
}

static SANITIZE_APART void coroutine_yield_watched(struct coroutine *co)
{
	sanitize_leave(&co->sanitize, 0);
	coroutine_switch(&co->here, co->resumer);
	sanitize_arrive(&co->sanitize);
}

static void coroutine_main(void *argument)
{
	struct coroutine *co = argument;

	sanitize_arrive(&co->sanitize);
	co->entry(co->argument);
	co->ended = true;
	sanitize_leave(&co->sanitize, 1);
	coroutine_switch(&co->here, co->resumer);
}

struct coroutine *coroutine_new(
	struct stacks *stacks, void (*entry)(void *argument), void *argument)
{
	struct coroutine *co;
	size_t size;
	char *low = stacks_get(stacks, &size);

	if (!low)
		return NULL;
	size = (size - sizeof(*co)) / 16 * 16;
	co = (struct coroutine *)(low + size);
	*co = (struct coroutine) {
		.entry = entry,
		.argument = argument,
		.stacks = stacks,
		.stack = low,
	};
	sanitize_new(&co->sanitize, low, size);
	co->here = coroutine_prepare(low, low + size, coroutine_main, co);
	return co;
}

/* Nothing is left to do after the switch but to return: a sibling call, so
 * that the return is the switch itself. */
void coroutine_resume(struct coroutine *co)
{
	if (sanitize_any()) {
		coroutine_resume_watched(co);
		return;
	}
	coroutine_switch(&co->resumer, co->here);
}

void coroutine_yield(struct coroutine *co)
{
	if (sanitize_any()) {
		coroutine_yield_watched(co);
		return;
	}
	coroutine_switch(&co->here, co->resumer);
}

bool coroutine_ended(const struct coroutine *co)
{
	return co->ended;
}

void coroutine_free(struct coroutine *co)
{
	sanitize_free(&co->sanitize);
	stacks_put(co->stacks, co->stack);
}
