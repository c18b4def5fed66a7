/* SPDX-License-Identifier: MIT */
/* Where the processor has no counter that we know, time is the kernel's. */
#include "client/ticks_none.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/clock.h"

static void the_clock_is_the_kernels(void **state)
{
	uint64_t before, now;
	struct clock c;

	(void)state;
	assert_non_null(clock_missing());
	clock_init(&c, false);
	before = clock_ns();
	now = clock_read(&c);
	assert_true(before <= now && now <= clock_ns());
	assert_int_equal(ticks_read(), 0);
	assert_int_equal(ticks_read_in_order(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_is_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
