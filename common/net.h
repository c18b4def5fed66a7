/* SPDX-License-Identifier: MIT */
/* Addresses and sockets: IPv4, IPv6 and Unix, by one notation. */
#ifndef SERVERLAB_COMMON_NET_H
#define SERVERLAB_COMMON_NET_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} sa;
};

enum { ADDRESS_TEXT = 128 }; /* holds any address as text */

/*
 * "127.0.0.1:7000", "[::1]:7000", "localhost:7000", ":7000" (all addresses)
 * or "unix:/path". Names are looked up once. 0, or -EINVAL with a sentence in
 * `why` (WHY_SIZE bytes).
 */
int address_parse(struct address *a, const char *text, char *why);

/* The same notation back. Returns buf (ADDRESS_TEXT bytes). */
const char *address_format(const struct address *a, char *buf);

/* A bound, listening, non-blocking, close-on-exec socket whose connections
 * inherit TCP_NODELAY; `reuseport` lets several listen on one address. A stale
 * Unix socket file is replaced, a live one is not. The descriptor or -errno. */
int net_listen(const struct address *a, int backlog, int reuseport);

/* The address a socket is bound to (the port that port 0 became). 0/-errno */
int net_local(int fd, struct address *a);
/* The address of the other side. 0/-errno */
int net_peer(int fd, struct address *a);

/* Raises the soft limit on descriptors to the hard one; returns the soft
 * limit afterwards. */
unsigned long net_raise_descriptor_limit(void);

#endif
