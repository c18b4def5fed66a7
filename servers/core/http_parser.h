/* SPDX-License-Identifier: MIT */
/*
 * Reads HTTP/1.1 requests (RFC 9112): the head, and the body that follows it.
 *
 * It is strict where two readers of the same bytes could disagree about where
 * a request ends, for that is how one request is smuggled within another:
 * Content-Length together with Transfer-Encoding, a repeated length, space
 * before a colon, a folded line, a bare CR and a transfer coding other than
 * chunked are all refused. A head's lines may end in LF alone, so that one can
 * be typed; a chunk's may not.
 *
 * It makes no system call and allocates nothing. Refusals are HTTP statuses,
 * negative: -400. What comes out depends on the bytes alone, never on how they
 * were split.
 */
#ifndef SERVERLAB_CORE_HTTP_PARSER_H
#define SERVERLAB_CORE_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "servers/core/framing.h"

enum {
	HTTP_LINE_MAX = 8192,  /* of the request line; longer: 414 */
	HTTP_HEAD_MAX = 32768, /* of the whole head; longer: 431 */
	HTTP_FIELDS_MAX = 100, /* header fields; more: 431 */
};

/* Bytes of the buffer that was parsed, not terminated. NULL: not there. */
struct http_text {
	const char *at;
	size_t len;
};

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_KNOWN,   /* another one that RFC 9110 or 5789 defines */
	HTTP_UNKNOWN, /* any other token */
};

struct http_request {
	enum http_method method;
	struct http_text path, query; /* as sent, with %XX */
	struct http_text host, if_none_match, if_modified_since;
	int minor;	      /* of HTTP/1.minor */
	bool keep_alive;      /* as version and Connection say */
	bool expect_continue; /* it waits for "100 Continue" */
	bool chunked;
	bool has_length;
	uint64_t length; /* of the body, if has_length */
};

/* How far the search for the head's end has come. One per connection, zeroed;
 * zero again after each whole head. */
struct http_scan {
	uint32_t scanned; /* bytes in which the head does not end */
	uint32_t line;	  /* length of the request line, once accepted */
};

/*
 * Looks for a head at the front of buf[0..len), where the bytes of the last
 * call come first if it returned 0. Returns the head's length, 0 if it is not
 * whole yet, or a refusal: 400, 414, 431, 501 or 505.
 */
ssize_t http_parse_head(struct http_scan *scan, const char *buf, size_t len,
	struct http_request *r);

/* The length of an empty line at the front, which may precede a request and is
 * to be ignored; else 0. */
size_t http_empty_line(const char *buf, size_t len);

enum http_body_part {
	HTTP_BODY_DONE,
	HTTP_BODY_BYTES,   /* of Content-Length, or of a chunk: `left` more */
	HTTP_BODY_SIZE,	   /* a chunk's size is next */
	HTTP_BODY_END,	   /* the CRLF that ends a chunk's bytes */
	HTTP_BODY_TRAILER, /* trailer fields, or the empty line after them */
};

struct http_body {
	struct framing lines;
	uint64_t left;	   /* bytes to come in this part */
	uint64_t total;	   /* bytes of content announced so far */
	uint32_t trailers; /* bytes in trailer fields */
	uint8_t part;	   /* enum http_body_part */
	bool chunked;
};

/* The body that follows this head. 0, or -413 if more than `limit` bytes are
 * announced. Done at once where there is none. */
int http_body_begin(
	struct http_body *b, const struct http_request *r, uint64_t limit);

static inline bool http_body_done(const struct http_body *b)
{
	return b->part == HTTP_BODY_DONE;
}

/*
 * Takes one part of the body from the front of buf[0..len), len > 0. Returns
 * the bytes taken, 0 if the part is not whole yet, or a refusal: 400, 413 or
 * 431. `content` is what the body holds of them, perhaps nothing.
 */
ssize_t http_body_next(struct http_body *b, const char *buf, size_t len,
	uint64_t limit, struct http_text *content);

/*
 * Resolves the %XX of a path into `out` (size > len), terminated. Returns its
 * length, or -400: bad digits, or a byte that no path holds (below space).
 */
ssize_t http_decode_path(const struct http_text *path, char *out, size_t size);

/* Is `token` (lower case) an element of this comma-separated list? */
bool http_list_has(const struct http_text *list, const char *token);

#endif
