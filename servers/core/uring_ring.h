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

#include "common/options.h"
#include "servers/core/server.h"

/* The variants of a ring that people choose; RING_OPTIONS() names them. */
struct ring_options {
	uint64_t sqpoll, batch, buffers;
};

struct ring {
	struct io_uring ring;
	struct io_uring_buf_ring *provided;
	char *buffers;
	unsigned count; /* of buffers: a power of two */
};

enum {
	RING_BUFFER = 4096, /* bytes of each */
};

/* The part of a model's option table that fills the struct ring_options that is
 * `member` of the struct `options_`. */
#define RING_OPTIONS(options_, member)                                         \
	{                                                                      \
		.name = "sqpoll",                                              \
		.type = OPTION_TIME,                                           \
		.offset = offsetof(options_, member.sqpoll),                   \
		.preset = "0",                                                 \
		.max = 10 * NS_PER_S,                                          \
		.help = "a kernel thread looks for operations, and sleeps "    \
			"after so long without; 0: none does",                 \
	},                                                                     \
		{                                                              \
			.name = "batch",                                       \
			.type = OPTION_COUNT,                                  \
			.offset = offsetof(options_, member.batch),            \
			.preset = "256",                                       \
			.min = 1,                                              \
			.max = 4096,                                           \
			.help = "operations that one system call may begin",   \
		},                                                             \
	{                                                                      \
		.name = "buffers", .type = OPTION_COUNT,                       \
		.offset = offsetof(options_, member.buffers), .preset = "512", \
		.min = 1, .max = 32768,                                        \
		.help = "receive buffers of 4 KiB that a loop's connections "  \
			"share, rounded up to a power of two",                 \
	}

/* 0; or -errno after saying why, with nothing left open. */
int ring_open(struct ring *r, const struct ring_options *options);
/* Ends all operations; their memory may go then. */
void ring_close(struct ring *r);

/* Can a ring be opened here? 0, or -errno with the reason in `why`. */
int ring_available(const struct ring_options *options, char why[WHY_SIZE]);

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
