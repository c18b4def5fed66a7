/* SPDX-License-Identifier: MIT */
/*
 * chargen: sends the character generator's pattern until the peer goes away
 * (RFC 864). Lines of 72 characters and CRLF; each begins one character later
 * in the ring of the 95 printable ones. Input is thrown away.
 *
 * Options: size=N, every N bytes written count as one request; 0, the default:
 * there are no requests. What is written may still be on its way: the server
 * is then ahead of the client's count.
 *
 * The case of the slow reader: it writes until the connection is choked, and
 * goes on when resume() says that the peer has read.
 */
#include <string.h>

#include "common/handler.h"
#include "common/options.h"
#include "servers/core/count.h"

enum { CHARGEN_RING = 95, CHARGEN_WIDTH = 72, CHARGEN_LINE = 74 };

/* The printable characters, and enough of them again for the last line. */
static const char chargen_ring[] =
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
	"abcdefghijklmnopqrstuvwxyz{|}~"
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
	"abcdef";

_Static_assert(sizeof(chargen_ring) == CHARGEN_RING + CHARGEN_WIDTH,
	"a line can begin at any character");

struct chargen_options {
	uint64_t size;
};

static const struct option_spec chargen_options[] = {
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct chargen_options, size),
		.preset = "0",
		.help = "bytes that count as one request (0: none are counted)",
	},
	{0},
};

struct chargen_state {
	uint64_t filled; /* bytes of the request not yet complete */
	size_t first;	 /* the character that begins the next line */
};

static void chargen_write(struct conn *c)
{
	const struct chargen_options *options = conn_options(c);
	struct chargen_state *state = conn_state(c);
	char line[CHARGEN_LINE];

	memcpy(line + CHARGEN_WIDTH, "\r\n", 2);
	while (!conn_choked(c)) {
		memcpy(line, chargen_ring + state->first, CHARGEN_WIDTH);
		conn_write(c, line, sizeof(line));
		state->first = (state->first + 1) % CHARGEN_RING;
		if (options->size > 0)
			count_bytes(
				c, &state->filled, options->size, sizeof(line));
	}
}

static size_t chargen_data(struct conn *c, const char *buf, size_t len)
{
	(void)c;
	(void)buf;
	return len;
}

const struct handler handler_chargen = {
	.name = "chargen",
	.summary = "sends a pattern without end (RFC 864)",
	.options = chargen_options,
	.options_size = sizeof(struct chargen_options),
	.state_size = sizeof(struct chargen_state),
	.open = chargen_write,
	.data = chargen_data,
	.resume = chargen_write,
};
