/* SPDX-License-Identifier: MIT */
/* What is a response of HTTP/1.1 and what is none (RFC 9112), in any pieces. */
#include "client/http_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK	"HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define TEN	"aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* Feeds all of it, each piece in a place of its own, so that a read past its
 * end is seen. All of a right response must be used. */
static enum http_result feed(
	struct http_reply *r, const char *text, size_t len, size_t piece)
{
	enum http_result result = HTTP_MORE;
	size_t at = 0, used;

	memset(r, 0, sizeof(*r));
	while (at < len && result == HTTP_MORE) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = malloc(n);

		memcpy(copy, text + at, n);
		result = http_reply_feed(r, copy, n, &used);
		free(copy);
		at += used;
	}
	if (result == HTTP_DONE)
		assert_int_equal(at, len);
	return result;
}

static const size_t pieces[] = {1, 2, 3, 7, 64, 1 << 20};
enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

struct right {
	const char *text;
	uint64_t body;
	bool closes;
};

static const struct right rights[] = {
	{OK "Content-Length: 5\r\n\r\nhello", 5, false},
	{OK "content-length:5\n\nhello", 5, false},
	{OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 5, false},
	{OK "Content-Length: \t 5\t \r\n\r\nhello", 5, false},
	{OK "Content-Length:" HUNDRED "\r\n\r\n", 0, false},
	{CHUNKED "5\r\nhello\r\n0\r\n\r\n", 5, false},
	{CHUNKED "5;x=y\r\nhello\r\n0;z\r\n\r\n", 5, false},
	{CHUNKED "5 ; x = \"; y\"\r\nhello\r\n0  \r\n\r\n", 5, false},
	{CHUNKED "5;" HUNDRED HUNDRED HUNDRED "\r\nhello\r\n0\r\n\r\n", 5,
		false},
	{CHUNKED "0\r\nTrailer: x\r\n goes on\r\nY: z\r\n\r\n", 0, false},
	{CHUNKED "0\r\nContent-Length: 9\r\n\r\n", 0, false},
	/* obs-fold: the line break is a blank */
	{OK "X: a\r\n b\r\n\tc\r\nContent-Length: 5\r\n\r\nhello", 5, false},
	{OK "Content-Length:\r\n 5\r\n\r\nhello", 5, false},
	{OK "Transfer-Encoding:\r\n  chunked\r\n\r\n0\r\n\r\n", 0, false},
	{OK "Connection: x,\r\n close\r\nContent-Length: 0\r\n\r\n", 0, true},
	{OK "X: y\r\n \r\nContent-Length: 0\r\n\r\n", 0, false},
	/* a list of any length */
	{OK "Connection: Keep-Alive , CLOSE\r\nContent-Length: 0\r\n\r\n", 0,
		true},
	{OK "Connection: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		0, true},
	{OK "Connection: " HUNDRED "," HUNDRED ",b," HUNDRED
	    ", close\r\nContent-Length: 0\r\n\r\n",
		0, true},
	{OK "Connection: close, " HUNDRED HUNDRED HUNDRED
	    "\r\nContent-Length: 0\r\n\r\n",
		0, true},
	{OK "Connection: " HUNDRED HUNDRED HUNDRED
	    "close\r\nContent-Length: 0\r\n\r\n",
		0, false},
	{OK "Connection: " HUNDRED HUNDRED HUNDRED
	    " , close\r\nContent-Length: 0\r\n\r\n",
		0, true},
	{OK "Connection: closed\r\nContent-Length: 0\r\n\r\n", 0, false},
	{OK "X: " HUNDRED HUNDRED HUNDRED "\r\nContent-Length: 0\r\n\r\n", 0,
		false},
	{"HTTP/1.1 200 " HUNDRED HUNDRED HUNDRED
	 "\r\nContent-Length: 0\r\n\r\n",
		0, false},
	{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0, true},
	{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
	 "Content-Length: 0\r\n\r\n",
		0, false},
	{"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 1,
		false},
};

static void right_ones_are_read_in_any_pieces(void **state)
{
	struct http_reply r;
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(rights) / sizeof(rights[0]); k++)
		for (i = 0; i < PIECES; i++) {
			const struct right *x = &rights[k];
			char text[2048];

			/* Not the digits of a length: those are zeros. */
			snprintf(text, sizeof(text), "%s", x->text);
			if (strstr(text, "Length:a"))
				memset(strstr(text, "Length:a") + 7, '0', 100);
			if (feed(&r, text, strlen(text), pieces[i]) !=
				HTTP_DONE)
				fail_msg("refused: %s", text);
			assert_int_equal(r.body_length, x->body);
			if (r.closes != x->closes)
				fail_msg("closes: %d: %s", r.closes, text);
		}
}

/* With a length, for there may be NULs. */
#define WRONG(text)                                                            \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static const struct {
	const char *text;
	size_t len;
} wrongs[] = {
	WRONG("HTTP/1.1  200 OK\r\n\r\n"),
	WRONG("HTTP/1.1 20\r\n\r\n"),
	WRONG("HTTP/2.0 200 OK\r\n\r\n"),
	/* names of fields */
	WRONG(OK "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n"),
	WRONG(OK "Content-Length: 5\r\nContent-Length : 9\r\n\r\n"),
	WRONG(OK "Content-Length\t: 5\r\n\r\n"),
	WRONG(OK " Content-Length: 5\r\n\r\n"),
	WRONG(OK "Content(Length): 5\r\n\r\n"),
	WRONG(OK ": 5\r\n\r\n"),
	WRONG(OK "no colon\r\n\r\n"),
	/* lengths */
	WRONG(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
	WRONG(OK "Content-Length: 5 6\r\n\r\n"),
	WRONG(OK "Content-Length: +5\r\n\r\n"),
	WRONG(OK "Content-Length:\r\n\r\n"),
	WRONG(OK "Content-Length: 5\r\n 6\r\n\r\n"),
	WRONG(OK "Content-Length: 0x5\r\n\r\n"),
	WRONG(OK "Content-Length: 99999999999999999999\r\n\r\n"),
	WRONG(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
	WRONG(OK "Transfer-Encoding: chunked\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n"),
	WRONG(OK "Transfer-Encoding: chunked, chunked\r\n\r\n"),
	WRONG(OK "Transfer-Encoding: gzip\r\n\r\n"),
	WRONG(OK "Transfer-Encoding:\r\n\r\n"),
	/* chunks */
	WRONG(CHUNKED "5 zzz\r\nhello\r\n"),
	WRONG(CHUNKED "5\0zz\r\nhello\r\n"),
	WRONG(CHUNKED "5\t5\r\nhello\r\n"),
	WRONG(CHUNKED " 5\r\nhello\r\n"),
	WRONG(CHUNKED "\r\n"),
	WRONG(CHUNKED ";x\r\n"),
	WRONG(CHUNKED "5\r\nhello6\r\n"),
	WRONG(CHUNKED "0 junk\r\n\r\n"),
	WRONG(CHUNKED "0\r\nno colon\r\n\r\n"),
	WRONG(CHUNKED "0\r\nTrailer : x\r\n\r\n"),
	/* bytes that no line may have */
	WRONG(OK "X: \0\r\n\r\n"),
	WRONG(OK "X: a\rb\r\n\r\n"),
	WRONG(OK "X: a\r\r\n\r\n"),
	WRONG(OK "X: " HUNDRED HUNDRED HUNDRED "\0\r\n\r\n"),
};

static void wrong_ones_are_refused_in_any_pieces(void **state)
{
	struct http_reply r;
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(wrongs) / sizeof(wrongs[0]); k++)
		for (i = 0; i < PIECES; i++)
			if (feed(&r, wrongs[k].text, wrongs[k].len,
				    pieces[i]) != HTTP_BAD)
				fail_msg("accepted: %s", wrongs[k].text);
}

/* Blanks cannot push what follows out of sight. */
static void blanks_hide_nothing(void **state)
{
	static const struct {
		const char *before, *after;
		enum http_result result;
	} cases[] = {
		{OK "Content-Length: 5", "6\r\n\r\n", HTTP_BAD},
		{OK "Content-Length:", "5\r\n\r\nhello", HTTP_DONE},
		{OK "Content-Length: 5", "\r\n\r\nhello", HTTP_DONE},
		{OK "Transfer-Encoding:", "gzip, chunked\r\n\r\n", HTTP_BAD},
		{OK "Content-Length: 5\r\nTransfer-Encoding",
			": chunked\r\n\r\n", HTTP_BAD},
		{CHUNKED "5", "zzz\r\n", HTTP_BAD},
		{CHUNKED "0", "\r\n\r\n", HTTP_DONE},
	};
	struct http_reply r;
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		for (i = 0; i < PIECES; i++) {
			char text[1024];
			int n = snprintf(text, sizeof(text), "%s%300s%s",
				cases[k].before, "", cases[k].after);

			assert_int_equal(feed(&r, text, (size_t)n, pieces[i]),
				cases[k].result);
		}
}

static void a_body_without_a_length_ends_with_the_connection(void **state)
{
	static const char text[] = OK "X: y\r\n\r\nhello";
	struct http_reply r;

	(void)state;
	assert_int_equal(feed(&r, text, sizeof(text) - 1, 3), HTTP_MORE);
	assert_true(http_reply_ends(&r) && r.closes);
	assert_int_equal(r.body_length, 5);
	assert_int_equal(feed(&r, text, sizeof(text) - 8, 3), HTTP_MORE);
	assert_false(http_reply_ends(&r));
}

static void the_length_of_the_header_is_exact(void **state)
{
	static const char text[] = OK "A: b\r\n c\r\nContent-Length: 2\r\n\r\n";
	struct http_reply r;
	size_t i;

	(void)state;
	for (i = 0; i < PIECES; i++) {
		assert_int_equal(
			feed(&r, text, sizeof(text) - 1, pieces[i]), HTTP_MORE);
		assert_int_equal(r.header_length, sizeof(text) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_ones_are_read_in_any_pieces),
		cmocka_unit_test(wrong_ones_are_refused_in_any_pieces),
		cmocka_unit_test(blanks_hide_nothing),
		cmocka_unit_test(
			a_body_without_a_length_ends_with_the_connection),
		cmocka_unit_test(the_length_of_the_header_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
