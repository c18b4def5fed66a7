/* SPDX-License-Identifier: MIT */
/*
 * Reads one HTTP/1.x response (RFC 9112), in whatever pieces it comes. Nothing
 * of the body is kept: its length and a hash of it tell whether two bodies
 * are the same.
 */
#ifndef SERVERLAB_CLIENT_HTTP_REPLY_H
#define SERVERLAB_CLIENT_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_phase {
	HTTP_STATUS_LINE, /* all of these zeroed is a fresh reply */
	HTTP_FIELDS,
	HTTP_BODY,	  /* of http_reply.left bytes more */
	HTTP_BODY_TO_END, /* until the connection ends */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_COMPLETE,
};

enum { HTTP_LINE = 256, HTTP_HEADER_MAX = 65536 };

struct http_reply {
	bool head_only; /* set by the caller: the answer to HEAD has no body */

	int phase; /* enum http_phase */
	int status;
	bool closes; /* the server will end the connection */
	bool keeps;  /* it says that it will not */
	bool old;    /* HTTP/1.0 */
	bool chunked, has_length;
	uint64_t length; /* Content-Length */
	uint64_t left;	 /* of the body, or of a chunk */
	uint64_t body_length;
	uint64_t body_hash, body_tail; /* of whole words; the bytes after */
	uint32_t header_length; /* bytes of the header, its end included */

	/* The line in progress, a run of blanks in it being one space. */
	bool whole;    /* a field: but the next line may go on with it */
	bool after_cr; /* which nothing but a line feed may follow */
	bool cut;      /* it is longer than line[] */
	uint32_t line_length;
	char line[HTTP_LINE];
};

enum http_result { HTTP_MORE, HTTP_DONE, HTTP_BAD };

/* Takes bytes of one response; *used says how many. */
enum http_result http_reply_feed(
	struct http_reply *r, const char *buf, size_t len, size_t *used);

/* A hash of the body, equal whatever pieces it came in. */
uint64_t http_reply_hash(const struct http_reply *r);

/* The connection has ended: was that the end of the body as well? */
bool http_reply_ends(const struct http_reply *r);

#endif
