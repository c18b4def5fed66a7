/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard: what each worker has done, in memory that all threads and
 * processes of the server share.
 *
 * It is mapped before the first fork and never moves. Every counter is atomic
 * and only grows; readers may look at any time from anywhere. At rest
 * accepted = closed + open holds for each worker and for the sum, also for a
 * worker that was killed: board_lost() closes what it had open.
 */
#ifndef SERVERLAB_CORE_SCOREBOARD_H
#define SERVERLAB_CORE_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum slot_kind { SLOT_FREE, SLOT_PROCESS, SLOT_THREAD };

/* One worker. A slot has its cache lines to itself; its counters are written
 * by its worker alone, or by few (relaxed additions). */
struct slot {
	_Alignas(64) _Atomic int kind; /* enum slot_kind */
	_Atomic pid_t pid, tid;
	_Atomic unsigned respawns; /* times a successor took the slot */
	_Atomic uint64_t accepted, closed, refused;
	_Atomic uint64_t requests, bytes_in, bytes_out;
	_Atomic uint64_t accept_again; /* woken to accept: nothing there */
	_Atomic uint64_t cpu_ns;       /* of workers that have ended */
	_Atomic int busy;	       /* for pools: 1 while it serves */
	_Atomic bool ready;	       /* for pools: it has begun to serve */
	_Atomic bool leaving;	       /* for pools: it takes no more */
	_Atomic unsigned buried;       /* workers that ended here for good */
};

enum {
	BOARD_SLOTS = 4096, /* pool workers, or connection workers at once */
	BOARD_ERRORS = 64,  /* different errors that are told apart */
	BOARD_ERROR_NAME = 28,
};

struct board_error {
	_Atomic int state;	     /* 0 free, 1 being named, 2 named */
	char name[BOARD_ERROR_NAME]; /* "read.ECONNRESET" */
	_Atomic uint64_t count;
};

struct scoreboard {
	uint64_t size; /* of all this: a reader's first question */
	int fd;	       /* of its memory, in the main process; -1: it has none */
	_Atomic uint64_t open; /* connections now, for --max-connections */
	/* A futex: 1 while somebody may wait for one of them to end. */
	_Atomic uint32_t wanted;
	_Atomic unsigned next; /* where board_claim() looks first */
	uint64_t started_ns;
	struct board_error errors[BOARD_ERRORS];
	/* slots[0] is the main process; what ended workers counted is added
	 * to `past`. */
	struct slot past;
	struct slot slots[BOARD_SLOTS];
};

/*
 * Maps one, in memory of its own with -1. In the file `fd` anyone who has it can
 * follow the counters without a word to the server; it is given the right size,
 * and stays open (close-on-exec). NULL with errno set.
 */
struct scoreboard *board_new(int fd);
void board_free(struct scoreboard *b);
/*
 * For a program that is to count in it after an exec: the descriptor of its
 * memory (close-on-exec), or -errno. Before there is any other thread or
 * process; what was counted, and where it is mapped, stay.
 */
int board_share(struct scoreboard *b);
/* In that program: maps it, and closes `fd`. NULL with errno set. */
struct scoreboard *board_attach(int fd);

/*
 * Takes a free slot for a worker about to start (its pid and tid are set by
 * board_enter()), or the shared slots[0] when all are taken: that is for
 * threads, which never die alone. Any thread.
 */
struct slot *board_claim(struct scoreboard *b, enum slot_kind kind);
/* The worker itself: "here I am". Not for slots[0], the main process's. */
void board_enter(struct slot *s);
/* The worker has died: connections it left open count as closed. Returns
 * their number. Nothing for slots[0], whose others live. */
uint64_t board_lost(struct scoreboard *b, struct slot *s);
/* The worker has ended for good: adds what it counted, and its CPU time, to
 * `past`, and frees the slot. Nothing for slots[0]. */
void board_bury(struct scoreboard *b, struct slot *s, uint64_t cpu_ns);

/* Counts an error under "PHASE.ENAME", or "PHASE" alone with error 0. Errors
 * are rare: this may search. */
void board_error(struct scoreboard *b, const char *phase, int error);

/* Whether a worker has the slot; the main process is one only where it
 * serves. */
bool board_has_worker(const struct scoreboard *b, unsigned number);

/* Sums over all slots and the past. */
struct board_sums {
	uint64_t accepted, closed, refused, requests, bytes_in, bytes_out;
	uint64_t accept_again;
};
struct board_sums board_sums(const struct scoreboard *b);

static inline void slot_add(_Atomic uint64_t *counter, uint64_t n)
{
	/* Counters order nothing else: relaxed is enough. */
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t slot_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* CPU time of the calling thread, in nanoseconds. */
uint64_t thread_cpu_ns(void);

#endif
