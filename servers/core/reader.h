/* SPDX-License-Identifier: MIT */
/* Reads lines from a stream: for handlers in the sequential style what
 * framing.h is for those in the callback style. */
#ifndef SERVERLAB_CORE_READER_H
#define SERVERLAB_CORE_READER_H

#include <stddef.h>

#include "servers/core/framing.h"

struct stream;

/* Zeroed at first. It holds the longest line: better in the connection's state
 * than on the stack, which may be small. */
struct reader {
	struct framing framing;
	size_t start, end; /* the bytes read and not yet given out */
	char bytes[FRAMING_LINE_MAX + 2];
};

/*
 * Waits for the next line: 1; 0 at the peer's end, where a rest without a
 * line's end is dropped; or -errno, -EMSGSIZE where a line is too long. The
 * line is valid until the next call, and its bytes may be changed.
 */
int reader_line(struct reader *r, struct stream *s, struct frame *line);

#endif
