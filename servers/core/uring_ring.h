/* SPDX-License-Identifier: MIT */
/*
 * An io_uring with a ring of provided buffers: what a completion loop needs of
 * liburing, with the fastest set-up that the running kernel has.
 *
 * A ring belongs to the thread that opened it.
 */
#ifndef SERVERLAB_CORE_URING_RING_H
#define SERVERLAB_CORE_URING_RING_H

#include <liburing.h>
#include <stdint.h>
#include <time.h>

struct uring_ring {
	struct io_uring ring;
	struct io_uring_buf_ring *provided;
	char *buffers;
	unsigned count; /* of buffers: a power of two */
};

enum {
	URING_BUFFER = 4096, /* bytes of each */
	URING_GROUP = 0,     /* their group, as sqe->buf_group */
};

/*
 * `entries`: operations that one system call can begin. `sqpoll_ns`: a kernel
 * thread looks for them, and sleeps when it has seen none for so long; 0: none
 * does. `buffers`: how many to provide. 0, or -errno with nothing left open.
 */
int uring_open(struct uring_ring *u, unsigned entries, uint64_t sqpoll_ns,
	unsigned buffers);
/* Ends all operations; their memory may go then. */
void uring_close(struct uring_ring *u);

/* Room for one operation: begins those that wait for uring_wait() where there
 * is none. NULL: the kernel takes no more now. */
struct io_uring_sqe *uring_sqe(struct uring_ring *u);

/* Begins all operations: on return the kernel knows their sockets. */
void uring_begin(struct uring_ring *u);

/* Begins all operations and waits until `least` have completed or the time is
 * over (NULL: never); one system call. 0, also when it was cut short, or
 * -errno. */
int uring_wait(
	struct uring_ring *u, unsigned least, const struct timespec *timeout);

/* The buffer that a completion has filled, and giving it back. */
char *uring_buffer(struct uring_ring *u, const struct io_uring_cqe *cqe);
void uring_recycle(struct uring_ring *u, const struct io_uring_cqe *cqe);

#endif
