/* SPDX-License-Identifier: MIT */
/* Local addresses that connections are made from. */
#ifndef SERVERLAB_CLIENT_SOURCES_H
#define SERVERLAB_CLIENT_SOURCES_H

#include <stdint.h>

#include "common/net.h"

/* In turn. */
struct sources {
	struct address first;
	unsigned count; /* 0: the kernel chooses */
};

/* "A" or "A-B", of one family, alike but for the last 16 bits. 0 or -EINVAL. */
int sources_parse(struct sources *s, const char *text);

/* Connections that one source address is given: it has 28,000 ports. */
enum { SOURCES_EACH = 20000 };

/* For so many connections to a loopback server as the ports of one address
 * would not suffice for, several: the first is 127.0.0.1 + `skip`. Unchanged
 * where one is enough, or the server is elsewhere. */
void sources_spread(struct sources *sources, const struct address *server,
	uint64_t connections, unsigned skip);

/* The n-th source address, counted round. */
struct address sources_get(const struct sources *sources, uint64_t n);

#endif
