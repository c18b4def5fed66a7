/* SPDX-License-Identifier: MIT */
/*
 * Byte buffers that grow at the end and are consumed at the front, lent by a
 * pool of one worker, so that a request in steady state allocates nothing.
 * Not thread-safe: a pool belongs to the thread that runs its worker.
 */
#ifndef SERVERLAB_CORE_BUF_H
#define SERVERLAB_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file;

struct buf {
	struct buf *next;    /* in the pool's free list */
	struct file *file;   /* follows the bytes; the owner's affair */
	uint32_t size;	     /* of data */
	uint32_t start, end; /* the bytes held: data[start..end) */
	bool lent;	     /* buf_lend() */
	bool dropped;	     /* put back while it was lent */
	char data[];
};

struct buf_pool {
	struct buf *free;
	unsigned kept;	   /* buffers in the free list */
	uint32_t standard; /* size of a new buffer */
	/* As many free ones are held on to: more only where more are in use at
	 * once, and again and again. */
	unsigned keep;
};

void buf_pool_init(struct buf_pool *pool, uint32_t standard);
void buf_pool_release(struct buf_pool *pool);

/* A buffer with nothing in it, or NULL: out of memory. */
struct buf *buf_get(struct buf_pool *pool);
void buf_put(struct buf_pool *pool, struct buf *b);

static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->start;
}

/* Makes room for `len` bytes behind the held ones; *b may be NULL (a buffer is
 * taken) and may move. 0, or -ENOMEM with *b as it was. */
int buf_reserve(struct buf_pool *pool, struct buf **b, size_t len);

/* Appends a copy. 0 or -ENOMEM. */
int buf_append(
	struct buf_pool *pool, struct buf **b, const void *data, size_t len);

/* Drops `len` bytes at the front; an emptied buffer goes back to the pool and
 * *b becomes NULL. */
void buf_consume(struct buf_pool *pool, struct buf **b, size_t len);

/*
 * For I/O that goes on while the owner does too: until buf_return() the bytes
 * held now stay where they are and as they are. More may be appended (that may
 * put a copy in its place), and it may be put back. To be returned before it
 * is consumed, and before the pool is released.
 */
static inline void buf_lend(struct buf *b)
{
	b->lent = true;
}
void buf_return(struct buf_pool *pool, struct buf *b);

#endif
