/* SPDX-License-Identifier: MIT */
/*
 * Coroutines: functions that stop in the middle and go on later.
 *
 * Each has a stack of its own. A switch saves the registers that a function
 * call must preserve, changes the stack pointer, and restores the registers
 * found there: no system call, no scheduler, some nanoseconds. Who calls
 * coroutine_resume() runs the coroutine until it yields or ends.
 *
 * A coroutine may be resumed by one thread now and by another later, but not
 * by two at once. Code that runs in one must not keep across a yield what
 * belongs to a thread (errno, thread-local variables, locks).
 *
 * The switch is written for x86-64 and aarch64 (coroutine_*.S); elsewhere
 * makecontext(3) does it (coroutine_ucontext.c). READ: M. Conway, "Design of
 * a Separable Transition-Diagram Compiler", 1963; A. L. de Moura and R.
 * Ierusalimschy, "Revisiting Coroutines", 2009.
 */
#ifndef SERVERLAB_CORE_COROUTINE_H
#define SERVERLAB_CORE_COROUTINE_H

#include <stdbool.h>
#include <stddef.h>

struct coroutine;
struct stacks;

/* A coroutine that will call entry(argument), on a stack of `stacks`, which
 * must outlive it. It does not run yet. NULL: out of memory. */
struct coroutine *coroutine_new(
	struct stacks *stacks, void (*entry)(void *argument), void *argument);

/* Runs it until it yields or its entry() returns. It must not have ended, and
 * must not be running. */
void coroutine_resume(struct coroutine *co);

/* From within `co` itself: back to who resumed it. Returns when it is resumed
 * again. */
void coroutine_yield(struct coroutine *co);

bool coroutine_ended(const struct coroutine *co);

/* Takes the stack away, whether it has ended or not: what the coroutine still
 * held is lost. Not from within. */
void coroutine_free(struct coroutine *co);

/* ---- the machine's part ------------------------------------------------ */

/* Saves the caller's registers on its stack and the stack pointer in *from;
 * takes both from `to`. Returns when somebody switches back to *from. */
void coroutine_switch(void **from, void *to);

/* What to switch to, to call entry(argument) on an unused stack, a multiple
 * of 16 bytes from `low` to `high`. entry() must never return. */
void *coroutine_prepare(
	char *low, char *high, void (*entry)(void *), void *argument);

#endif
