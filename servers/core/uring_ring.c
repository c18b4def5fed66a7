/* SPDX-License-Identifier: MIT */
#include "servers/core/uring_ring.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"

enum { RING_GROUP = 0 }; /* of the buffers, as sqe->buf_group */

/* ---- set-up ------------------------------------------------------------ */

/* From the best to what every kernel has. The first: completions are worked
 * off when we wait, and not in the middle of our work (Linux 6.1). */
static const unsigned ring_flags[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
		IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG,
	0,
};

static int ring_set_up(
	struct io_uring *ring, unsigned entries, uint64_t sqpoll_ns)
{
	const size_t tries = sizeof(ring_flags) / sizeof(*ring_flags);
	int error = -EINVAL;

	for (size_t i = 0; error == -EINVAL && i < tries; i++) {
		struct io_uring_params p = {
			.flags = ring_flags[i] | IORING_SETUP_CQSIZE |
				 IORING_SETUP_CLAMP,
			.cq_entries = entries * 16,
		};

		if (sqpoll_ns) {
			p.flags = IORING_SETUP_SQPOLL | IORING_SETUP_CQSIZE |
				  IORING_SETUP_CLAMP;
			p.sq_thread_idle =
				(unsigned)((sqpoll_ns - 1) / NS_PER_MS) + 1;
		}
		error = io_uring_queue_init_params(entries, ring, &p);
	}
	if (error)
		return error;
	if (!(ring->features & IORING_FEAT_EXT_ARG)) {
		io_uring_queue_exit(ring);
		return -ENOSYS;
	}
	/* Saves the kernel the search for the descriptor; optional. */
	io_uring_register_ring_fd(ring);
	return 0;
}

static void *ring_map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void ring_unmap(struct ring *r)
{
	if (r->provided)
		munmap(r->provided, r->count * sizeof(struct io_uring_buf));
	if (r->buffers)
		munmap(r->buffers, (size_t)r->count * RING_BUFFER);
}

static void ring_provide(struct ring *r, unsigned id)
{
	io_uring_buf_ring_add(r->provided,
		r->buffers + (size_t)id * RING_BUFFER, RING_BUFFER,
		(unsigned short)id, (int)r->count - 1, 0);
	io_uring_buf_ring_advance(r->provided, 1);
}

static int ring_provide_all(struct ring *r)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = r->count,
		.bgid = RING_GROUP,
	};
	int error;

	r->provided = ring_map(r->count * sizeof(struct io_uring_buf));
	r->buffers = ring_map((size_t)r->count * RING_BUFFER);
	if (!r->provided || !r->buffers)
		return -ENOMEM;
	reg.ring_addr = (uintptr_t)r->provided;
	error = io_uring_register_buf_ring(&r->ring, &reg, 0);
	if (error)
		return error;
	io_uring_buf_ring_init(r->provided);
	for (unsigned id = 0; id < r->count; id++)
		ring_provide(r, id);
	return 0;
}

static int ring_try(struct ring *r, const struct ring_options *options)
{
	int error;

	*r = (struct ring) {.count = 1};
	while (r->count < options->buffers)
		r->count *= 2;
	error = ring_set_up(
		&r->ring, (unsigned)options->batch, options->sqpoll);
	if (error)
		return error;
	error = ring_provide_all(r);
	if (error)
		ring_close(r);
	return error;
}

void ring_close(struct ring *r)
{
	io_uring_queue_exit(&r->ring);
	ring_unmap(r);
}

static const char *ring_reason(int error)
{
	switch (error) {
	case -ENOSYS:
		return "this kernel has none, or one older than Linux 5.19";
	case -EINVAL:
		return "it lacks buffer rings, which came with Linux 5.19";
	case -EPERM:
		return "forbidden here, by kernel.io_uring_disabled or the "
		       "seccomp filter of a container";
	default:
		return strerror(-error);
	}
}

int ring_open(struct ring *r, const struct ring_options *options)
{
	const int error = ring_try(r, options);

	if (error)
		log_warnx("cannot set up an io_uring: %s", ring_reason(error));
	return error;
}

int ring_available(const struct ring_options *options, char why[WHY_SIZE])
{
	struct ring r;
	const int error = ring_try(&r, options);

	if (!error) {
		ring_close(&r);
		return 0;
	}
	snprintf(why, WHY_SIZE, "no io_uring: %s", ring_reason(error));
	return -EOPNOTSUPP;
}

/* ---- operations -------------------------------------------------------- */

/* Room for one; where there is none, begins those that wait. */
static struct io_uring_sqe *ring_next(struct ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	if (sqe)
		return sqe;
	if (io_uring_submit(&r->ring) < 0)
		return NULL;
	if (r->ring.flags & IORING_SETUP_SQPOLL)
		io_uring_sqring_wait(&r->ring);
	return io_uring_get_sqe(&r->ring);
}

int ring_receive(struct ring *r, int fd, bool multishot, uint64_t name)
{
	struct io_uring_sqe *sqe = ring_next(r);

	if (!sqe)
		return -EBUSY;
	if (multishot)
		io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	else
		io_uring_prep_recv(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = RING_GROUP;
	io_uring_sqe_set_data64(sqe, name);
	return 0;
}

int ring_send(
	struct ring *r, int fd, const char *buf, size_t len, uint64_t name)
{
	struct io_uring_sqe *sqe = ring_next(r);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_send(sqe, fd, buf, len, MSG_NOSIGNAL);
	io_uring_sqe_set_data64(sqe, name);
	return 0;
}

int ring_accept(struct ring *r, int fd, uint64_t name)
{
	struct io_uring_sqe *sqe = ring_next(r);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data64(sqe, name);
	return 0;
}

int ring_poll(struct ring *r, int fd, uint64_t name)
{
	struct io_uring_sqe *sqe = ring_next(r);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_add(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, name);
	return 0;
}

int ring_cancel(struct ring *r, uint64_t name)
{
	struct io_uring_sqe *sqe = ring_next(r);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_cancel64(sqe, name, 0);
	io_uring_sqe_set_data64(sqe, 0);
	return 0;
}

void ring_begin(struct ring *r)
{
	while (io_uring_sq_ready(&r->ring)) {
		const int error = io_uring_submit(&r->ring);

		if (error < 0 && error != -EINTR && error != -EAGAIN)
			return;
		if (io_uring_sq_ready(&r->ring))
			sched_yield(); /* to the kernel's thread */
	}
}

int ring_wait(struct ring *r, const struct timespec *timeout)
{
	struct __kernel_timespec left, *until = NULL;
	struct io_uring_cqe *first;
	unsigned least = 1;
	int n;

	if (timeout) {
		left.tv_sec = timeout->tv_sec;
		left.tv_nsec = timeout->tv_nsec;
		until = &left;
		if (!left.tv_sec && !left.tv_nsec)
			least = 0;
	}
	n = io_uring_submit_and_wait_timeout(
		&r->ring, &first, least, until, NULL);
	/* Busy: completions are to be taken first. */
	if (n >= 0 || n == -ETIME || n == -EINTR || n == -EAGAIN || n == -EBUSY)
		return 0;
	return n;
}

void ring_reap(struct ring *r,
	void (*done)(void *arg, const struct io_uring_cqe *cqe), void *arg)
{
	/* Those that come while we are at it have to wait. */
	const unsigned ready = io_uring_cq_ready(&r->ring);
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&r->ring, head, cqe)
	{
		if (n++ == ready)
			break;
		done(arg, cqe);
	}
	io_uring_cq_advance(&r->ring, ready);
}

char *ring_buffer(struct ring *r, const struct io_uring_cqe *cqe)
{
	const unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	return r->buffers + (size_t)id * RING_BUFFER;
}

void ring_recycle(struct ring *r, const struct io_uring_cqe *cqe)
{
	ring_provide(r, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}
