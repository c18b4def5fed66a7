/* SPDX-License-Identifier: MIT */
/* Coroutines and their stacks: what coroutine.h and stacks.h promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <execinfo.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "servers/core/coroutine.h"
#include "servers/core/stacks.h"

static struct stacks *stacks;

static int setup(void **state)
{
	(void)state;
	stacks = stacks_new(STACKS_SIZE);
	return stacks ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	stacks_free(stacks);
	return 0;
}

/* ---- switching --------------------------------------------------------- */

struct counting {
	struct coroutine *co;
	unsigned to, at;
};

static void count(void *argument)
{
	struct counting *c = argument;

	for (unsigned i = 1; i <= c->to; i++) {
		c->at = i;
		coroutine_yield(c->co);
	}
}

static void test_it_goes_on_where_it_stopped(void **state)
{
	struct counting c = {.to = 5};

	(void)state;
	c.co = coroutine_new(stacks, count, &c);
	assert_non_null(c.co);
	assert_int_equal(c.at, 0);
	for (unsigned i = 1; i <= 5; i++) {
		coroutine_resume(c.co);
		assert_int_equal(c.at, i);
		assert_false(coroutine_ended(c.co));
	}
	coroutine_resume(c.co);
	assert_true(coroutine_ended(c.co));
	coroutine_free(c.co);
}

enum { MANY = 1000, ROUNDS = 20 };

static void test_many_take_turns(void **state)
{
	static struct counting c[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		c[i] = (struct counting) {.to = ROUNDS};
		c[i].co = coroutine_new(stacks, count, &c[i]);
		assert_non_null(c[i].co);
	}
	for (unsigned round = 1; round <= ROUNDS; round++)
		for (unsigned i = 0; i < MANY; i++) {
			coroutine_resume(c[i].co);
			assert_int_equal(c[i].at, round);
		}
	for (unsigned i = 0; i < MANY; i++)
		coroutine_free(c[i].co); /* unended, every one */
}

/* One that resumes another is resumed itself. */
struct nested {
	struct coroutine *co;
	struct counting inner;
	unsigned seen;
};

static void nest(void *argument)
{
	struct nested *n = argument;

	while (n->seen < 3) {
		coroutine_resume(n->inner.co);
		n->seen = n->inner.at;
		coroutine_yield(n->co);
	}
}

static void test_coroutines_resume_coroutines(void **state)
{
	struct nested n = {.inner = {.to = 10}};

	(void)state;
	n.co = coroutine_new(stacks, nest, &n);
	n.inner.co = coroutine_new(stacks, count, &n.inner);
	for (unsigned i = 1; i <= 3; i++) {
		coroutine_resume(n.co);
		assert_int_equal(n.seen, i);
	}
	coroutine_resume(n.co);
	assert_true(coroutine_ended(n.co));
	coroutine_free(n.co);
	coroutine_free(n.inner.co);
}

/* ---- what a call preserves --------------------------------------------- */

/* More values than there are registers, integers and floating point, live
 * across each yield. */
struct busy {
	struct coroutine *co;
	uint64_t seed, sum;
	double real;
};

static void keep_busy(void *argument)
{
	struct busy *b = argument;
	uint64_t v[16];
	double d[16];

	for (unsigned i = 0; i < 16; i++) {
		v[i] = b->seed * (i + 1);
		d[i] = (double)b->seed / (i + 1);
	}
	for (unsigned round = 0; round < 50; round++) {
		coroutine_yield(b->co);
		for (unsigned i = 0; i < 16; i++) {
			v[i] = v[i] * 6364136223846793005u + i;
			d[i] = d[i] * 0.5 + i;
		}
	}
	for (unsigned i = 0; i < 16; i++) {
		b->sum += v[i];
		b->real += d[i];
	}
}

static void finish_busy(struct busy *b, unsigned n)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 0; i < n; i++)
			if (!coroutine_ended(b[i].co)) {
				coroutine_resume(b[i].co);
				more = true;
			}
	}
}

static void test_registers_survive_a_switch(void **state)
{
	struct busy alone, among[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		among[i] = (struct busy) {.seed = 1000 + i};
		among[i].co = coroutine_new(stacks, keep_busy, &among[i]);
	}
	finish_busy(among, 8);
	for (unsigned i = 0; i < 8; i++) {
		alone = (struct busy) {.seed = 1000 + i};
		alone.co = coroutine_new(stacks, keep_busy, &alone);
		finish_busy(&alone, 1);
		assert_true(alone.sum == among[i].sum);
		assert_true(alone.real == among[i].real);
		coroutine_free(alone.co);
		coroutine_free(among[i].co);
	}
}

struct rounding {
	struct coroutine *co;
	int found, kept;
};

static void round_down(void *argument)
{
	struct rounding *r = argument;

	r->found = fegetround();
	fesetround(FE_DOWNWARD);
	coroutine_yield(r->co);
	r->kept = fegetround();
}

static void test_the_rounding_mode_is_its_own(void **state)
{
	struct rounding r = {0};

	(void)state;
	r.co = coroutine_new(stacks, round_down, &r);
	coroutine_resume(r.co);
	assert_int_equal(r.found, FE_TONEAREST);
	assert_int_equal(fegetround(), FE_TONEAREST);
	coroutine_resume(r.co);
	assert_int_equal(r.kept, FE_DOWNWARD);
	assert_int_equal(fegetround(), FE_TONEAREST);
	coroutine_free(r.co);
}

/* The compiler may use aligned stores anywhere. */
static void measure_alignment(void *argument)
{
	_Alignas(16) char local[16];

	memset(local, 1, sizeof(local));
	*(uintptr_t *)argument = (uintptr_t)local % 16 + (local[3] != 1);
}

static void test_the_stack_is_aligned(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		uintptr_t off = 1;
		struct coroutine *co =
			coroutine_new(stacks, measure_alignment, &off);

		coroutine_resume(co);
		assert_int_equal(off, 0);
		if (i % 2) /* so that more than one stack is seen */
			coroutine_free(co);
	}
}

static void trace(void *argument)
{
	void *frames[64];

	*(int *)argument = backtrace(frames, 64);
}

/* A debugger, a profiler and a sanitizer find the bottom of the stack. */
static void test_a_backtrace_ends(void **state)
{
	int frames = 0;
	struct coroutine *co = coroutine_new(stacks, trace, &frames);

	(void)state;
	coroutine_resume(co);
	assert_in_range(frames, 2, 8);
	coroutine_free(co);
}

static void *resume_elsewhere(void *argument)
{
	coroutine_resume(argument);
	return NULL;
}

static void test_another_thread_goes_on(void **state)
{
	struct counting c = {.to = 4};

	(void)state;
	c.co = coroutine_new(stacks, count, &c);
	for (unsigned i = 1; i <= 4; i++) {
		pthread_t thread;

		if (i % 2) {
			coroutine_resume(c.co);
		} else {
			assert_int_equal(pthread_create(&thread, NULL,
						 resume_elsewhere, c.co),
				0);
			pthread_join(thread, NULL);
		}
		assert_int_equal(c.at, i);
	}
	coroutine_free(c.co);
}

/* ---- stacks ------------------------------------------------------------ */

/* Uses so much of its stack: says how far down it came. */
static __attribute__((noinline)) uintptr_t dig(size_t depth)
{
	char local[512];
	uintptr_t here = (uintptr_t)local;

	memset(local, (int)depth, sizeof(local));
	if (depth > sizeof(local))
		here = dig(depth - sizeof(local));
	__asm__ __volatile__("" : : "r"(local) : "memory");
	return here;
}

static void dig_half(void *argument)
{
	*(uintptr_t *)argument = dig(STACKS_SIZE / 4);
}

static void test_the_stack_is_as_large_as_asked(void **state)
{
	uintptr_t depth = 0;
	struct coroutine *co = coroutine_new(stacks, dig_half, &depth);

	(void)state;
	coroutine_resume(co);
	assert_true((uintptr_t)co - depth >= STACKS_SIZE / 4);
	coroutine_free(co);
}

static void dig_for_ever(void *argument)
{
	*(uintptr_t *)argument = dig(SIZE_MAX);
}

/* In a child: the neighbour below, and all it holds, is left alone, because
 * the fault comes first. */
static void test_an_overflow_faults(void **state)
{
	uintptr_t depth = 0;
	int status = 0;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		const struct rlimit none = {0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		coroutine_resume(coroutine_new(stacks, dig_for_ever, &depth));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_every_stack_has_a_guard(void **state)
{
	enum { STACKS = 130 }; /* of more than one mapping */

	(void)state;
	for (unsigned i = 0; i < STACKS; i++) {
		const long page = sysconf(_SC_PAGESIZE);
		size_t size;
		char *low = stacks_get(stacks, &size);
		int ends[2];

		assert_non_null(low);
		assert_int_equal(pipe(ends), 0);
		/* The kernel may read from the stack, but not below it. */
		assert_int_equal(write(ends[1], low, 1), 1);
		assert_int_equal(write(ends[1], low - 1, 1), -1);
		assert_int_equal(write(ends[1], low - page, 1), -1);
		assert_int_equal(write(ends[1], low + size - 1, 1), 1);
		close(ends[0]);
		close(ends[1]);
	}
}

static unsigned mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned lines = 0;

	assert_non_null(maps);
	for (int c; (c = getc(maps)) != EOF;)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

/* The kernel's limit for a process is 65530. */
static void test_thirty_thousand_stacks_are_few_mappings(void **state)
{
	enum { STACKS = 30000 };
	const unsigned before = mappings();
	size_t size;

	(void)state;
	for (unsigned i = 0; i < STACKS; i++)
		assert_non_null(stacks_get(stacks, &size));
	assert_true(mappings() - before <= 2 * STACKS + 100);
}

static size_t resident_pages(char *low, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char in_core[STACKS_SIZE / 4096];
	size_t pages = (size + page - 1) / page, n = 0;

	assert_int_equal(mincore(low, pages * page, in_core), 0);
	for (size_t i = 0; i < pages; i++)
		n += in_core[i] & 1;
	return n;
}

static void test_only_what_is_touched_is_memory(void **state)
{
	enum { STACKS = 100 };
	char *low[STACKS];
	size_t size[STACKS], n = 0;

	(void)state;
	for (unsigned i = 0; i < STACKS; i++) {
		low[i] = stacks_get(stacks, &size[i]);
		assert_non_null(low[i]);
		low[i][size[i] - 1] = 1;
	}
	for (unsigned i = 0; i < STACKS; i++)
		n += resident_pages(low[i], size[i]);
	assert_int_equal(n, STACKS);
	/* Beyond a small store, memory goes back with the stacks. */
	for (unsigned i = 0; i < STACKS; i++)
		stacks_put(stacks, low[i]);
	n = 0;
	for (unsigned i = 0; i < STACKS; i++)
		n += resident_pages(low[i], size[i]);
	assert_true(n < STACKS);
}

static void test_stacks_are_used_again(void **state)
{
	enum { STACKS = 200 };
	char *first[STACKS];
	size_t size;

	(void)state;
	for (unsigned i = 0; i < STACKS; i++)
		first[i] = stacks_get(stacks, &size);
	for (unsigned i = 0; i < STACKS; i++)
		stacks_put(stacks, first[i]);
	for (unsigned i = 0; i < STACKS; i++) {
		char *again = stacks_get(stacks, &size);
		unsigned found = 0;

		for (unsigned j = 0; j < STACKS; j++)
			if (first[j] == again) {
				first[j] = NULL;
				found++;
			}
		assert_int_equal(found, 1);
	}
}

/* Tops at the same place of each page would share few lines of the cache. */
static void test_tops_lie_at_different_places(void **state)
{
	unsigned seen[64] = {0}, places = 0;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		size_t size;
		char *low = stacks_get(stacks, &size);

		seen[((uintptr_t)low + size) / 64 % 64] = 1;
	}
	for (unsigned i = 0; i < 64; i++)
		places += seen[i];
	assert_true(places >= 8);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_goes_on_where_it_stopped),
		TEST(test_many_take_turns),
		TEST(test_coroutines_resume_coroutines),
		TEST(test_registers_survive_a_switch),
		TEST(test_the_rounding_mode_is_its_own),
		TEST(test_the_stack_is_aligned),
		TEST(test_a_backtrace_ends),
		TEST(test_another_thread_goes_on),
		TEST(test_the_stack_is_as_large_as_asked),
		TEST(test_an_overflow_faults),
		TEST(test_every_stack_has_a_guard),
		TEST(test_thirty_thousand_stacks_are_few_mappings),
		TEST(test_only_what_is_touched_is_memory),
		TEST(test_stacks_are_used_again),
		TEST(test_tops_lie_at_different_places),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
