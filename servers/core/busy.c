/* SPDX-License-Identifier: MIT */
#include "servers/core/busy.h"

#include <errno.h>
#include <time.h>

#include "common/clock.h"
#include "servers/core/scoreboard.h"

/* Turns of the loop in a microsecond; set once by busy_calibrate(). */
static uint64_t busy_speed = 100;

static void busy_loop(uint64_t turns)
{
	while (turns--)
		__asm__ volatile(""); /* keeps the loop where it is */
}

/* The fastest of some tries: whatever disturbs one makes it slower. */
void busy_calibrate(void)
{
	enum { TRIES = 8, TURNS = 200000 };

	for (int i = 0; i < TRIES; i++) {
		const uint64_t start = thread_cpu_ns();
		uint64_t took, speed;

		busy_loop(TURNS);
		took = thread_cpu_ns() - start;
		speed = TURNS * NS_PER_US / (took ? took : 1);
		if (speed > busy_speed)
			busy_speed = speed;
	}
}

/*
 * The thread's CPU clock takes a system call to read. So half of the time that
 * is left is looped away unseen, then the clock says what is left of it, and
 * so on. Half, because a CPU that shares its core, or saves power, runs at
 * half the speed that was measured.
 */
void busy_burn(uint64_t ns)
{
	const uint64_t end = thread_cpu_ns() + ns;
	uint64_t now = end - ns;

	while (now < end) {
		const uint64_t left = (end - now) / 2;

		busy_loop(left * busy_speed / NS_PER_US + busy_speed / 8);
		now = thread_cpu_ns();
	}
}

void busy_block(uint64_t ns)
{
	struct timespec left = clock_timespec(ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}
