/* SPDX-License-Identifier: MIT */
#include "servers/core/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static int lock_init_mutex(struct lock *l)
{
	pthread_mutexattr_t attr;

	l->mutex = mmap(NULL, sizeof(*l->mutex), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->mutex == MAP_FAILED) {
		l->mutex = NULL;
		return -errno;
	}
	pthread_mutexattr_init(&attr);
	if (l->kind == LOCK_MUTEX) {
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	}
	pthread_mutex_init(l->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return 0;
}

int lock_init(struct lock *l, enum lock_kind kind)
{
	*l = (struct lock) {.kind = kind, .fd = -1};
	if (kind == LOCK_NONE)
		return 0;
	if (kind == LOCK_MUTEX || kind == LOCK_THREADS)
		return lock_init_mutex(l);
	/* A file without a name: it cannot be left behind. */
	l->fd = memfd_create("accept lock", MFD_CLOEXEC);
	return l->fd < 0 ? -errno : 0;
}

void lock_release(struct lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->mutex)
		munmap(l->mutex, sizeof(*l->mutex));
}

int lock_in_child(struct lock *l)
{
	char path[40];
	int fd;

	if (l->kind != LOCK_FLOCK)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(l->fd);
	l->fd = fd;
	return 0;
}

static int lock_fcntl(const struct lock *l, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(l->fd, F_SETLKW, &whole) < 0 ? -errno : 0;
}

int lock_take(struct lock *l)
{
	int error;

	switch (l->kind) {
	case LOCK_FCNTL:
		return lock_fcntl(l, F_WRLCK);
	case LOCK_FLOCK:
		return flock(l->fd, LOCK_EX) < 0 ? -errno : 0;
	default:
		error = pthread_mutex_lock(l->mutex);
		/* The holder was killed. It guards no data that could be
		 * half-changed. */
		if (error == EOWNERDEAD)
			error = pthread_mutex_consistent(l->mutex);
		return -error;
	}
}

void lock_give(struct lock *l)
{
	if (l->kind == LOCK_FCNTL)
		lock_fcntl(l, F_UNLCK);
	else if (l->kind == LOCK_FLOCK)
		flock(l->fd, LOCK_UN);
	else
		pthread_mutex_unlock(l->mutex);
}
