/* SPDX-License-Identifier: MIT */
/* The time stamp counter (Intel SDM, volume 3, "Time-Stamp Counter"). */
#include "client/ticks.h"

#include <cpuid.h>

#define TICKS_POWER_LEAF 0x80000007u
#define TICKS_INVARIANT	 (1u << 8) /* in EDX */

bool ticks_are_even(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(TICKS_POWER_LEAF, &a, &b, &c, &d) &&
	       (d & TICKS_INVARIANT);
}

uint64_t ticks_read(void)
{
	return __builtin_ia32_rdtsc();
}

uint64_t ticks_read_in_order(void)
{
	uint64_t ticks;

	__builtin_ia32_lfence();
	ticks = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return ticks;
}
