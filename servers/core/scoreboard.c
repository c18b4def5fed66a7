/* SPDX-License-Identifier: MIT */
#include "servers/core/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

struct scoreboard *board_new(int fd)
{
	struct scoreboard *b;

	if (fd >= 0 && (ftruncate(fd, sizeof(*b)) < 0 ||
			       fcntl(fd, F_SETFD, FD_CLOEXEC) < 0))
		return NULL;
	b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
		MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (b == MAP_FAILED)
		return NULL;
	b->size = sizeof(*b);
	b->fd = fd;
	b->started_ns = clock_ns();
	atomic_store(&b->slots[0].kind, SLOT_PROCESS);
	board_enter(&b->slots[0]);
	return b;
}

void board_free(struct scoreboard *b)
{
	munmap(b, sizeof(*b));
}

int board_share(struct scoreboard *b)
{
	const int fd = b->fd < 0 ? memfd_create("scoreboard", MFD_CLOEXEC)
				 : fcntl(b->fd, F_DUPFD_CLOEXEC, 0);
	int error = 0;

	if (b->fd >= 0)
		return fd < 0 ? -errno : fd;
	if (fd < 0)
		return -errno;
	if (write(fd, b, sizeof(*b)) != (ssize_t)sizeof(*b))
		error = -ENOSPC;
	else if (mmap(b, sizeof(*b), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

struct scoreboard *board_attach(int fd)
{
	struct scoreboard *b = mmap(
		NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (b == MAP_FAILED)
		return NULL;
	close(fd);
	return b;
}

struct slot *board_claim(struct scoreboard *b, enum slot_kind kind)
{
	/* Going round, so that with many live slots the next one is near. */
	for (unsigned tries = 1; tries < BOARD_SLOTS; tries++) {
		const unsigned n = atomic_fetch_add(&b->next, 1);
		struct slot *s = &b->slots[1 + n % (BOARD_SLOTS - 1)];
		int free_kind = SLOT_FREE;

		if (atomic_load(&s->kind) == SLOT_FREE &&
			atomic_compare_exchange_strong(
				&s->kind, &free_kind, (int)kind))
			return s;
	}
	return &b->slots[0];
}

void board_enter(struct slot *s)
{
	atomic_store(&s->pid, getpid());
	atomic_store(&s->tid, gettid());
}

/* Moves a counter's value to the past. */
static void board_move(_Atomic uint64_t *to, _Atomic uint64_t *from)
{
	slot_add(to, atomic_exchange(from, 0));
}

uint64_t board_lost(struct scoreboard *b, struct slot *s)
{
	const uint64_t accepted = slot_get(&s->accepted);
	const uint64_t closed = slot_get(&s->closed);
	const uint64_t lost = accepted > closed ? accepted - closed : 0;

	if (s == &b->slots[0])
		return 0;
	slot_add(&s->closed, lost);
	if (lost)
		atomic_fetch_sub(&b->open, lost);
	return lost;
}

void board_bury(struct scoreboard *b, struct slot *s, uint64_t cpu_ns)
{
	if (s == &b->slots[0])
		return;
	board_move(&b->past.accepted, &s->accepted);
	board_move(&b->past.closed, &s->closed);
	board_move(&b->past.refused, &s->refused);
	board_move(&b->past.requests, &s->requests);
	board_move(&b->past.bytes_in, &s->bytes_in);
	board_move(&b->past.bytes_out, &s->bytes_out);
	board_move(&b->past.accept_again, &s->accept_again);
	board_move(&b->past.cpu_ns, &s->cpu_ns);
	slot_add(&b->past.cpu_ns, cpu_ns);
	atomic_store(&s->respawns, 0);
	atomic_fetch_add(&s->buried, 1);
	atomic_store(&s->busy, 0);
	atomic_store(&s->kind, SLOT_FREE);
}

void board_error(struct scoreboard *b, const char *phase, int error)
{
	char name[BOARD_ERROR_NAME];

	snprintf(name, sizeof(name), error ? "%s.%s" : "%s", phase,
		error ? errno_name(error) : "");
	for (unsigned i = 0; i < BOARD_ERRORS; i++) {
		struct board_error *e = &b->errors[i];
		int state = 0;

		if (atomic_compare_exchange_strong(&e->state, &state, 1)) {
			memcpy(e->name, name, sizeof(name));
			atomic_store(&e->state, 2);
			state = 2;
		}
		/* Another is writing the name just now: a few instructions,
		 * unless it is killed there; then this row stays unnamed. */
		for (int spins = 0; state == 1 && spins < 1000; spins++)
			state = atomic_load(&e->state);
		if (state == 2 && !strcmp(e->name, name)) {
			slot_add(&e->count, 1);
			return;
		}
	}
}

static void board_sum_slot(struct board_sums *sum, const struct slot *s)
{
	sum->accepted += slot_get(&s->accepted);
	sum->closed += slot_get(&s->closed);
	sum->refused += slot_get(&s->refused);
	sum->requests += slot_get(&s->requests);
	sum->bytes_in += slot_get(&s->bytes_in);
	sum->bytes_out += slot_get(&s->bytes_out);
	sum->accept_again += slot_get(&s->accept_again);
}

struct board_sums board_sums(const struct scoreboard *b)
{
	struct board_sums sum = {0};

	board_sum_slot(&sum, &b->past);
	for (unsigned i = 0; i < BOARD_SLOTS; i++)
		board_sum_slot(&sum, &b->slots[i]);
	return sum;
}

bool board_has_worker(const struct scoreboard *b, unsigned number)
{
	return number ? atomic_load(&b->slots[number].kind) != SLOT_FREE
		      : slot_get(&b->slots[0].accepted) > 0;
}

uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}
