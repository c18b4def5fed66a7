/* SPDX-License-Identifier: MIT */
/*
 * The clock of a thread: against the kernel's on this machine, and on a machine
 * made up, where its true time is known, however the kernel and the scheduler
 * behave.
 */
#include "client/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- a machine made up -------------------------------------------------- */

#define MACHINE_TICKS_IN_NS 2.5

enum { MACHINE_COUNTER_COSTS = 20, MACHINE_KERNEL_COSTS = 60 }; /* in ticks */

struct machine {
	uint64_t ticks;
	double kernel_ns, rate; /* kernel's ns in a true ns */
	unsigned loses_every;	/* call of either: 0, none */
	uint64_t loses;		/* so many ticks, to another thread */
	unsigned calls;
	bool stuck; /* the counter */
	struct clock_source source;
};

static void machine_pass(struct machine *m, uint64_t ticks)
{
	m->ticks += ticks;
	m->kernel_ns += (double)ticks / MACHINE_TICKS_IN_NS * m->rate;
}

static void machine_call(struct machine *m, uint64_t costs)
{
	machine_pass(m, costs);
	if (m->loses_every && ++m->calls % m->loses_every == 0)
		machine_pass(m, m->loses);
}

static uint64_t machine_ticks(void *context)
{
	struct machine *m = context;

	machine_call(m, MACHINE_COUNTER_COSTS);
	return m->stuck ? 5 : m->ticks;
}

static uint64_t machine_kernel(void *context)
{
	struct machine *m = context;
	uint64_t ns = (uint64_t)m->kernel_ns;

	machine_call(m, MACHINE_KERNEL_COSTS);
	return ns;
}

static void machine_start(struct machine *m)
{
	*m = (struct machine) {
		.ticks = 1ull << 63,
		.kernel_ns = 5e9,
		.rate = 1,
		.source = {machine_ticks, machine_kernel, m},
	};
}

/* How far the clock is from the kernel's after `ns` more in which it was read
 * every microsecond. Sees that it never goes back, and notes the worst. A
 * reading with a fix takes time: any moment of it is right. */
static double machine_run(
	struct machine *m, struct clock *c, double ns, double *worst)
{
	double end_ns = m->kernel_ns + ns, before, now, error = 0;
	uint64_t last_ns = 0;

	while (m->kernel_ns < end_ns) {
		machine_pass(m, 2500);
		before = m->kernel_ns;
		now = (double)clock_at(c, m->ticks);
		assert_true(c->last_ns >= last_ns);
		last_ns = c->last_ns;
		error = fmin(now - before, 0) + fmax(now - m->kernel_ns, 0);
		if (worst && fabs(error) > fabs(*worst))
			*worst = error;
	}
	return error;
}

/* What no fix can tell: it takes the time of two calls. */
static const double machine_bracket_ns =
	(MACHINE_COUNTER_COSTS + MACHINE_KERNEL_COSTS) / MACHINE_TICKS_IN_NS +
	2;

static void an_even_kernel_is_followed_within_a_reading(void **state)
{
	struct machine m;
	struct clock c;
	double worst = 0;

	(void)state;
	machine_start(&m);
	m.rate = 1.000123;
	clock_init_from(&c, &m.source);
	machine_run(&m, &c, 5e9, &worst);
	assert_true(fabs(worst) < 2 * machine_bracket_ns);
	assert_true(c.correction_ns < machine_bracket_ns);
	assert_true(
		fabs(c.ns_per_tick * MACHINE_TICKS_IN_NS / m.rate - 1) < 1e-7);
}

/* As adjtime(3) does it: 500 millionths faster or slower, from one moment to
 * the next. */
static void a_new_rate_is_wrong_for_one_reach_only(void **state)
{
	static const double rates[] = {1.0005, 0.9995, 1.00009, 0.99991};
	double most, worst, late;
	struct machine m;
	struct clock c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		machine_start(&m);
		clock_init_from(&c, &m.source);
		machine_run(&m, &c, 1e9, NULL);
		worst = late = 0;
		m.rate = rates[i];
		most = fabs(m.rate - 1) * (double)CLOCK_REACH_NS +
		       2 * machine_bracket_ns;
		machine_run(&m, &c, 0.1e9, &worst);
		assert_true(fabs(worst) <= most);
		assert_true(fabs(worst) <=
			    (double)c.correction_ns + 2 * machine_bracket_ns);
		machine_run(&m, &c, 1e9, &late);
		assert_true(fabs(late) < 3 * machine_bracket_ns);
		if (i >= 2)
			assert_in_range(c.correction_ns, 500, CLOCK_BOUND_NS);
	}
}

/* The tightest of a few readings is the one that counts. */
static void a_thread_that_loses_its_cpu_in_a_fix_is_not_misled(void **state)
{
	struct machine m;
	struct clock c;
	double worst = 0;

	(void)state;
	machine_start(&m);
	m.loses_every = 7; /* of the twelve calls of a fix, one or two */
	m.loses = 3000000;
	clock_init_from(&c, &m.source);
	machine_run(&m, &c, 1e9, &worst);
	assert_true(fabs(worst) < 2 * machine_bracket_ns);
}

static void a_fix_that_proves_nothing_moves_nothing(void **state)
{
	struct machine m;
	struct clock c;
	double worst = 0;
	uint64_t rate;

	(void)state;
	machine_start(&m);
	clock_init_from(&c, &m.source);
	machine_run(&m, &c, 1e9, NULL);
	rate = c.rate;
	m.loses_every = 1; /* every single call */
	m.loses = 3000000;
	machine_run(&m, &c, 2e9, &worst);
	assert_int_equal(c.rate, rate);
	assert_true(c.correction_ns < machine_bracket_ns);
	assert_true(fabs(worst) < 3 * machine_bracket_ns);
}

static void the_first_rate_is_good_and_becomes_better(void **state)
{
	double before, worst = 0;
	struct machine m;
	struct clock c;

	(void)state;
	machine_start(&m);
	clock_init_from(&c, &m.source);
	before = c.doubt;
	assert_true(before < 30e-6);
	assert_true(m.kernel_ns - 5e9 < 2.1e6);
	machine_run(&m, &c, 5e6, &worst);
	assert_true(fabs(worst) < 2 * machine_bracket_ns);
	assert_true(c.doubt < before);
}

static void after_an_hour_of_sleep_it_is_right(void **state)
{
	struct machine m;
	struct clock c;

	(void)state;
	machine_start(&m);
	clock_init_from(&c, &m.source);
	m.rate = 1.0001;
	machine_pass(&m, 9000000000000);
	assert_true(
		fabs(machine_run(&m, &c, 1000, NULL)) < 2 * machine_bracket_ns);
	assert_true(c.correction_ns <= CLOCK_BOUND_NS);
}

/* Another processor, whose counter is behind. */
static void a_counter_that_jumps_back_does_not_turn_time_back(void **state)
{
	struct machine m;
	struct clock c;
	uint64_t last_ns;

	(void)state;
	machine_start(&m);
	clock_init_from(&c, &m.source);
	machine_run(&m, &c, 1e9, NULL);
	last_ns = clock_at(&c, m.ticks);
	m.ticks -= 5000000;
	machine_pass(&m, 100);
	assert_true(clock_at(&c, m.ticks) >= last_ns);
	machine_run(&m, &c, 30e6, NULL);
	assert_true(
		fabs(machine_run(&m, &c, 1e6, NULL)) < 3 * machine_bracket_ns);
}

static void a_counter_that_stands_still_is_not_used(void **state)
{
	struct machine m;
	struct clock c;

	(void)state;
	machine_start(&m);
	m.stuck = true;
	clock_init_from(&c, &m.source);
	assert_null(c.source);
}

static void between_threads_time_is_never_negative(void **state)
{
	(void)state;
	assert_int_equal(clock_between(100, 150), 50);
	assert_int_equal(clock_between(150, 100), 0);
}

/* ---- this machine ------------------------------------------------------- */

/* Each reading lies between two of the kernel's, but for the bound and what the
 * clock itself says that it was wrong by. A thread that loses its CPU only
 * widens the bracket. */
static void the_clock_agrees_with_the_kernels(void **state)
{
	enum { READINGS = 300000, FIXES = 20 };
	uint64_t worst_ns = 0, anchor_ticks = 0, before, now, after, last = 0;
	unsigned fixes = 0, i;
	struct clock c;

	(void)state;
	clock_init(&c, clock_missing() == NULL);
	for (i = 0; i < READINGS || (c.source && fixes < FIXES); i++) {
		before = clock_ns();
		now = clock_read(&c);
		after = clock_ns();
		assert_true(now >= last);
		last = now;
		if (now < before && before - now > worst_ns)
			worst_ns = before - now;
		if (now > after && now - after > worst_ns)
			worst_ns = now - after;
		fixes += c.anchor_ticks != anchor_ticks;
		anchor_ticks = c.anchor_ticks;
	}
	print_message("%s: within %u ns of CLOCK_MONOTONIC, corrected by up to "
		      "%u ns\n",
		c.source ? "tsc" : "monotonic", (unsigned)worst_ns,
		(unsigned)c.correction_ns);
	assert_true(worst_ns <= CLOCK_BOUND_NS + c.correction_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_even_kernel_is_followed_within_a_reading),
		cmocka_unit_test(a_new_rate_is_wrong_for_one_reach_only),
		cmocka_unit_test(
			a_thread_that_loses_its_cpu_in_a_fix_is_not_misled),
		cmocka_unit_test(a_fix_that_proves_nothing_moves_nothing),
		cmocka_unit_test(the_first_rate_is_good_and_becomes_better),
		cmocka_unit_test(after_an_hour_of_sleep_it_is_right),
		cmocka_unit_test(
			a_counter_that_jumps_back_does_not_turn_time_back),
		cmocka_unit_test(a_counter_that_stands_still_is_not_used),
		cmocka_unit_test(between_threads_time_is_never_negative),
		cmocka_unit_test(the_clock_agrees_with_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
