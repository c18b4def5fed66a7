/* SPDX-License-Identifier: MIT */
/*
 * log: writes to the server's log that a connection was made, each line it
 * received, and that the connection was lost. It sends nothing.
 *
 * The server must run with -v for the log to be seen. A stranger's bytes never
 * reach a terminal: all but printable ASCII is shown as \xNN, and only the
 * beginning of a long line. A line of more than 16384 bytes ends the
 * connection. No options; a line is a request.
 */
#include <stdio.h>

#include "common/handler.h"
#include "common/log.h"
#include "servers/core/framing.h"

enum { LOG_SHOWN = 200, LOG_PEER = 64 };

struct log_state {
	struct framing framing;
	char peer[LOG_PEER]; /* once it is lost nobody can tell any more */
};

/* The beginning of the text, safe to print; `out` holds LOG_SHOWN + 8. */
static void log_escape(char *out, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const unsigned char b = (unsigned char)text[i];

		if (n >= LOG_SHOWN) {
			snprintf(out + n, 4, "...");
			return;
		}
		if (b < ' ' || b > '~' || b == '\\')
			n += (size_t)snprintf(out + n, 5, "\\x%02x", b);
		else
			out[n++] = (char)b;
	}
	out[n] = '\0';
}

static void log_open(struct conn *c)
{
	struct log_state *state = conn_state(c);

	conn_peer(c, state->peer, sizeof(state->peer));
	log_info("%s: connection made", state->peer);
}

static size_t log_data(struct conn *c, const char *buf, size_t len)
{
	struct log_state *state = conn_state(c);
	char shown[LOG_SHOWN + 8];
	struct frame line;

	switch (framing_next(&state->framing, buf, len, &line)) {
	case FRAMING_LINE:
		log_escape(shown, line.text, line.len);
		log_info("%s: line of %zu bytes: %s", state->peer, line.len,
			shown);
		conn_request_done(c);
		return line.taken;
	case FRAMING_TOO_LONG:
		log_info("%s: line longer than %d bytes", state->peer,
			FRAMING_LINE_MAX);
		conn_finish(c);
		return len;
	default:
		return 0;
	}
}

static void log_close(struct conn *c, int why)
{
	const struct log_state *state = conn_state(c);

	log_info("%s: connection lost%s%s", state->peer, why ? ": " : "",
		why ? errno_name(-why) : "");
}

const struct handler handler_log = {
	.name = "log",
	.summary = "logs each line it receives, sends nothing",
	.state_size = sizeof(struct log_state),
	.open = log_open,
	.data = log_data,
	.close = log_close,
};
