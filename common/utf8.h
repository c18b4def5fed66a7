/* SPDX-License-Identifier: MIT */
/* What is UTF-8, the one encoding of all that is read and written here. */
#ifndef SERVERLAB_COMMON_UTF8_H
#define SERVERLAB_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the well-formed sequence that a text begins with (RFC 3629:
 * shortest form, no surrogates, at most U+10FFFF), or 0. It is 1 at the end. */
size_t utf8_length(const char *text);

/* Whether the text consists of such sequences alone. */
bool utf8_is_whole(const char *text);

#endif
