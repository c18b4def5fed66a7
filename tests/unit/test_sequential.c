/* SPDX-License-Identifier: MIT */
/* The handlers that exist in both styles answer with the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"
#include "servers/core/framing.h"
#include "servers/core/stream.h"

extern const struct handler handler_echo, handler_echo_sequential, handler_line,
	handler_line_sequential;

/* The sequential handler, dressed for models that know callbacks only; kept
 * for the life of the process. */
static const struct handler *dressed_echo, *dressed_line, *dressed_pausing;

/* Answers each byte after a minute. */
static void pausing_serve(struct stream *s)
{
	char byte;

	while (stream_read(s, &byte, 1) == 1) {
		if (stream_pause(s, 60 * NS_PER_S) < 0)
			return;
		stream_write(s, &byte, 1);
	}
	stream_write(s, "end", 3);
}

static const struct handler pausing = {
	.name = "pausing", .serve = pausing_serve};

static int dress(void **state)
{
	(void)state;
	dressed_echo = sequential_adapt(&handler_echo_sequential);
	dressed_line = sequential_adapt(&handler_line_sequential);
	dressed_pausing = sequential_adapt(&pausing);
	return dressed_pausing && dressed_echo && dressed_line ? 0 : -1;
}

/* One conversation with each of them, which must not differ in anything. */
static void assert_twins(const struct handler *one, const struct handler *other,
	const char *options, const char *input, size_t len)
{
	struct conversation a = {.handler = one,
		.options = options,
		.input = input,
		.input_len = len,
		.eof = true};
	struct conversation b = a;

	b.handler = other;
	converse(&a);
	converse(&b);
	assert_int_equal(a.output_len, b.output_len);
	assert_memory_equal(a.output, b.output, a.output_len);
	assert_int_equal(a.requests, b.requests);
	assert_int_equal(a.ended, b.ended);
	free(a.output);
	free(b.output);
}

/* Bytes among which a line ends now and then. */
static char *noise(size_t len, unsigned seed, unsigned line)
{
	char *bytes = malloc(len + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned)rand_r(&seed) % line ? (char)rand_r(&seed)
							  : '\n';
	return bytes;
}

static void test_echo_in_both_styles(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		const size_t len = seed * seed * 5000;
		char *bytes = noise(len, seed, 10);

		assert_twins(&handler_echo, dressed_echo, "size=7", bytes, len);
		free(bytes);
	}
	assert_twins(&handler_echo, dressed_echo, "size=1", "", 0);
}

static void test_line_in_both_styles(void **state)
{
	static const unsigned lengths[] = {2, 10, 300, 5000};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		const size_t len = 100000;
		char *bytes = noise(len, (unsigned)i + 1, lengths[i]);

		assert_twins(&handler_line, dressed_line, "", bytes, len);
		free(bytes);
	}
}

static void test_longest_lines_in_both_styles(void **state)
{
	static const char *const ends[] = {"\n", "\r\n", "\r", ""};
	char *text = malloc(FRAMING_LINE_MAX + 32);

	(void)state;
	assert_non_null(text);
	for (size_t n = FRAMING_LINE_MAX - 1; n <= FRAMING_LINE_MAX + 2; n++)
		for (size_t i = 0; i < 4; i++) {
			size_t len = n;

			memset(text, 'x', n);
			len += (size_t)sprintf(text + n, "%s", ends[i]);
			len += (size_t)sprintf(text + len, "next\nrest");
			assert_twins(
				&handler_line, dressed_line, "", text, len);
		}
	free(text);
}

/* It writes to a peer that does not read: it waits, and hoards nothing. */
static void test_sequential_waits_for_its_reader(void **state)
{
	const size_t len = 1 << 20;
	char *bytes = noise(len, 1, 10);
	struct harness h;
	size_t got;

	(void)state;
	harness_init(&h, dressed_echo, "");
	h.deaf = true;
	harness_send(&h, bytes, len);
	assert_true(h.input_len > len / 2);
	h.deaf = false;
	harness_run(&h);
	assert_true(h.most_queued <= 65536 + STREAM_CHUNK);
	assert_memory_equal(harness_output(&h, &got), bytes, len);
	assert_int_equal(got, len);
	harness_release(&h);
	free(bytes);
}

/* A connection that breaks wherever its handler waits leaves nothing. */
static void test_sequential_ends_where_it_waits(void **state)
{
	char *bytes = noise(200000, 1, 10);

	(void)state;
	for (size_t len = 0; len <= 200000; len += 40000) {
		struct harness h;

		harness_init(&h, dressed_line, "");
		h.deaf = true;
		harness_send(&h, bytes, len);
		conn_fail(h.conn, "read", 104);
		harness_release(&h);
	}
	free(bytes);
}

/* ---- pause ------------------------------------------------------------- */

static void test_sequential_pause(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, dressed_pausing, "");
	h.asleep = true;
	harness_send_text(&h, "abc");
	assert_int_equal(h.output_len, 0);
	h.asleep = false;
	harness_run(&h);
	harness_send_eof(&h);
	assert_string_equal(harness_output(&h, NULL), "abcend");
	assert_int_equal(h.pauses, 3);
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo_in_both_styles),
		cmocka_unit_test(test_line_in_both_styles),
		cmocka_unit_test(test_longest_lines_in_both_styles),
		cmocka_unit_test(test_sequential_waits_for_its_reader),
		cmocka_unit_test(test_sequential_ends_where_it_waits),
		cmocka_unit_test(test_sequential_pause),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, dress, NULL);
}
