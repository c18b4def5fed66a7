/* SPDX-License-Identifier: MIT */
/* The web server: what is understood, what is refused, and what comes back,
 * however the bytes are cut. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "servers/core/http_date.h"
#include "servers/core/http_file.h"
#include "servers/core/http_parser.h"

extern const struct handler handler_http;

/* ---- reading replies --------------------------------------------------- */

/* A date is a moment: each becomes the same. */
static void tidy_dates(char *output)
{
	char *at = output;

	while ((at = strstr(at, "\r\nDate: "))) {
		at += 8;
		assert_true(http_date_parse(at, HTTP_DATE_LEN) > 0);
		memset(at, 'd', HTTP_DATE_LEN);
	}
}

static size_t content_length(const char *head, size_t len)
{
	const char *field = memmem(head, len, "\r\nContent-Length: ", 18);

	return field ? strtoul(field + 18, NULL, 10) : 0;
}

/* The statuses of all replies, as "200 404 "; then "." if the server ended the
 * connection. Checks that each reply is whole. */
static void summarise(const struct conversation *c, char *out)
{
	const char *at = c->output, *end = c->output + c->output_len;

	*out = '\0';
	while (at < end) {
		const char *blank =
			memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
		size_t body;

		assert_non_null(blank);
		assert_memory_equal(at, "HTTP/1.1 ", 9);
		strncat(out, at + 9, 4);
		body = content_length(at, (size_t)(blank - at) + 2);
		at = blank + 4;
		/* To HEAD there is none: the next reply follows, or nothing. */
		if (body > (size_t)(end - at) || !strncmp(at, "HTTP/1.1 ", 9))
			body = 0;
		at += body;
	}
	if (c->ended)
		strcat(out, ".");
}

static struct conversation talk(
	const char *options, const char *input, size_t len)
{
	struct conversation c = {.handler = &handler_http,
		.options = options,
		.input = input,
		.input_len = len,
		.tidy = tidy_dates};

	converse(&c);
	return c;
}

static void check_bytes(
	const char *options, const char *input, size_t len, const char *expect)
{
	struct conversation c = talk(options, input, len);
	char got[512];

	summarise(&c, got);
	if (strcmp(got, expect))
		fail_msg("\"%.200s\" brought \"%s\", not \"%s\"", input, got,
			expect);
	free(c.output);
}

static void check(const char *input, const char *expect)
{
	check_bytes("", input, strlen(input), expect);
}

/* That the replies to `input` contain `text`. */
static void check_says(const char *options, const char *input, const char *text)
{
	struct conversation c = talk(options, input, strlen(input));

	if (!strstr(c.output, text))
		fail_msg("\"%s\" lacks \"%s\"", c.output, text);
	free(c.output);
}

static void check_silent(const char *input, const char *text)
{
	struct conversation c = talk("", input, strlen(input));

	if (strstr(c.output, text))
		fail_msg("\"%s\" has \"%s\"", c.output, text);
	free(c.output);
}

#define HOST "Host: a\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST "\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

/* ---- what is understood ------------------------------------------------ */

static void test_get_and_head(void **state)
{
	(void)state;
	check(GET, "200 ");
	check_says("", GET, "\r\n\r\nThis is serverlab.");
	check("HEAD / HTTP/1.1\r\n" HOST "\r\n", "200 ");
	check_says("", "HEAD / HTTP/1.1\r\n" HOST "\r\n", "Content-Length: 60");
	check_silent("HEAD / HTTP/1.1\r\n" HOST "\r\n", "serverlab.");
	check("GET /?a=b HTTP/1.1\r\n" HOST "\r\n", "200 ");
	check("GET /nothing HTTP/1.1\r\n" HOST "\r\n", "404 ");
}

static void test_whole_reply(void **state)
{
	struct conversation c = talk("body=5", GET, strlen(GET));

	(void)state;
	assert_string_equal(c.output,
		"HTTP/1.1 200 OK\r\n"
		"Server: serverlab\r\n"
		"Date: ddddddddddddddddddddddddddddd\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: 5\r\n"
		"\r\n"
		"abcde");
	assert_int_equal(c.requests, 1);
	assert_false(c.ended);
	free(c.output);
}

static void test_large_page(void **state)
{
	struct conversation c = talk("body=200k", GET GET, 2 * strlen(GET));

	(void)state;
	assert_true(c.output_len > 2 * 204800);
	assert_int_equal(c.requests, 2);
	free(c.output);
}

static void test_pipelining(void **state)
{
	char input[200 * sizeof(GET)] = "", expect[200 * 4 + 1] = "";

	(void)state;
	check(GET GET "GET /x HTTP/1.1\r\n" HOST "\r\n" GET,
		"200 200 404 200 ");
	for (int i = 0; i < 100; i++) {
		strcat(input, GET);
		strcat(expect, "200 ");
	}
	check(input, expect);
}

static void test_persistence(void **state)
{
	(void)state;
	check("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET,
		"200 .");
	check("GET / HTTP/1.1\r\n" HOST "Connection: x, Close ,y\r\n\r\n" GET,
		"200 .");
	check("GET / HTTP/1.0\r\n\r\n" GET, "200 .");
	check("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET,
		"200 200 ");
	check_says("", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
		"Connection: keep-alive\r\n");
	check_says("", "GET / HTTP/1.0\r\n\r\n", "Connection: close\r\n");
	check("GET / HTTP/1.1\r\n" HOST
	      "Connection: keep-alive, close\r\n\r\n" GET,
		"200 .");
	check("GET /x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET,
		"404 .");
}

/* Some clients put an empty line behind a body. */
static void test_no_request_is_under_way_after_an_empty_line(void **state)
{
	static const char post[] =
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab";
	struct harness h;

	(void)state;
	harness_init(&h, &handler_http, "");
	harness_send_text(&h, post);
	assert_false(h.conn->in_request);
	harness_send_text(&h, "\r");
	assert_true(h.conn->in_request);
	harness_send_text(&h, "\n");
	assert_false(h.conn->in_request);
	harness_send_text(&h, "\r\nG");
	assert_true(h.conn->in_request);
	assert_int_equal(harness_requests(&h), 1);
	harness_release(&h);
}

static void test_forms_of_a_request(void **state)
{
	(void)state;
	check("\r\n\r\n" GET "\r\n\n" GET, "200 200 "); /* empty lines before */
	check("GET / HTTP/1.1\nHost: a\n\n", "200 ");	/* as typed */
	check("GET / HTTP/1.1\r\nHOST:a\r\n\r\n", "200 ");
	check("GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n", "200 ");
	check("GET / HTTP/1.1\r\nHost:\r\n\r\n", "200 ");
	check("GET / HTTP/1.1\r\n" HOST "X-\x21#$: \xc3\xa9\t\"(\r\n\r\n",
		"200 ");
	check("GET / HTTP/1.9\r\n" HOST "\r\n", "200 ");
	check("GET http://a:80/ HTTP/1.1\r\n" HOST "\r\n", "200 ");
	check("GET HTTP://a HTTP/1.1\r\n" HOST "\r\n", "200 ");
	check("GET http://a?q HTTP/1.1\r\n" HOST "\r\n", "200 ");
	check("GET http://a/x HTTP/1.1\r\n" HOST "\r\n", "404 ");
}

static void test_methods(void **state)
{
	(void)state;
	check("DELETE / HTTP/1.1\r\n" HOST "\r\n" GET, "405 200 ");
	check_says("", "PUT / HTTP/1.1\r\n" HOST "\r\n",
		"\r\nAllow: GET, HEAD, POST\r\n");
	check_says("", "PUT /status HTTP/1.1\r\n" HOST "\r\n",
		"\r\nAllow: GET, HEAD\r\n");
	check("POST /status HTTP/1.1\r\n" HOST "\r\n", "405 ");
	check("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "405 ");
	check("CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", "405 ");
	check("BREW / HTTP/1.1\r\n" HOST "\r\n" GET, "501 200 ");
	check("get / HTTP/1.1\r\n" HOST "\r\n", "501 ");
	check("PUT / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" GET,
		"405 200 ");
}

/* ---- bodies ------------------------------------------------------------ */

static void test_body_by_length(void **state)
{
	(void)state;
	check(POST "Content-Length: 5\r\n\r\nab\r\ncGET / HTTP/1.1\r\n" HOST
		   "\r\n",
		"200 200 ");
	check_says("", POST "Content-Length: 5\r\n\r\nabcde",
		"received 5 bytes\n");
	check_says("", POST "Content-Length: 0\r\n\r\n", "received 0 bytes\n");
	check_says("", POST "\r\n", "received 0 bytes\n");
	check_says("", POST "Content-Length: 0005\r\n\r\nabcde",
		"received 5 bytes\n");
	check(POST "Content-Length: 5\r\n\r\nabcd", "");
}

#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static void test_body_in_chunks(void **state)
{
	(void)state;
	check(CHUNKED "3\r\nabc\r\n0\r\n\r\n" GET, "200 200 ");
	check_says("", CHUNKED "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
		"received 13 bytes\n");
	check_says("", CHUNKED "0\r\n\r\n", "received 0 bytes\n");
	check(CHUNKED "3;x=y;z=\"q\"\r\nabc\r\n000\r\n\r\n" GET, "200 200 ");
	check(CHUNKED "3 ; x\r\nabc\r\n0\r\n\r\n" GET, "200 200 ");
	check(CHUNKED "2\r\n\r\n\r\n0\r\nX-A: b\r\nC:\r\n\r\n" GET, "200 200 ");
	check(POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n" GET,
		"200 200 ");
}

static void test_broken_chunks(void **state)
{
	static const char *const bodies[] = {"g\r\n", "\r\n", "-1\r\n",
		"0x3\r\n", " 3\r\nabc\r\n", "3\nabc\r\n", "3\r\nabcd\r\n",
		"3\r\nabc\n", "3\r\nabc\rx", "3 x\r\n", "3\x01\r\n", "3\r\r\n",
		"3;\x7f\r\n", "0\r\nno colon\r\n\r\n", "0\r\n x: y\r\n\r\n",
		"0\r\nx: y\n\r\n", "0\r\nx : y\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		char input[256];

		snprintf(input, sizeof(input), CHUNKED "%s" GET, bodies[i]);
		check(input, "400 .");
	}
}

static void test_chunk_size_without_end(void **state)
{
	char *input = malloc(strlen(CHUNKED) + 20000);

	(void)state;
	assert_non_null(input);
	strcpy(input, CHUNKED "1;");
	memset(input + strlen(input), 'x', 17000);
	strcpy(input + strlen(CHUNKED) + 17002, "\r\n");
	check(input, "400 .");
	free(input);
}

static void test_body_limit(void **state)
{
	char chunks[] = CHUNKED "8\r\n12345678\r\n3\r\n901\r\n0\r\n\r\n";

	(void)state;
	check_bytes("limit=10", POST "Content-Length: 10\r\n\r\n1234567890" GET,
		strlen(POST "Content-Length: 10\r\n\r\n1234567890" GET),
		"200 200 ");
	check_bytes("limit=10", POST "Content-Length: 11\r\n\r\n",
		strlen(POST "Content-Length: 11\r\n\r\n"), "413 .");
	check_bytes("limit=10", chunks, strlen(chunks), "413 .");
	check_bytes("limit=11", chunks, strlen(chunks), "200 ");
	check(POST "Content-Length: 99999999999999999999999\r\n\r\n", "413 .");
	check(POST "Content-Length: 18446744073709551616\r\n\r\n", "413 .");
	check(CHUNKED "ffffffffffffffff\r\n", "413 .");
	check(CHUNKED "10000000000000001\r\n", "413 .");
}

static void test_body_larger_than_any_buffer(void **state)
{
	const size_t head = strlen(POST "Content-Length: 1000000\r\n\r\n");
	char *input = malloc(head + 1000001);

	(void)state;
	assert_non_null(input);
	strcpy(input, POST "Content-Length: 1000000\r\n\r\n");
	memset(input + head, 'x', 1000000);
	check_bytes("", input, head + 1000000, "200 ");
	free(input);
}

static void test_expect_continue(void **state)
{
	(void)state;
	check(POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "100 ");
	check(POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" GET,
		"100 200 200 ");
	check(POST "Expect: 100-continue\r\n\r\n", "200 ");
	check("POST / HTTP/1.0\r\nExpect: 100-continue\r\n"
	      "Content-Length: 3\r\n\r\n",
		"");
	check("PUT / HTTP/1.1\r\n" HOST
	      "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
		"405 .");
	check(POST "Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n",
		"413 .");
}

#define ECHO "POST /echo HTTP/1.1\r\n" HOST

static void test_a_body_that_goes_back(void **state)
{
	(void)state;
	check_says("", ECHO "Content-Length: 9\r\n\r\nsome text",
		"Content-Length: 9\r\n\r\nsome text");
	check(ECHO "Content-Length: 0\r\n\r\n" GET, "200 200 ");
	check(ECHO "Content-Length: 3\r\n\r\nabc" ECHO
		   "Content-Length: 5\r\n\r\ndefgh" GET,
		"200 200 200 ");
	check_says("", ECHO "Content-Length: 5\r\n\r\nabc", "\r\n\r\nabc");
	check(ECHO "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		"100 200 ");
	check(ECHO "Connection: close\r\nContent-Length: 3\r\n\r\nabc" GET,
		"200 .");
	check(ECHO "Content-Length: 2000000\r\n\r\n", "413 .");
	check(ECHO "Transfer-Encoding: chunked\r\n\r\n"
		   "3\r\nabc\r\n0\r\n\r\n" GET,
		"411 200 ");
	check("GET /echo HTTP/1.1\r\n" HOST "\r\n", "405 ");
	check_says("", "GET /echo HTTP/1.1\r\n" HOST "\r\n", "Allow: POST\r\n");
	check("PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx" GET,
		"405 200 ");
}

/* ---- what is refused --------------------------------------------------- */

/* Each of these ends the connection: what follows is never looked at. */

static const char *const bad_lines[] = {
	"hello\r\n",
	"GET\r\n",
	"GET /\r\n",
	"GET  / HTTP/1.1\r\n" HOST "\r\n",
	"GET /  HTTP/1.1\r\n" HOST "\r\n",
	" GET / HTTP/1.1\r\n" HOST "\r\n",
	"GET / HTTP/1.1 \r\n" HOST "\r\n",
	"GET\t/ HTTP/1.1\r\n" HOST "\r\n",
	"GET / http/1.1\r\n" HOST "\r\n",
	"GET / HTTP/1\r\n" HOST "\r\n",
	"GET / HTTP/1.10\r\n" HOST "\r\n",
	"GET / HTTP/1.x\r\n" HOST "\r\n",
	"GET / HTTP/x.1\r\n" HOST "\r\n",
	"GET / FTP/1.1\r\n" HOST "\r\n",
	"G@T / HTTP/1.1\r\n" HOST "\r\n",
	"GET x HTTP/1.1\r\n" HOST "\r\n",
	"GET * HTTP/1.1\r\n" HOST "\r\n",
	"GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n",
	"GET http:///x HTTP/1.1\r\n" HOST "\r\n",
	"GET http://a\\b/ HTTP/1.1\r\n" HOST "\r\n",
	"GET /#x HTTP/1.1\r\n" HOST "\r\n",
	"GET /\x80 HTTP/1.1\r\n" HOST "\r\n",
	"GET /\x01 HTTP/1.1\r\n" HOST "\r\n",
	"GET / HTTP/1.1\r\r\n" HOST "\r\n",
	"\rGET / HTTP/1.1\r\n" HOST "\r\n",
	NULL,
};

static const char *const bad_fields[] = {
	"GET / HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST HOST "\r\n",
	"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X : y\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X\t: y\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST ": y\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST " X: y\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: y\r\n z\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: y\r\n\tz\r\n\r\n",
	"GET / HTTP/1.1\r\n X: y\r\n" HOST "\r\n",
	"GET / HTTP/1.1\r\n" HOST "X(: y\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "X: y\r\r\n\r\n",
	NULL,
};

static const char *const bad_framing[] = {
	POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
	POST "Content-Length: 3, 3\r\n\r\nabc",
	POST "Content-Length: +3\r\n\r\nabc",
	POST "Content-Length: -3\r\n\r\nabc",
	POST "Content-Length: 3 3\r\n\r\nabc",
	POST "Content-Length: 0x3\r\n\r\nabc",
	POST "Content-Length: 3a\r\n\r\nabc",
	POST "Content-Length:\r\n\r\nabc",
	POST "Content-Length : 3\r\n\r\nabc",
	POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
	POST "Transfer-Encoding : chunked\r\n\r\n",
	POST "Transfer-Encoding:\r\n\r\n",
	POST "Transfer-Encoding: gzip\r\n\r\n",
	POST "Transfer-Encoding: identity\r\n\r\n",
	POST "Transfer-Encoding: xchunked\r\n\r\n",
	POST "Transfer-Encoding: chunked;q=1\r\n\r\n",
	POST "Transfer-Encoding: chunked, gzip\r\n\r\n",
	POST "Transfer-Encoding: chunked, chunked\r\n\r\n",
	POST "Transfer-Encoding: chunked\r\n"
	     "Transfer-Encoding: chunked\r\n\r\n",
	POST "Transfer-Encoding: \x0b"
	     "chunked\r\n\r\n",
	"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
	"GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
	"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	NULL,
};

static void check_refused(const char *const *requests)
{
	for (; *requests; requests++) {
		char input[512];

		snprintf(input, sizeof(input), "%s" GET, *requests);
		check(input, "400 .");
	}
}

static void test_bad_request_lines(void **state)
{
	(void)state;
	check_refused(bad_lines);
}

static void test_bad_fields(void **state)
{
	(void)state;
	check_refused(bad_fields);
}

static void test_bodies_that_end_nowhere_or_twice(void **state)
{
	(void)state;
	check_refused(bad_framing);
}

static void test_zero_bytes_are_refused(void **state)
{
	static const char line[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
	static const char name[] = "GET / HTTP/1.1\r\n" HOST "X\0: y\r\n\r\n";
	static const char value[] = "GET / HTTP/1.1\r\n" HOST "X: \0\r\n\r\n";

	(void)state;
	check_bytes("", line, sizeof(line) - 1, "400 .");
	check_bytes("", name, sizeof(name) - 1, "400 .");
	check_bytes("", value, sizeof(value) - 1, "400 .");
}

static void test_what_is_not_implemented(void **state)
{
	(void)state;
	check("GET / HTTP/2.0\r\n" HOST "\r\n" GET, "505 .");
	check("GET / HTTP/0.9\r\n\r\n" GET, "505 .");
	check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 .");
	check(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" GET,
		"501 .");
}

static void test_refusal_does_not_wait_for_the_rest(void **state)
{
	(void)state;
	check("HELO there\r\n", "400 .");
	check("GET / HTTP/3.0\r\n", "505 .");
}

/* ---- limits ------------------------------------------------------------ */

/* A request whose line, with its end, has `line` bytes, and whose head has
 * `head` bytes in `fields` fields besides Host. */
static char *sized(size_t line, size_t head, unsigned fields)
{
	char *text = malloc(head + 64), *at = text;
	const size_t rest = 5 + 11; /* "GET /", " HTTP/1.1\r\n" */

	assert_non_null(text);
	at += sprintf(at, "GET /");
	memset(at, 'x', line - rest);
	at += line - rest;
	at += sprintf(at, " HTTP/1.1\r\n" HOST);
	while (fields--) {
		size_t left = head - (size_t)(at - text) - 2, n = left;

		if (fields)
			n = 6;
		at += sprintf(at, "X: ");
		memset(at, 'y', n - 5);
		at += n - 5;
		at += sprintf(at, "\r\n");
	}
	strcpy(at, "\r\n");
	assert_int_equal(strlen(text), head);
	return text;
}

static void check_sized(
	size_t line, size_t head, unsigned fields, const char *expect)
{
	char *text = sized(line, head, fields);

	check(text, expect);
	free(text);
}

static void test_limits(void **state)
{
	char *line = malloc(HTTP_LINE_MAX + 1);

	(void)state;
	check_sized(HTTP_LINE_MAX, 9000, 1, "404 ");
	check_sized(HTTP_LINE_MAX + 1, 9000, 1, "414 .");
	check_sized(100, HTTP_HEAD_MAX, 3, "404 ");
	check_sized(100, HTTP_HEAD_MAX + 1, 3, "431 .");
	check_sized(100, 2000, HTTP_FIELDS_MAX - 1, "404 ");
	check_sized(100, 2000, HTTP_FIELDS_MAX, "431 .");
	assert_non_null(line); /* no line end needs to come */
	memset(line, 'G', HTTP_LINE_MAX);
	line[HTTP_LINE_MAX] = '\0';
	check(line, "414 .");
	line[HTTP_LINE_MAX - 1] = '\0';
	check(line, "");
	free(line);
}

/* The end of the trailer is limited like the head. */
static void test_trailer_limit(void **state)
{
	const size_t field = strlen("X: y\r\n");
	char *input = malloc(strlen(CHUNKED) + 4 + HTTP_HEAD_MAX + 64);
	char *at = input;

	(void)state;
	assert_non_null(input);
	at += sprintf(at, CHUNKED "0\r\n");
	for (size_t n = 0; n <= HTTP_HEAD_MAX; n += field)
		at += sprintf(at, "X: y\r\n");
	check(input, "431 .");
	free(input);
}

/* ---- every split ------------------------------------------------------- */

static void test_split_at_every_byte(void **state)
{
	static const char input[] =
		"\r\n" GET CHUNKED "3\r\nabc\r\n0\r\nX: y\r\n\r\n" POST
		"Content-Length: 4\r\n\r\n\r\n\r\nHEAD /x HTTP/1.0\r\n"
		"Connection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nbad\r\n\r\n";
	const size_t len = sizeof(input) - 1;
	struct conversation whole = talk("", input, len);

	(void)state;
	assert_int_equal(whole.requests, 5);
	for (size_t i = 0; i <= len; i++) {
		struct harness h;
		char *output;

		harness_init(&h, &handler_http, "");
		harness_send(&h, input, i);
		harness_send(&h, input + i, len - i);
		output = (char *)harness_output(&h, NULL);
		tidy_dates(output);
		assert_string_equal(output, whole.output);
		harness_release(&h);
	}
	free(whole.output);
}

/* ---- the server about itself ------------------------------------------- */

static void test_status_and_metrics(void **state)
{
	static const char status[] = "GET /status HTTP/1.0\r\n\r\n";
	static const char metrics[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct harness h;

	(void)state;
	harness_init(&h, &handler_http, "");
	harness_send_text(&h, GET GET);
	harness_output(&h, NULL);
	harness_send_text(&h, status);
	assert_non_null(strstr(h.output, "\"serverlab.server/1\""));
	assert_non_null(strstr(h.output, "\"requests\": 2,"));
	harness_release(&h);

	harness_init(&h, &handler_http, "");
	harness_send_text(&h, GET);
	board_error(h.server.board, "read", 104);
	h.server.handler_spec = "http:root=\"\\";
	harness_output(&h, NULL);
	harness_send_text(&h, metrics);
	harness_output(&h, NULL);
	assert_non_null(strstr(h.output, "version=0.0.4"));
	assert_non_null(strstr(h.output, "\nserverlab_requests_total 1\n"));
	assert_non_null(strstr(h.output, "\nserverlab_connections_open 1\n"));
	assert_non_null(strstr(h.output,
		"\nserverlab_errors_total{error=\"read.ECONNRESET\"} 1\n"));
	assert_non_null(strstr(h.output, "handler=\"http:root=\\\"\\\\\"}"));
	harness_release(&h);
}

/* ---- files ------------------------------------------------------------- */

static char root[] = "/tmp/serverlab-http-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int make_root(void **state)
{
	char path[256];
	FILE *large;

	(void)state;
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/sub", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/empty", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/fifo", root);
	mkfifo(path, 0644);
	snprintf(path, sizeof(path), "%s/link", root);
	if (symlink("/etc/passwd", path) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/up", root);
	if (symlink("..", path) < 0)
		return -1;
	put("index.html", "<p>root");
	put("sub/index.html", "<p>sub");
	put("a b.txt", "spaced");
	put("nothing.css", "");
	put(".hidden", "secret");
	snprintf(path, sizeof(path), "%s/large.bin", root);
	large = fopen(path, "w");
	if (!large)
		return -1;
	for (int i = 0; i < 300000; i++)
		fputc(i % 251, large);
	return fclose(large);
}

static int remove_root(void **state)
{
	static const char *const names[] = {"sub/index.html", "sub", "empty",
		"fifo", "link", "up", "index.html", "a b.txt", "nothing.css",
		".hidden", "large.bin", ""};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		if (remove(path) < 0)
			return -1;
	}
	return 0;
}

static struct conversation get_file(const char *path, const char *fields)
{
	char options[64], input[512];

	snprintf(options, sizeof(options), "root=%s", root);
	snprintf(input, sizeof(input), "GET %s HTTP/1.1\r\n" HOST "%s\r\n",
		path, fields);
	return talk(options, input, strlen(input));
}

static void check_file(const char *path, const char *expect, const char *says)
{
	struct conversation c = get_file(path, "");
	char got[512];

	summarise(&c, got);
	if (strcmp(got, expect) || !strstr(c.output, says))
		fail_msg("%s brought %s", path, c.output);
	free(c.output);
}

static void test_files(void **state)
{
	(void)state;
	check_file("/", "200 ", "\r\n\r\n<p>root");
	check_file("/index.html", "200 ", "Content-Type: text/html");
	check_file("/sub/", "200 ", "\r\n\r\n<p>sub");
	check_file("/sub/index.html?x=y", "200 ", "\r\n\r\n<p>sub");
	check_file("/a%20b.txt", "200 ", "\r\n\r\nspaced");
	check_file("/nothing.css", "200 ", "Content-Length: 0\r\n");
	check_file("/sub", "301 ", "\r\nLocation: /sub/\r\n");
	check_file("/sub?q", "301 ", "\r\nLocation: /sub/?q\r\n");
	check_file("/empty/", "404 ", "");
}

static void test_nothing_outside_the_root(void **state)
{
	static const char *const paths[] = {"/../etc/passwd",
		"/sub/../index.html", "/./index.html",
		"/%2e%2e/%2e%2e/etc/passwd", "/..%2fetc/passwd", "//etc/passwd",
		"//index.html", "/sub//index.html", "/link", "/up/etc/passwd",
		"/up/", "/fifo", "/.hidden", "/.", "/..", "/index.html/",
		"/index.html/x", "/nothing", "/large.bin%2f",
		"/\\..\\..\\etc\\passwd"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		check_file(paths[i], "404 ", "");
	check_file("/%00", "400 ", "");
	check_file("/index.html%00.txt", "400 ", "");
	check_file("/%0d%0aX:y", "400 ", "");
	check_file("/%", "400 ", "");
	check_file("/%4", "400 ", "");
	check_file("/%g0", "400 ", "");
}

static void test_large_file_in_pieces(void **state)
{
	struct conversation c = get_file("/large.bin", "");
	const char *body = c.output + c.output_len - 300000;

	(void)state;
	assert_true(c.output_len > 300000);
	for (int i = 0; i < 300000; i++)
		assert_int_equal((unsigned char)body[i], i % 251);
	assert_int_equal(c.requests, 1);
	free(c.output);
}

static void test_file_waits_for_its_reader(void **state)
{
	struct harness h;
	char options[64];
	size_t queued = 0;

	(void)state;
	snprintf(options, sizeof(options), "root=%s", root);
	harness_init(&h, &handler_http, options);
	h.deaf = true;
	harness_send_text(&h, "GET /large.bin HTTP/1.1\r\n" HOST "\r\n" GET);
	assert_non_null(conn_output(h.conn, &queued));
	assert_true(queued <= 65536);
	/* The next request waits until the file was sent. */
	assert_int_equal(harness_requests(&h), 1);
	h.deaf = false;
	harness_run(&h);
	assert_int_equal(harness_requests(&h), 2);
	harness_release(&h);

	/* A peer that goes in the middle: the file is closed. */
	harness_init(&h, &handler_http, options);
	h.deaf = true;
	harness_send_text(&h, "GET /large.bin HTTP/1.1\r\n" HOST "\r\n");
	conn_fail(h.conn, "write", 32);
	harness_release(&h);
}

/* The size was promised already: only the end of the connection can tell. */
static void test_file_that_shrinks_ends_the_connection(void **state)
{
	char options[64], path[128];
	struct harness h;

	(void)state;
	put("shrinks", "");
	snprintf(path, sizeof(path), "%s/shrinks", root);
	assert_int_equal(truncate(path, 300000), 0);
	snprintf(options, sizeof(options), "root=%s", root);
	harness_init(&h, &handler_http, options);
	h.deaf = true;
	harness_send_text(&h, "GET /shrinks HTTP/1.1\r\n" HOST "\r\n" GET);
	assert_int_equal(truncate(path, 200000), 0);
	h.deaf = false;
	harness_run(&h);
	assert_true(conn_done(h.conn));
	assert_in_range(h.output_len, 200000, 201000);
	harness_release(&h);
	assert_int_equal(remove(path), 0);
}

static void test_no_descriptor_is_503(void **state)
{
	struct rlimit limit, none;
	struct harness h;
	char options[64];

	(void)state;
	snprintf(options, sizeof(options), "root=%s", root);
	harness_init(&h, &handler_http, options);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit) {0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	harness_send_text(&h, "GET /index.html HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_memory_equal(harness_output(&h, NULL),
		"HTTP/1.1 503 Service Unavailable\r\n", 34);
	harness_send_text(&h, "GET /index.html HTTP/1.1\r\n" HOST "\r\n");
	assert_memory_equal(
		harness_output(&h, NULL), "HTTP/1.1 200 OK\r\n", 17);
	harness_release(&h);
}

static void find_field(
	const struct conversation *c, const char *name, char *out)
{
	const char *at = strstr(c->output, name);

	assert_non_null(at);
	snprintf(out, 128, "%.*s", (int)strcspn(at, "\r"), at);
}

static void check_conditional(const char *fields, const char *expect)
{
	struct conversation c = get_file("/index.html", fields);
	char got[512];

	summarise(&c, got);
	if (strcmp(got, expect))
		fail_msg("%s brought %s", fields, c.output);
	free(c.output);
}

static void test_not_modified(void **state)
{
	struct conversation c = get_file("/index.html", "");
	char etag[128], modified[128], fields[256];

	(void)state;
	find_field(&c, "ETag: ", etag);
	find_field(&c, "Last-Modified: ", modified);
	snprintf(fields, sizeof(fields), "If-None-Match: %s\r\n", etag + 6);
	check_conditional(fields, "304 ");
	snprintf(fields, sizeof(fields), "If-None-Match: \"x\", W/%s\r\n",
		etag + 6);
	check_conditional(fields, "304 ");
	check_conditional("If-None-Match: *\r\n", "304 ");
	check_conditional("If-None-Match: \"other\"\r\n", "200 ");
	snprintf(fields, sizeof(fields), "If-Modified-Since: %s\r\n",
		modified + 15);
	check_conditional(fields, "304 ");
	check_conditional(
		"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "200 ");
	check_conditional("If-Modified-Since: yesterday\r\n", "200 ");
	snprintf(fields, sizeof(fields),
		"If-None-Match: \"x\"\r\nIf-Modified-Since: %s\r\n",
		modified + 15);
	check_conditional(fields, "200 "); /* the tag is the stronger sign */
	free(c.output);
}

static void test_missing_root_is_told(void **state)
{
	const struct {
		const char *path;
		uint64_t body, limit;
	} options = {"/nonexistent/root", 0, 0};
	const struct handler_config config = {.options = &options};
	const int saved = dup(STDERR_FILENO),
		  null = open("/dev/null", O_WRONLY);
	int error;

	(void)state;
	dup2(null, STDERR_FILENO);
	error = handler_http.setup(&config);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
	assert_int_equal(error, -2); /* ENOENT */
}

/* ---- dates ------------------------------------------------------------- */

static void test_dates(void **state)
{
	char text[HTTP_DATE_SIZE];

	(void)state;
	assert_string_equal(http_date_format(784111777, text),
		"Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(http_date_parse(text, HTTP_DATE_LEN), 784111777);
	assert_string_equal(
		http_date_format(0, text), "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_string_equal(http_date_format(951827696, text),
		"Tue, 29 Feb 2000 12:34:56 GMT");
	assert_int_equal(http_date_parse("", 0), -1);
	assert_int_equal(
		http_date_parse("Sun, 06 Nov 1994 08:49:37 XYZ", 29), -1);
	assert_int_equal(http_date_parse(http_date_now(), 30), -1);
	assert_true(http_date_parse(http_date_now(), HTTP_DATE_LEN) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_and_head),
		cmocka_unit_test(test_whole_reply),
		cmocka_unit_test(test_large_page),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(
			test_no_request_is_under_way_after_an_empty_line),
		cmocka_unit_test(test_forms_of_a_request),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_body_by_length),
		cmocka_unit_test(test_body_in_chunks),
		cmocka_unit_test(test_broken_chunks),
		cmocka_unit_test(test_chunk_size_without_end),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_body_larger_than_any_buffer),
		cmocka_unit_test(test_expect_continue),
		cmocka_unit_test(test_a_body_that_goes_back),
		cmocka_unit_test(test_bad_request_lines),
		cmocka_unit_test(test_bad_fields),
		cmocka_unit_test(test_bodies_that_end_nowhere_or_twice),
		cmocka_unit_test(test_zero_bytes_are_refused),
		cmocka_unit_test(test_what_is_not_implemented),
		cmocka_unit_test(test_refusal_does_not_wait_for_the_rest),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_trailer_limit),
		cmocka_unit_test(test_split_at_every_byte),
		cmocka_unit_test(test_status_and_metrics),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_nothing_outside_the_root),
		cmocka_unit_test(test_large_file_in_pieces),
		cmocka_unit_test(test_file_waits_for_its_reader),
		cmocka_unit_test(test_file_that_shrinks_ends_the_connection),
		cmocka_unit_test(test_no_descriptor_is_503),
		cmocka_unit_test(test_not_modified),
		cmocka_unit_test(test_missing_root_is_told),
		cmocka_unit_test(test_dates),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
