/* SPDX-License-Identifier: MIT */
/* Dates as HTTP writes them: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110,
 * section 5.6.7). */
#ifndef SERVERLAB_CORE_HTTP_DATE_H
#define SERVERLAB_CORE_HTTP_DATE_H

#include <time.h>

enum { HTTP_DATE_LEN = 29, HTTP_DATE_SIZE = HTTP_DATE_LEN + 1 };

/* Returns buf. */
const char *http_date_format(time_t t, char buf[HTTP_DATE_SIZE]);

/* The time that `text` says, or -1. Only the form above is understood, not
 * the two obsolete ones. */
time_t http_date_parse(const char *text, size_t len);

/* Now. Written once a second and thread; valid until the thread's next call. */
const char *http_date_now(void);

#endif
