/* SPDX-License-Identifier: MIT */
/* Lines and raw bytes in a stream: what framing.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/core/framing.h"

/* ---- a peer that cuts its bytes as it likes ---------------------------- */

/*
 * Feeds `text` in random pieces of 1..step bytes (whole if step is 0) as a
 * connection would, and writes what was found as "line\n", "raw:bytes;" and
 * "TOO LONG". Raw pieces that follow each other are joined: only their sum
 * means something. A line "raw N" switches to N raw bytes.
 */
struct feed {
	struct framing framing;
	char *out;
	size_t out_len;
	int in_raw, ended;
};

static void feed_print(struct feed *f, const char *text, size_t len)
{
	memcpy(f->out + f->out_len, text, len);
	f->out_len += len;
}

static void feed_raw_ends(struct feed *f)
{
	if (f->in_raw)
		feed_print(f, ";", 1);
	f->in_raw = 0;
}

static void feed_found(
	struct feed *f, enum framing_result result, const struct frame *frame)
{
	if (result == FRAMING_RAW) {
		if (!f->in_raw)
			feed_print(f, "raw:", 4);
		f->in_raw = 1;
		feed_print(f, frame->text, frame->len);
		return;
	}
	feed_raw_ends(f);
	if (result == FRAMING_TOO_LONG) {
		feed_print(f, "TOO LONG", 8);
		f->ended = 1;
		return;
	}
	feed_print(f, frame->text, frame->len);
	feed_print(f, "\n", 1);
	if (frame->len > 4 && !memcmp(frame->text, "raw ", 4))
		framing_set_raw(
			&f->framing, strtoull(frame->text + 4, NULL, 10));
}

static void feed_offer(
	struct feed *f, const char *text, size_t have, size_t *at)
{
	while (!f->ended) {
		struct frame frame = {0};
		enum framing_result r = framing_next(
			&f->framing, text + *at, have - *at, &frame);

		if (r == FRAMING_MORE)
			return;
		feed_found(f, r, &frame);
		*at += frame.taken;
	}
}

static char *feed(const char *text, size_t len, size_t step, unsigned seed)
{
	struct feed f = {.out = malloc(2 * len + 64)};
	size_t have = 0, at = 0;

	assert_non_null(f.out);
	while (have < len && !f.ended) {
		size_t n = step ? 1 + (size_t)rand_r(&seed) % step : len;

		have += n < len - have ? n : len - have;
		feed_offer(&f, text, have, &at);
	}
	feed_raw_ends(&f);
	f.out[f.out_len] = '\0';
	return f.out;
}

/* The same, however it is cut. */
static void assert_feed(const char *text, size_t len, const char *expect)
{
	for (unsigned seed = 1; seed <= 24; seed++) {
		const size_t step = seed <= 2 ? seed - 1 : seed * 3;
		char *got = feed(text, len, step, seed);

		assert_string_equal(got, expect);
		free(got);
	}
}

/* ---- the promises ------------------------------------------------------ */

static void test_line_ends(void **state)
{
	(void)state;
#define FEED(text, expect) assert_feed(text, sizeof(text) - 1, expect)
	FEED("one\ntwo\n", "one\ntwo\n");
	FEED("one\r\ntwo\r\n", "one\ntwo\n");
	FEED("\n\r\n\n", "\n\n\n");
	FEED("a\rb\n", "a\rb\n");
	FEED("a\r\r\n", "a\r\n");
	FEED("", "");
}

static void test_no_end_no_line(void **state)
{
	(void)state;
	FEED("one\ntwo", "one\n");
	FEED("one\ntwo\r", "one\n");
}

static void test_zero_byte_is_a_byte(void **state)
{
	struct framing f = {0};
	struct frame frame;

	(void)state;
	assert_int_equal(framing_next(&f, "a\0b\n", 4, &frame), FRAMING_LINE);
	assert_int_equal(frame.len, 3);
	assert_int_equal(frame.taken, 4);
}

/* `n` letters and `end`: a line, or too long for one. */
static void check_long(size_t n, const char *end, int fits)
{
	const size_t len = n + strlen(end);
	char *text = malloc(len + 1), *expect = malloc(len + 16);

	assert_non_null(text);
	assert_non_null(expect);
	memset(text, 'x', n);
	memcpy(text + n, end, strlen(end) + 1);
	if (fits)
		sprintf(expect, "%.*s\n", (int)n, text);
	else
		strcpy(expect, "TOO LONG");
	assert_feed(text, len, expect);
	free(text);
	free(expect);
}

static void test_longest_line(void **state)
{
	(void)state;
	check_long(FRAMING_LINE_MAX - 1, "\n", 1);
	check_long(FRAMING_LINE_MAX, "\n", 1);
	check_long(FRAMING_LINE_MAX, "\r\n", 1);
	check_long(FRAMING_LINE_MAX + 1, "\n", 0);
	check_long(FRAMING_LINE_MAX + 1, "\r\n", 0);
	check_long(FRAMING_LINE_MAX, "\r\r\n", 0);
	check_long(FRAMING_LINE_MAX, "\rx\n", 0);
	check_long(3 * FRAMING_LINE_MAX, "", 0);
}

/* It says so as soon as it is certain, not only at the line's end. */
static void test_too_long_is_told_at_once(void **state)
{
	char text[FRAMING_LINE_MAX + 2];
	struct framing f = {0};
	struct frame frame;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(
		framing_next(&f, text, FRAMING_LINE_MAX, &frame), FRAMING_MORE);
	assert_int_equal(framing_next(&f, text, FRAMING_LINE_MAX + 1, &frame),
		FRAMING_TOO_LONG);
}

/* What was searched is not searched again: a line end put there behind its
 * back is not seen. */
static void test_search_goes_on_where_it_stopped(void **state)
{
	char text[] = "abcdef\n";
	struct framing f = {0};
	struct frame frame;

	(void)state;
	assert_int_equal(framing_next(&f, text, 6, &frame), FRAMING_MORE);
	text[2] = '\n';
	assert_int_equal(framing_next(&f, text, 7, &frame), FRAMING_LINE);
	assert_int_equal(frame.len, 6);
}

static void test_raw_bytes_between_lines(void **state)
{
	(void)state;
	FEED("raw 5\na\nb\r\nnext\n", "raw 5\nraw:a\nb\r\n;next\n");
	FEED("raw 0\nnext\n", "raw 0\nnext\n");
	FEED("raw 3\r\n\n\n\n\nlast\n", "raw 3\nraw:\n\n\n;\nlast\n");
	FEED("raw 9\nabc", "raw 9\nraw:abc;");
}

static void test_raw_for_ever(void **state)
{
	(void)state;
	FEED("raw 18446744073709551615\na\nb\n",
		"raw 18446744073709551615\nraw:a\nb\n;");
}

static void test_back_to_lines(void **state)
{
	struct framing f = {0};
	struct frame frame;

	(void)state;
	framing_set_raw(&f, 100);
	assert_int_equal(framing_next(&f, "a\n", 2, &frame), FRAMING_RAW);
	framing_set_raw(&f, 0);
	assert_int_equal(framing_next(&f, "b\n", 2, &frame), FRAMING_LINE);
	assert_int_equal(frame.len, 1);
}

/* Against the obvious implementation, on random text of few characters. */
static void test_agrees_with_the_obvious(void **state)
{
	unsigned seed = 2026;

	(void)state;
	for (int round = 0; round < 200; round++) {
		char text[300], expect[400];
		size_t len = (size_t)rand_r(&seed) % sizeof(text), n = 0;
		size_t start = 0;

		for (size_t i = 0; i < len; i++)
			text[i] = "ab\r\n"[rand_r(&seed) % 4];
		for (size_t i = 0; i < len; i++) {
			size_t end = i;

			if (text[i] != '\n')
				continue;
			if (end > start && text[end - 1] == '\r')
				end--;
			n += (size_t)sprintf(expect + n, "%.*s\n",
				(int)(end - start), text + start);
			start = i + 1;
		}
		expect[n] = '\0';
		assert_feed(text, len, expect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_no_end_no_line),
		cmocka_unit_test(test_zero_byte_is_a_byte),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_too_long_is_told_at_once),
		cmocka_unit_test(test_search_goes_on_where_it_stopped),
		cmocka_unit_test(test_raw_bytes_between_lines),
		cmocka_unit_test(test_raw_for_ever),
		cmocka_unit_test(test_back_to_lines),
		cmocka_unit_test(test_agrees_with_the_obvious),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
