/* SPDX-License-Identifier: MIT */
#include "servers/core/uring_ring.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/clock.h"

/* ---- set-up ------------------------------------------------------------ */

/* From the best to what every kernel has. The first: completions are worked
 * off when we wait, and not in the middle of our work (Linux 6.1). */
static const unsigned uring_flags[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
		IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG,
	0,
};

static int uring_set_up(
	struct io_uring *ring, unsigned entries, uint64_t sqpoll_ns)
{
	const size_t tries = sizeof(uring_flags) / sizeof(*uring_flags);
	int error = -EINVAL;

	for (size_t i = 0; error == -EINVAL && i < tries; i++) {
		struct io_uring_params p = {
			.flags = uring_flags[i] | IORING_SETUP_CQSIZE |
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

static void *uring_map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void uring_unmap(struct uring_ring *u)
{
	if (u->provided)
		munmap(u->provided, u->count * sizeof(struct io_uring_buf));
	if (u->buffers)
		munmap(u->buffers, (size_t)u->count * URING_BUFFER);
}

static void uring_provide(struct uring_ring *u, unsigned id)
{
	io_uring_buf_ring_add(u->provided,
		u->buffers + (size_t)id * URING_BUFFER, URING_BUFFER,
		(unsigned short)id, (int)u->count - 1, 0);
	io_uring_buf_ring_advance(u->provided, 1);
}

static int uring_provide_all(struct uring_ring *u)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = u->count,
		.bgid = URING_GROUP,
	};
	int error;

	u->provided = uring_map(u->count * sizeof(struct io_uring_buf));
	u->buffers = uring_map((size_t)u->count * URING_BUFFER);
	if (!u->provided || !u->buffers)
		return -ENOMEM;
	reg.ring_addr = (uintptr_t)u->provided;
	error = io_uring_register_buf_ring(&u->ring, &reg, 0);
	if (error)
		return error;
	io_uring_buf_ring_init(u->provided);
	for (unsigned id = 0; id < u->count; id++)
		uring_provide(u, id);
	return 0;
}

int uring_open(struct uring_ring *u, unsigned entries, uint64_t sqpoll_ns,
	unsigned buffers)
{
	int error;

	*u = (struct uring_ring) {.count = 1};
	while (u->count < buffers)
		u->count *= 2;
	error = uring_set_up(&u->ring, entries, sqpoll_ns);
	if (error)
		return error;
	error = uring_provide_all(u);
	if (error)
		uring_close(u);
	return error;
}

void uring_close(struct uring_ring *u)
{
	io_uring_queue_exit(&u->ring);
	uring_unmap(u);
}

/* ---- use --------------------------------------------------------------- */

struct io_uring_sqe *uring_sqe(struct uring_ring *u)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	if (sqe)
		return sqe;
	if (io_uring_submit(&u->ring) < 0)
		return NULL;
	if (u->ring.flags & IORING_SETUP_SQPOLL)
		io_uring_sqring_wait(&u->ring);
	return io_uring_get_sqe(&u->ring);
}

void uring_begin(struct uring_ring *u)
{
	while (io_uring_sq_ready(&u->ring)) {
		const int error = io_uring_submit(&u->ring);

		if (error < 0 && error != -EINTR && error != -EAGAIN)
			return;
		if (io_uring_sq_ready(&u->ring))
			sched_yield(); /* to the kernel's thread */
	}
}

int uring_wait(
	struct uring_ring *u, unsigned least, const struct timespec *timeout)
{
	struct __kernel_timespec left, *until = NULL;
	struct io_uring_cqe *first;
	int n;

	if (timeout) {
		left.tv_sec = timeout->tv_sec;
		left.tv_nsec = timeout->tv_nsec;
		until = &left;
		if (!left.tv_sec && !left.tv_nsec)
			least = 0;
	}
	n = io_uring_submit_and_wait_timeout(
		&u->ring, &first, least, until, NULL);
	/* Busy: completions are to be taken first. */
	if (n >= 0 || n == -ETIME || n == -EINTR || n == -EAGAIN || n == -EBUSY)
		return 0;
	return n;
}

char *uring_buffer(struct uring_ring *u, const struct io_uring_cqe *cqe)
{
	const unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	return u->buffers + (size_t)id * URING_BUFFER;
}

void uring_recycle(struct uring_ring *u, const struct io_uring_cqe *cqe)
{
	uring_provide(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}
