/* SPDX-License-Identifier: MIT */
/*
 * The processor's own counter of time. The Makefile chooses the file for the
 * machine, client/ticks_MACHINE.c, or ticks_none.c where there is none.
 */
#ifndef SERVERLAB_CLIENT_TICKS_H
#define SERVERLAB_CLIENT_TICKS_H

#include <stdbool.h>
#include <stdint.h>

/* Does it count evenly, whatever the processor's frequency and however deep it
 * sleeps? If not, the other two are not to be called. */
bool ticks_are_even(void);

/* The counter now. Like any instruction it may be executed a little before
 * those that stand before it. */
uint64_t ticks_read(void);

/* The same, between what stands before it and what stands after it. */
uint64_t ticks_read_in_order(void);

#endif
