/* SPDX-License-Identifier: MIT */
#include "client/sources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct address sources_get(const struct sources *sources, uint64_t n)
{
	struct address a = sources->first;
	unsigned char *low = (unsigned char *)&a.sa.in.sin_addr + 2;
	unsigned last;

	if (a.sa.any.sa_family == AF_INET6)
		low = a.sa.in6.sin6_addr.s6_addr + 14;
	last = low[0] * 256u + low[1] + (unsigned)(n % sources->count);
	low[0] = (unsigned char)(last / 256);
	low[1] = (unsigned char)last;
	return a;
}

void sources_spread(struct sources *sources, const struct address *server,
	uint64_t connections, unsigned skip)
{
	if (connections + skip * SOURCES_EACH <= SOURCES_EACH ||
		server->sa.any.sa_family != AF_INET ||
		ntohl(server->sa.in.sin_addr.s_addr) >> 24 != 127)
		return;
	sources->count =
		(unsigned)((connections + SOURCES_EACH - 1) / SOURCES_EACH);
	sources->first.len = sizeof(struct sockaddr_in);
	sources->first.sa.in = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + skip),
	};
}

/* An address without a port. */
static int sources_parse_ip(const char *text, struct address *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->sa.in.sin_addr) == 1) {
		a->sa.in.sin_family = AF_INET;
		a->len = sizeof(a->sa.in);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &a->sa.in6.sin6_addr) == 1) {
		a->sa.in6.sin6_family = AF_INET6;
		a->len = sizeof(a->sa.in6);
		return 0;
	}
	return -EINVAL;
}

static uint32_t sources_low(const struct address *a)
{
	const unsigned char *low =
		a->sa.any.sa_family == AF_INET6
			? a->sa.in6.sin6_addr.s6_addr + 12
			: (const unsigned char *)&a->sa.in.sin_addr;

	return (uint32_t)low[0] << 24 | (uint32_t)low[1] << 16 |
	       (uint32_t)low[2] << 8 | low[3];
}

int sources_parse(struct sources *s, const char *text)
{
	const char *dash = strchr(text, '-');
	struct address last;
	uint32_t from, to;
	char first[64];
	size_t len = dash ? (size_t)(dash - text) : strlen(text);

	if (len >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, len);
	first[len] = '\0';
	if (sources_parse_ip(first, &s->first) ||
		sources_parse_ip(dash ? dash + 1 : first, &last) ||
		last.sa.any.sa_family != s->first.sa.any.sa_family)
		return -EINVAL;
	from = sources_low(&s->first);
	to = sources_low(&last);
	if (to < from || from >> 16 != to >> 16)
		return -EINVAL;
	s->count = to - from + 1;
	return 0;
}
