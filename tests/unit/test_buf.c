/* SPDX-License-Identifier: MIT */
/* Buffers that are lent, to the kernel for example: what buf.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/core/buf.h"

enum { STANDARD = 16 };

static int open_pool(void **state)
{
	static struct buf_pool pool;

	buf_pool_init(&pool, STANDARD);
	*state = &pool;
	return 0;
}

/* Under a leak checker this is half of the test. */
static int release_pool(void **state)
{
	buf_pool_release(*state);
	return 0;
}

static void expect_held(const struct buf *b, const char *text)
{
	assert_int_equal(buf_len(b), strlen(text));
	assert_memory_equal(b->data + b->start, text, strlen(text));
}

static void lent_bytes_stay_while_more_is_appended(void **state)
{
	struct buf_pool *pool = *state;
	struct buf *b = NULL, *lent;
	const char *at;

	assert_int_equal(buf_append(pool, &b, "hello", 5), 0);
	lent = b;
	at = b->data + b->start;
	buf_lend(b);
	assert_int_equal(buf_append(pool, &b, " you", 4), 0);
	assert_ptr_equal(b, lent); /* there was room behind them */
	assert_int_equal(buf_append(pool, &b, " and all others", 15), 0);
	assert_ptr_not_equal(b, lent);
	assert_memory_equal(at, "hello", 5);
	expect_held(b, "hello you and all others");
	buf_return(pool, lent);
	buf_consume(pool, &b, 5);
	expect_held(b, " you and all others");
	buf_put(pool, b);
}

static void lent_bytes_stay_where_they_begin(void **state)
{
	struct buf_pool *pool = *state;
	struct buf *b = NULL, *lent;

	assert_int_equal(buf_append(pool, &b, "0123456789abcdef", 16), 0);
	buf_consume(pool, &b, 10);
	lent = b;
	buf_lend(b);
	/* It would fit if they were moved to the front. */
	assert_int_equal(buf_append(pool, &b, "ghij", 4), 0);
	assert_ptr_not_equal(b, lent);
	assert_memory_equal(lent->data + 10, "abcdef", 6);
	expect_held(b, "abcdefghij");
	buf_return(pool, lent);
	buf_put(pool, b);
}

static void a_lent_buffer_that_is_put_back_is_not_used_again(void **state)
{
	struct buf_pool *pool = *state;
	struct buf *lent = buf_get(pool), *other;

	buf_lend(lent);
	buf_put(pool, lent);
	other = buf_get(pool);
	assert_ptr_not_equal(other, lent);
	buf_return(pool, lent);
	assert_ptr_equal(buf_get(pool), lent); /* now it is free */
	assert_false(lent->lent);
	assert_false(lent->dropped);
	buf_put(pool, lent);
	buf_put(pool, other);
}

static void a_returned_buffer_is_the_owners_again(void **state)
{
	struct buf_pool *pool = *state;
	struct buf *b = NULL;

	assert_int_equal(buf_append(pool, &b, "hello", 5), 0);
	buf_lend(b);
	buf_return(pool, b);
	expect_held(b, "hello");
	buf_consume(pool, &b, 5);
	assert_null(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			lent_bytes_stay_while_more_is_appended, open_pool,
			release_pool),
		cmocka_unit_test_setup_teardown(
			lent_bytes_stay_where_they_begin, open_pool,
			release_pool),
		cmocka_unit_test_setup_teardown(
			a_lent_buffer_that_is_put_back_is_not_used_again,
			open_pool, release_pool),
		cmocka_unit_test_setup_teardown(
			a_returned_buffer_is_the_owners_again, open_pool,
			release_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
