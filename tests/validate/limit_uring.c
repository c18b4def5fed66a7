/* SPDX-License-Identifier: MIT */
/*
 * The smallest client with completions, with all that makes io_uring cheap:
 * registered sockets, receives that stay, buffers that the kernel chooses,
 * sends whose success is not reported, and work that is done at our own call.
 */
#include <err.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/validate/limit.h"

enum { ENTRIES = 1024, BUFFERS = 1024, BATCH = 32 };

static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static char memory[BUFFERS][LIMIT_BUFFER];
static unsigned queued;

static void give(unsigned id)
{
	io_uring_buf_ring_add(buffers, memory[id], LIMIT_BUFFER,
		(unsigned short)id, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(buffers, 1);
}

static struct io_uring_sqe *place(void)
{
	if (queued == BATCH) {
		io_uring_submit(&ring);
		queued = 0;
	}
	queued++;
	return io_uring_get_sqe(&ring);
}

static void receive(int i)
{
	struct io_uring_sqe *sqe = place();

	io_uring_prep_recv_multishot(sqe, i, NULL, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
	io_uring_sqe_set_data64(sqe, (unsigned)i);
}

static void ask(int i)
{
	struct io_uring_sqe *sqe = place();

	io_uring_prep_send(
		sqe, i, limit_request, limit_request_length, MSG_NOSIGNAL);
	sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
	io_uring_sqe_set_data64(sqe, (unsigned)i);
}

static void prepare(void)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
		.cq_entries = 8 * ENTRIES,
	};
	struct io_uring_buf_reg reg = {.ring_entries = BUFFERS};
	unsigned i;

	buffers = aligned_alloc(4096, BUFFERS * sizeof(struct io_uring_buf));
	reg.ring_addr = (uint64_t)(uintptr_t)buffers;
	io_uring_buf_ring_init(buffers);
	for (i = 0; i < BUFFERS; i++)
		give(i);
	errno = -io_uring_queue_init_params(ENTRIES, &ring, &params);
	if (!errno)
		errno = -io_uring_register_buf_ring(&ring, &reg, 0);
	if (!errno)
		errno = -io_uring_register_files(
			&ring, limit_sockets, (unsigned)limit_connections);
	if (errno)
		err(1, "io_uring");
	io_uring_register_ring_fd(&ring);
}

static void complete(const struct io_uring_cqe *cqe)
{
	int i = (int)cqe->user_data;

	if (cqe->res <= 0)
		errx(1, "a request failed: %s", strerror(-cqe->res));
	give(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	limit_answered++;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		receive(i);
	ask(i);
}

void limit_run(void)
{
	struct io_uring_cqe *cqe;
	unsigned head, events;
	int i;

	prepare();
	for (i = 0; i < limit_connections; i++) {
		receive(i);
		ask(i);
	}
	while (!limit_over) {
		queued = 0;
		io_uring_submit_and_wait(&ring, 1);
		events = 0;
		io_uring_for_each_cqe(&ring, head, cqe)
		{
			complete(cqe);
			events++;
		}
		io_uring_cq_advance(&ring, events);
	}
}
