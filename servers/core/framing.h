/* SPDX-License-Identifier: MIT */
/*
 * Finds messages in a stream of bytes, for handlers whose protocol has lines.
 *
 * TCP delivers bytes, not messages: one read may end in the middle of a line
 * or bring ten. A connection is in line mode at first, where a message ends in
 * LF or CRLF; after framing_set_raw() the next bytes are taken as they come
 * (the body that follows a header), and then it is in line mode again.
 *
 * The bytes stay where they are, nothing is copied or allocated. All that is
 * kept is how far the search has come, so that a long line which trickles in
 * is looked at once and not from its beginning with every byte.
 */
#ifndef SERVERLAB_CORE_FRAMING_H
#define SERVERLAB_CORE_FRAMING_H

#include <stddef.h>
#include <stdint.h>

enum { FRAMING_LINE_MAX = 16384 }; /* bytes in a line, without its end */

/* What a handler tells its peer about FRAMING_TOO_LONG. */
#define FRAMING_TOO_LONG_TEXT "error: line longer than 16384 bytes\n"

/* One per connection, zeroed, in the handler's state. */
struct framing {
	uint64_t raw;	  /* bytes still to be taken as they come */
	uint32_t scanned; /* bytes at the front that hold no LF */
};

enum framing_result {
	FRAMING_MORE, /* nothing complete: offer the bytes again with more */
	FRAMING_LINE, /* a whole line */
	FRAMING_RAW,  /* some of the raw bytes */
	FRAMING_TOO_LONG, /* no line can come of this: end the connection */
};

/* What was found. Points into the buffer that was searched. */
struct frame {
	const char *text; /* not terminated */
	size_t len;	  /* without the line's end */
	size_t taken;	  /* with it: what data() returns */
};

/*
 * Looks at the front of buf[0..len), where the bytes of the last call come
 * first if it said FRAMING_MORE. `frame` is filled for LINE and RAW. A line's
 * fate depends on its bytes alone, never on how they were split.
 */
enum framing_result framing_next(
	struct framing *f, const char *buf, size_t len, struct frame *frame);

/* The next `bytes` bytes are raw; UINT64_MAX: all from here on; 0: back to
 * lines at once. */
void framing_set_raw(struct framing *f, uint64_t bytes);

#endif
