/* SPDX-License-Identifier: MIT */
#include "servers/core/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUF_KEPT = 16, /* free buffers a pool holds on to, if not told */
	BUF_KEPT_SIZE = 1 << 18, /* larger ones are given back at once */
};

void buf_pool_init(struct buf_pool *pool, uint32_t standard)
{
	*pool = (struct buf_pool) {.standard = standard, .keep = BUF_KEPT};
}

void buf_pool_release(struct buf_pool *pool)
{
	while (pool->free) {
		struct buf *b = pool->free;

		pool->free = b->next;
		free(b);
	}
	pool->kept = 0;
}

struct buf *buf_get(struct buf_pool *pool)
{
	struct buf *b = pool->free;

	if (b) {
		pool->free = b->next;
		pool->kept--;
	} else {
		b = malloc(sizeof(*b) + pool->standard);
		if (!b)
			return NULL;
		b->size = pool->standard;
	}
	b->file = NULL;
	b->start = b->end = 0;
	b->lent = b->dropped = false;
	return b;
}

void buf_put(struct buf_pool *pool, struct buf *b)
{
	if (b->lent) {
		b->dropped = true;
		return;
	}
	if (pool->kept >= pool->keep || b->size > BUF_KEPT_SIZE) {
		free(b);
		return;
	}
	b->next = pool->free;
	pool->free = b;
	pool->kept++;
}

/* Doubles the buffer until `need` bytes fit. */
static int buf_grow(struct buf **b, size_t need)
{
	size_t size = (*b)->size;
	struct buf *grown;

	while (size < need)
		size *= 2;
	if (size > UINT32_MAX)
		return -ENOMEM;
	grown = realloc(*b, sizeof(*grown) + size);
	if (!grown)
		return -ENOMEM;
	grown->size = (uint32_t)size;
	*b = grown;
	return 0;
}

/* Goes on with a copy that has room for `len` bytes more. */
static int buf_replace(struct buf_pool *pool, struct buf **b, size_t len)
{
	const size_t held = buf_len(*b);
	struct buf *copy = buf_get(pool);

	if (!copy)
		return -ENOMEM;
	if (copy->size < held + len && buf_grow(&copy, held + len)) {
		buf_put(pool, copy);
		return -ENOMEM;
	}
	memcpy(copy->data, (*b)->data + (*b)->start, held);
	copy->end = (uint32_t)held;
	copy->file = (*b)->file;
	buf_put(pool, *b);
	*b = copy;
	return 0;
}

int buf_reserve(struct buf_pool *pool, struct buf **b, size_t len)
{
	const size_t held = *b ? buf_len(*b) : 0;

	if (!*b) {
		*b = buf_get(pool);
		if (!*b)
			return -ENOMEM;
	}
	if ((*b)->size - (*b)->end >= len)
		return 0;
	if ((*b)->lent)
		return buf_replace(pool, b, len);
	if ((*b)->start) {
		memmove((*b)->data, (*b)->data + (*b)->start, held);
		(*b)->start = 0;
		(*b)->end = (uint32_t)held;
	}
	return (*b)->size - held >= len ? 0 : buf_grow(b, held + len);
}

int buf_append(
	struct buf_pool *pool, struct buf **b, const void *data, size_t len)
{
	int error = buf_reserve(pool, b, len);

	if (error)
		return error;
	memcpy((*b)->data + (*b)->end, data, len);
	(*b)->end += (uint32_t)len;
	return 0;
}

void buf_consume(struct buf_pool *pool, struct buf **b, size_t len)
{
	(*b)->start += (uint32_t)len;
	if ((*b)->start == (*b)->end) {
		buf_put(pool, *b);
		*b = NULL;
	}
}

void buf_return(struct buf_pool *pool, struct buf *b)
{
	b->lent = false;
	if (b->dropped)
		buf_put(pool, b);
}
