/* SPDX-License-Identifier: MIT */
/*
 * What a thread has counted in one stretch of time: the warm-up, one interval
 * of the measured window, or the time after it. Totals are sums of tallies,
 * so that a series and its total cannot disagree.
 *
 * A thread fills a tally of its own, without locks, and hands it over when its
 * time is up (struct tally_queue); the main thread adds it up and empties it
 * for the next turn.
 */
#ifndef SERVERLAB_CLIENT_TALLY_H
#define SERVERLAB_CLIENT_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"

/* Where something failed. With an errno, or one of the kinds below. */
enum error_phase { ERROR_CONNECT, ERROR_WRITE, ERROR_READ, ERROR_PHASES };

enum error_kind {
	ERROR_EOF,	/* read.EOF: the server closed, no reply begun */
	ERROR_MISMATCH, /* reply.mismatch: other bytes than expected */
	ERROR_SHORT,	/* reply.short: the connection ended within a reply */
	ERROR_LONG,	/* reply.long: bytes that nothing asked for */
	ERROR_STATUS,	/* reply.status: the server says that it failed */
	ERROR_PARSE,	/* reply.parse: not the protocol */
	ERROR_TIMEOUT,	/* timeout: no complete reply in time */
	ERROR_TWICE,	/* reply.twice: heard again */
	ERROR_SKIPPED,	/* reply.skipped: what was said before has not come */
	ERROR_DROPPED,	/* member.dropped: one that did not read, it says */
	ERROR_KINDS,
};

enum { ERROR_NUMBERS = 134 }; /* errno values told apart; 0: others */

struct errors {
	uint64_t by_errno[ERROR_PHASES][ERROR_NUMBERS];
	uint64_t by_kind[ERROR_KINDS];
};

void errors_add(struct errors *into, const struct errors *from);

/* Calls `each` for every error that occurred, with its name as the output
 * shows it ("connect.ECONNREFUSED"). */
void errors_each(const struct errors *e,
	void (*each)(void *context, const char *name, uint64_t count),
	void *context);

enum stretch { STRETCH_WARMUP, STRETCH_WINDOW, STRETCH_DRAIN };

/*
 * A reply that came in one piece has its first byte when it has its last:
 * it is recorded once, in `whole`. Only others cost a second record. So
 * raw = whole + split, first byte = whole + first.
 */
struct tally {
	enum stretch stretch;
	uint64_t index; /* of the interval within the window */

	uint64_t sent, ok, failed; /* requests */
	uint64_t greetings;
	/* Where members hear each other: deliveries that are to be, that were,
	 * and that will never be, for one of the two is gone. */
	uint64_t due, heard, undelivered;
	uint64_t bytes_in, bytes_out;
	uint64_t syscalls;
	uint64_t down; /* most connections that were down at once */
	struct errors errors;

	struct histogram *whole, *split, *first; /* from the actual send */
	struct histogram *corrected; /* from the intended send; open loop */
	struct histogram *send_lag;  /* between the two; open loop */
	struct histogram *connect;
	struct histogram *delivery; /* from the actual send */
};

int tally_init(struct tally *t); /* 0 or -ENOMEM */
void tally_release(struct tally *t);
void tally_reset(struct tally *t);
void tally_add(struct tally *into, const struct tally *from);

/* One thread fills, one empties. */
enum { TALLY_QUEUE = 4 };

struct tally_queue {
	struct tally slots[TALLY_QUEUE];
	_Atomic uint64_t filled, emptied; /* tallies, ever */
};

int tally_queue_init(struct tally_queue *q);
void tally_queue_release(struct tally_queue *q);

/*
 * The filling side: the tally to count in; and the next one, once that is full.
 * At the end of a stretch this waits where the other side is three tallies
 * behind. That of an interval need not be: it is given back, to go on in, while
 * there are not two free ones, so that for the end of the window there is one.
 */
struct tally *tally_queue_current(struct tally_queue *q);
struct tally *tally_queue_close(struct tally_queue *q);
struct tally *tally_queue_close_interval(struct tally_queue *q);

/* The emptying side: the oldest full tally or NULL; and giving it back. */
struct tally *tally_queue_oldest(struct tally_queue *q);
void tally_queue_empty(struct tally_queue *q);

#endif
