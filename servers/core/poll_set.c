/* SPDX-License-Identifier: MIT */
#include "servers/core/poll_set.h"

#include <errno.h>
#include <stdlib.h>

#include "servers/core/conn.h"

enum { POLL_SET_LEAST = 64 };

void poll_set_release(struct poll_set *set)
{
	free(set->watches);
	free(set->fds);
}

static int poll_set_grow(struct poll_set *set, int need)
{
	const int size = need < POLL_SET_LEAST ? POLL_SET_LEAST : need * 2;
	void *fds = realloc(set->fds, (size_t)size * sizeof(*set->fds));
	void *watches;

	if (!fds)
		return -ENOMEM;
	set->fds = fds;
	watches = realloc(set->watches, (size_t)size * sizeof(*set->watches));
	if (!watches)
		return -ENOMEM;
	set->watches = watches;
	set->size = size;
	return 0;
}

int poll_set_put(struct poll_set *set, struct watch *w, short events)
{
	if (w->fd >= set->size && poll_set_grow(set, w->fd + 1))
		return -ENOMEM;
	while (set->count <= w->fd)
		set->fds[set->count++].fd = -1;
	set->watches[w->fd] = w;
	set->fds[w->fd] = (struct pollfd) {.fd = w->fd, .events = events};
	return 0;
}

void poll_set_remove(struct poll_set *set, const struct watch *w)
{
	set->fds[w->fd].fd = -1;
	while (set->count && set->fds[set->count - 1].fd < 0)
		set->count--;
}

struct watch *poll_set_find(const struct poll_set *set, int fd)
{
	if (fd < 0 || fd >= set->count || set->fds[fd].fd < 0)
		return NULL;
	return set->watches[fd];
}
