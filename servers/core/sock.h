/* SPDX-License-Identifier: MIT */
/*
 * The socket side of a connection, for models that read and write themselves:
 * one recv or send, and what its result means for the connection.
 */
#ifndef SERVERLAB_CORE_SOCK_H
#define SERVERLAB_CORE_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conn;

enum sock_result {
	SOCK_DONE,  /* something came or went, or the connection ended */
	SOCK_FULL,  /* the same, and there may be more at once */
	SOCK_AGAIN, /* the socket would block */
	SOCK_INTR,  /* a signal came first */
};

/* One recv(2) into the connection, whose handler runs. */
enum sock_result conn_recv(struct conn *c, int flags);
/* Has something come that was not received yet? One ioctl(2). */
bool conn_input_waits(const struct conn *c);
/* One recv(2) past the connection into a sequential handler's own buffer. The
 * bytes, 0 at the peer's end, or -errno. */
ssize_t conn_recv_into(struct conn *c, void *buf, size_t len, int flags);
/* One send(2) of what is to be sent, and one sendfile(2) where a file is next;
 * nothing to send is SOCK_DONE. */
enum sock_result conn_flush(struct conn *c, int flags);
/* Begins lingering: shuts down our side. False where it is of no use. */
bool conn_linger(struct conn *c);
/* One recv(2) of a lingering connection, thrown away. */
enum sock_result conn_discard(struct conn *c, int flags);

#endif
