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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct ring {
	struct io_uring ring;
	struct io_uring_buf_ring *provided;
	char *buffers;
	unsigned count; /* of buffers: a power of two */
};

enum {
	RING_BUFFER = 4096, /* bytes of each */
};

/*
 * `entries`: operations that one system call can begin. `sqpoll_ns`: a kernel
 * thread looks for them, and sleeps when it has seen none for so long; 0: none
 * does. `buffers`: how many to provide. 0, or -errno with nothing left open.
 */
int ring_open(
	struct ring *r, unsigned entries, uint64_t sqpoll_ns, unsigned buffers);
/* Ends all operations; their memory may go then. */
void ring_close(struct ring *r);

/* What an error of ring_open() means, for people. */
const char *ring_reason(int error);

/* ---- operations --------------------------------------------------------
 *
 * Each is put into the ring and begins with the next ring_begin() or
 * ring_wait(), or when there is no room for more; its completions carry
 * `name`. 0, or -EBUSY: the kernel takes no more now. */

/* Into a provided buffer; again and again with `multishot`. */
int ring_receive(struct ring *r, int fd, bool multishot, uint64_t name);
/* The bytes must stay until it is complete. */
int ring_send(
	struct ring *r, int fd, const char *buf, size_t len, uint64_t name);
/* Again and again. */
int ring_accept(struct ring *r, int fd, uint64_t name);
/* Completes once, when there is something to read. */
int ring_poll(struct ring *r, int fd, uint64_t name);
/* The operation of that name completes with ECANCELED, if it had not before.
 * Itself it completes under the name 0. */
int ring_cancel(struct ring *r, uint64_t name);

/* Begins all: on return the kernel knows their sockets. */
void ring_begin(struct ring *r);

/* Begins all and waits until something has completed or the time is over
 * (NULL: never); one system call. 0, also when it was cut short, or -errno. */
int ring_wait(struct ring *r, const struct timespec *timeout);

/* Calls `done` for all that has completed by now. */
void ring_reap(struct ring *r,
	void (*done)(void *arg, const struct io_uring_cqe *cqe), void *arg);

/* The buffer that a completion has filled, and giving it back. */
char *ring_buffer(struct ring *r, const struct io_uring_cqe *cqe);
void ring_recycle(struct ring *r, const struct io_uring_cqe *cqe);

#endif
