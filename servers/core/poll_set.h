/* SPDX-License-Identifier: MIT */
/*
 * The array that poll(2) is given, and whose each of its entries is. Both are
 * indexed by descriptor; an unused entry has fd -1, which poll() passes over.
 */
#ifndef SERVERLAB_CORE_POLL_SET_H
#define SERVERLAB_CORE_POLL_SET_H

#include <poll.h>

struct watch;

/* Zeroed, it is empty. */
struct poll_set {
	struct pollfd *fds;
	struct watch **watches;
	int count; /* all descriptors in it are below */
	int size;
};

void poll_set_release(struct poll_set *set);

/* From now on `events` (POLLIN and so on) are wanted of w->fd, whether it was
 * in the set or not. 0 or -ENOMEM. */
int poll_set_put(struct poll_set *set, struct watch *w, short events);
void poll_set_remove(struct poll_set *set, const struct watch *w);
/* Whose a descriptor is; NULL: it is not in the set. */
struct watch *poll_set_find(const struct poll_set *set, int fd);

#endif
