/* SPDX-License-Identifier: MIT */
/* What each handler answers, however its input and output are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "harness.h"
#include "servers/core/framing.h"

extern const struct handler handler_echo, handler_line, handler_greet,
	handler_log, handler_discard, handler_chargen, handler_bytes;

/* `n` bytes with every value among them. */
static char *noise(size_t n)
{
	char *bytes = malloc(n + 1);
	unsigned seed = 7;

	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)rand_r(&seed);
	return bytes;
}

/* ---- echo -------------------------------------------------------------- */

static void test_echo_returns_every_byte(void **state)
{
	const size_t len = 100000;
	char *bytes = noise(len);
	struct conversation c = {.handler = &handler_echo,
		.options = "size=10",
		.input = bytes,
		.input_len = len,
		.eof = true};

	(void)state;
	converse(&c);
	assert_int_equal(c.output_len, len);
	assert_memory_equal(c.output, bytes, len);
	assert_true(c.ended);
	free(c.output);
	free(bytes);
}

static void test_echo_counts_by_size(void **state)
{
	(void)state;
	assert_reply(&handler_echo, "size=4", "abcdefghij", "abcdefghij", 2);
	assert_reply(&handler_echo, "size=1", "abc", "abc", 3);
	assert_reply(&handler_echo, "size=11", "abcdefghij", "abcdefghij", 0);
}

static void test_echo_counts_reads_without_size(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &handler_echo, "");
	harness_send_text(&h, "a");
	harness_send_text(&h, "bcd");
	assert_int_equal(harness_requests(&h), 2);
	assert_string_equal(harness_output(&h, NULL), "abcd");
	harness_release(&h);
}

static void test_echo_is_open_until_the_peer_ends(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &handler_echo, "");
	harness_send_text(&h, "abc");
	assert_false(conn_done(h.conn));
	harness_send_eof(&h);
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

static void test_echo_does_not_hoard_for_a_deaf_peer(void **state)
{
	const size_t len = 1 << 20;
	char *bytes = noise(len);
	struct harness h;
	size_t got;

	(void)state;
	harness_init(&h, &handler_echo, "");
	h.deaf = true;
	harness_send(&h, bytes, len);
	assert_true(h.input_len > len / 2); /* it is no longer taken */
	h.deaf = false;
	harness_run(&h);
	assert_true(h.most_queued <= 65536 + WORKER_LARGE);
	assert_memory_equal(harness_output(&h, &got), bytes, len);
	assert_int_equal(got, len);
	harness_release(&h);
	free(bytes);
}

/* ---- line -------------------------------------------------------------- */

static void test_line_answers_in_upper_case(void **state)
{
	(void)state;
	assert_reply(&handler_line, "", "hello\n", "HELLO\n", 1);
	assert_reply(&handler_line, "", "one\ntwo\nThree 3!\n",
		"ONE\nTWO\nTHREE 3!\n", 3);
	assert_reply(&handler_line, "", "az{`@[\n", "AZ{`@[\n", 1);
	assert_reply(&handler_line, "", "\n\n", "\n\n", 2);
}

static void test_line_changes_ascii_only(void **state)
{
	(void)state;
	assert_reply(&handler_line, "", "caf\xc3\xa9 \xff\t\x01\n",
		"CAF\xc3\xa9 \xff\t\x01\n", 1);
}

static void test_line_ends_as_the_line_did(void **state)
{
	(void)state;
	assert_reply(&handler_line, "", "a\r\nb\nc\r\n", "A\r\nB\nC\r\n", 3);
}

static void test_line_needs_its_end(void **state)
{
	(void)state;
	assert_reply(&handler_line, "", "one\ntwo", "ONE\n", 1);
	assert_reply(&handler_line, "", "", "", 0);
}

static void test_line_of_any_length(void **state)
{
	static const size_t sizes[] = {1, 511, 512, 513, FRAMING_LINE_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const size_t len = sizes[i];
		char *in = malloc(len + 2), *out = malloc(len + 2);

		assert_non_null(in);
		assert_non_null(out);
		memset(in, 'x', len);
		memset(out, 'X', len);
		strcpy(in + len, "\n");
		strcpy(out + len, "\n");
		assert_reply(&handler_line, "", in, out, 1);
		free(in);
		free(out);
	}
}

/* "ok\n", then `n` letters and a line end, then a line that is not reached. */
static char *long_line(size_t n)
{
	char *text = malloc(n + 32);

	assert_non_null(text);
	memcpy(text, "7\n", 2);
	memset(text + 2, 'x', n);
	strcpy(text + 2 + n, "\nnever\n");
	return text;
}

static void test_line_too_long(void **state)
{
	char *text = long_line(FRAMING_LINE_MAX + 1);

	(void)state;
	assert_reply(&handler_line, "", text,
		"7\nerror: line longer than 16384 bytes\n", 1);
	free(text);
}

/* ---- greet ------------------------------------------------------------- */

static void test_greet_speaks_first_and_ends(void **state)
{
	struct harness h;
	const char *text;

	(void)state;
	harness_init(&h, &handler_greet, "");
	harness_run(&h);
	text = harness_output(&h, NULL);
	assert_memory_equal(text, "Thank you for connecting ", 25);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_true(conn_done(h.conn));
	assert_int_equal(harness_requests(&h), 1);
	harness_release(&h);
}

static void test_greet_listens_to_nobody(void **state)
{
	struct conversation c = {
		.handler = &handler_greet, .input = "hello?\n", .input_len = 7};

	(void)state;
	converse(&c);
	assert_memory_equal(c.output, "Thank you for connecting ", 25);
	assert_int_equal(c.requests, 1);
	assert_true(c.ended);
	free(c.output);
}

/* ---- bytes ------------------------------------------------------------- */

/* The content that the handler promises for replies of these sizes. */
static char *bytes_content(const size_t *sizes, size_t n)
{
	char *text = malloc(n * 16384 + 1);
	size_t len = 0;

	assert_non_null(text);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < sizes[k]; i++)
			text[len++] = (char)('a' + i % 26);
	text[len] = '\0';
	return text;
}

static void test_bytes_brings_as_many(void **state)
{
	static const size_t sizes[] = {1, 26, 27, 415, 416, 417, 4000, 16384};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *reply = bytes_content(&sizes[i], 1), line[16];

		snprintf(line, sizeof(line), "%zu\n", sizes[i]);
		assert_reply(&handler_bytes, "", line, reply, 1);
		free(reply);
	}
}

static void test_bytes_many_on_a_connection(void **state)
{
	static const size_t sizes[] = {4000, 1, 16384, 16384, 16384, 16384, 3};
	char *reply = bytes_content(sizes, 7);

	(void)state;
	assert_reply(&handler_bytes, "",
		"4000\n1\r\n16384\n16384\n16384\n16384\n0003\n", reply, 7);
	free(reply);
}

static void test_bytes_refuses_what_is_no_number(void **state)
{
	static const char *const lines[] = {"0", "16385", "99999", "100000", "",
		"-1", "+1", "1.5", "4k", " 1", "1 ", "ten", "0x10",
		"18446744073709551617"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char text[64];

		snprintf(text, sizeof(text), "2\n%s\n1\n", lines[i]);
		assert_reply(&handler_bytes, "", text,
			"aberror: expected a number from 1 to 16384\n", 1);
	}
}

static void test_bytes_line_too_long(void **state)
{
	char *text = long_line(FRAMING_LINE_MAX + 1);

	(void)state;
	assert_reply(&handler_bytes, "", text,
		"abcdefgerror: line longer than 16384 bytes\n", 1);
	free(text);
}

static void test_bytes_queues_one_reply_at_a_time(void **state)
{
	static char text[6 * 1000 + 1];
	struct harness h;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 6 * i, "16384\n", 7);
	harness_init(&h, &handler_bytes, "");
	h.deaf = true;
	harness_send_text(&h, text);
	h.deaf = false;
	for (size_t got = 0; got < 1000 * 16384;) {
		size_t len;

		if (!harness_step(&h))
			fail_msg("stuck after %zu bytes", got);
		harness_output(&h, &len);
		got += len;
	}
	assert_true(h.most_queued <= 65536 + 16384);
	assert_int_equal(harness_requests(&h), 1000);
	harness_release(&h);
}

/* ---- discard, chargen -------------------------------------------------- */

static void test_discard_answers_nothing(void **state)
{
	(void)state;
	assert_reply(&handler_discard, "size=3", "abcdefgh", "", 2);
}

static void test_discard_counts_reads_without_size(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &handler_discard, "");
	harness_send_text(&h, "abc");
	harness_send_text(&h, "d");
	assert_int_equal(harness_requests(&h), 2);
	harness_release(&h);
}

/* RFC 864, section "Data syntax": 72 of the 95 printing characters a line. */
static void chargen_expect(char *out, size_t lines)
{
	for (size_t i = 0; i < lines; i++) {
		for (size_t k = 0; k < 72; k++)
			*out++ = (char)(' ' + (i + k) % 95);
		*out++ = '\r';
		*out++ = '\n';
	}
}

static void test_chargen_pattern(void **state)
{
	enum { LINES = 3000 };
	static char expect[LINES * 74];
	struct harness h;
	size_t got = 0;

	(void)state;
	chargen_expect(expect, LINES);
	harness_init(&h, &handler_chargen, "");
	h.out_step = 1000;
	while (got < sizeof(expect)) {
		size_t len, n;
		const char *bytes;

		assert_true(harness_step(&h));
		bytes = harness_output(&h, &len);
		n = len < sizeof(expect) - got ? len : sizeof(expect) - got;
		assert_memory_equal(bytes, expect + got, n);
		got += n;
	}
	assert_true(h.most_queued <= 65536 + 74);
	assert_int_equal(harness_requests(&h), 0);
	harness_release(&h);
}

static void test_chargen_waits_for_its_reader(void **state)
{
	struct harness h;
	size_t queued = 0;

	(void)state;
	harness_init(&h, &handler_chargen, "size=74");
	h.deaf = true;
	harness_run(&h);
	assert_non_null(conn_output(h.conn, &queued));
	assert_true(queued > 65536 && queued <= 65536 + 74);
	assert_int_equal(harness_requests(&h), queued / 74);
	harness_release(&h);
}

/* ---- log --------------------------------------------------------------- */

/* Runs a conversation of the log handler with standard error in a file, and
 * returns what was written there. */
static char *logged(const char *input, uint64_t requests)
{
	FILE *file = tmpfile();
	const int saved = dup(STDERR_FILENO);
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	log_init("test", LOG_INFO);
	dup2(fileno(file), STDERR_FILENO);
	assert_reply(&handler_log, "", input, "", requests);
	dup2(saved, STDERR_FILENO);
	log_init("test", LOG_WARN);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static void test_log_tells_of_connection_and_lines(void **state)
{
	char *text = logged("hello\r\nworld\n", 2);
	const char *made = strstr(text, "connection made\n");
	const char *hello = strstr(text, "line of 5 bytes: hello\n");
	const char *world = strstr(text, "line of 5 bytes: world\n");
	const char *lost = strstr(text, "connection lost\n");

	(void)state;
	assert_non_null(made);
	assert_true(made < hello && hello < world && world < lost);
	free(text);
}

static void test_log_escapes_what_is_not_text(void **state)
{
	char *text = logged("\x1b[31mred\\ \x07\xc3\xa9\n", 1);

	(void)state;
	assert_non_null(strstr(text, "\\x1b[31mred\\x5c \\x07\\xc3\\xa9\n"));
	assert_null(strchr(text, '\x1b'));
	free(text);
}

static void test_log_shows_the_beginning_of_a_long_line(void **state)
{
	char *line = long_line(10000), *text = logged(line, 3);
	const char *shown = strstr(text, "line of 10000 bytes: xxx");

	(void)state;
	assert_non_null(shown);
	assert_non_null(strstr(shown, "xxx...\n"));
	assert_true(strcspn(shown, "\n") < 300);
	free(text);
	free(line);
}

static void test_log_ends_a_line_too_long(void **state)
{
	char *line = long_line(FRAMING_LINE_MAX + 1), *text = logged(line, 1);

	(void)state;
	assert_non_null(strstr(text, "line longer than 16384 bytes\n"));
	assert_null(strstr(text, "never"));
	free(text);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo_returns_every_byte),
		cmocka_unit_test(test_echo_counts_by_size),
		cmocka_unit_test(test_echo_counts_reads_without_size),
		cmocka_unit_test(test_echo_is_open_until_the_peer_ends),
		cmocka_unit_test(test_echo_does_not_hoard_for_a_deaf_peer),
		cmocka_unit_test(test_line_answers_in_upper_case),
		cmocka_unit_test(test_line_changes_ascii_only),
		cmocka_unit_test(test_line_ends_as_the_line_did),
		cmocka_unit_test(test_line_needs_its_end),
		cmocka_unit_test(test_line_of_any_length),
		cmocka_unit_test(test_line_too_long),
		cmocka_unit_test(test_greet_speaks_first_and_ends),
		cmocka_unit_test(test_greet_listens_to_nobody),
		cmocka_unit_test(test_bytes_brings_as_many),
		cmocka_unit_test(test_bytes_many_on_a_connection),
		cmocka_unit_test(test_bytes_refuses_what_is_no_number),
		cmocka_unit_test(test_bytes_line_too_long),
		cmocka_unit_test(test_bytes_queues_one_reply_at_a_time),
		cmocka_unit_test(test_discard_answers_nothing),
		cmocka_unit_test(test_discard_counts_reads_without_size),
		cmocka_unit_test(test_chargen_pattern),
		cmocka_unit_test(test_chargen_waits_for_its_reader),
		cmocka_unit_test(test_log_tells_of_connection_and_lines),
		cmocka_unit_test(test_log_escapes_what_is_not_text),
		cmocka_unit_test(test_log_shows_the_beginning_of_a_long_line),
		cmocka_unit_test(test_log_ends_a_line_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
