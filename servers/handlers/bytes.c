/* SPDX-License-Identifier: MIT */
/*
 * bytes: "4000\n" brings 4000 bytes, as in the client and server of Unix
 * Network Programming, chapter 30 (Stevens, Fenner, Rudoff).
 *
 * Any number of requests on a connection. Byte i of a reply is 'a' + i % 26,
 * each reply begins with 'a', and nothing follows it: the client verifies
 * that. Anything but a decimal number from 1 to 16384 is answered with a line
 * that begins with "error: ", and the connection ends.
 *
 * No options; a line is a request.
 */
#include <string.h>

#include "common/handler.h"
#include "servers/core/framing.h"

enum { BYTES_MAX = 16384 };

#define BYTES_ALPHABET "abcdefghijklmnopqrstuvwxyz"
#define BYTES_FOUR     BYTES_ALPHABET BYTES_ALPHABET BYTES_ALPHABET BYTES_ALPHABET
static const char bytes_block[] = BYTES_FOUR BYTES_FOUR BYTES_FOUR BYTES_FOUR;

/* The number that the line is, or 0 if it is none that is allowed. */
static size_t bytes_number(const struct frame *line)
{
	size_t n = 0;

	if (line->len == 0 || line->len > 5)
		return 0;
	for (size_t i = 0; i < line->len; i++) {
		if (line->text[i] < '0' || line->text[i] > '9')
			return 0;
		n = 10 * n + (size_t)(line->text[i] - '0');
	}
	return n <= BYTES_MAX ? n : 0;
}

static void bytes_write(struct conn *c, size_t n)
{
	const size_t block = sizeof(bytes_block) - 1;

	for (; n > block; n -= block)
		conn_write(c, bytes_block, block);
	conn_write(c, bytes_block, n);
}

static void bytes_refuse(struct conn *c, const char *error)
{
	conn_write(c, error, strlen(error));
	conn_finish(c);
}

static size_t bytes_data(struct conn *c, const char *buf, size_t len)
{
	struct frame line;
	size_t n;

	switch (framing_next(conn_state(c), buf, len, &line)) {
	case FRAMING_LINE:
		n = bytes_number(&line);
		if (n == 0) {
			bytes_refuse(c,
				"error: expected a number from 1 to 16384\n");
			return len;
		}
		bytes_write(c, n);
		conn_request_done(c);
		return line.taken;
	case FRAMING_TOO_LONG:
		bytes_refuse(c, FRAMING_TOO_LONG_TEXT);
		return len;
	default:
		return 0;
	}
}

const struct handler handler_bytes = {
	.name = "bytes",
	.summary = "\"4000\\n\" brings 4000 bytes (UNP, chapter 30)",
	.state_size = sizeof(struct framing),
	.data = bytes_data,
};
