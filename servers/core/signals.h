/* SPDX-License-Identifier: MIT */
/*
 * Signals of a server.
 *
 * SIGTERM and SIGINT ask it to stop; the second of them in the main process
 * ends it at once, and its children with it. A
 * signal also makes signals_fd() readable, so that no wait can miss it between
 * looking and sleeping. Blocking system calls have no such luck: while the
 * process is stopping, a timer interrupts them every SIGNALS_NUDGE_NS, so a
 * loop around one must look at signals_stopping() on EINTR.
 */
#ifndef SERVERLAB_CORE_SIGNALS_H
#define SERVERLAB_CORE_SIGNALS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SIGNALS_NUDGE_NS UINT64_C(50000000)

/* In main(), before any thread. From the first signal on, new connections to
 * `listener` are refused: accept4() on it fails with EINVAL. 0 or -errno. */
int signals_init(uint64_t drain_timeout_ns, int listener);

extern _Atomic int signals_stops; /* SIGTERM and SIGINT so far */

/* The server is to stop. To be asked before each request. */
static inline bool signals_stopping(void)
{
	return atomic_load_explicit(&signals_stops, memory_order_relaxed);
}

/* Stop without a signal. */
void signals_stop(void);
/* When what is left must be cut, in clock_ns(); far away while not stopping. */
uint64_t signals_deadline(void);

/* Readable after a signal, until signals_clear(). Watch it, do not read it. */
int signals_fd(void);
void signals_clear(void);

/* True once after one or more children have ended. */
bool signals_child_ended(void);

/* In a new child process: SIGTERM asks it to drain, SIGINT is left to the
 * parent (a terminal sends it to both), and SIGKILL comes when the parent
 * dies. It has no signals_fd(): one that blocks in system calls is nudged by
 * its parent (SIGTERM again and again), one that waits for events makes its
 * own. */
void signals_in_child(pid_t parent);
int signals_own_event(void); /* 0 or -errno */

/* pthread_create() of a thread that gets no signal before it has called
 * signals_in_thread(). 0 or -errno. */
int signals_start_thread(pthread_t *id, void *(*body)(void *), void *argument);
/* In a new thread: the main thread gets the signals; only nudges come here. */
void signals_in_thread(void);
/* Interrupts the blocking system call of a thread, or of a child. */
void signals_nudge_thread(unsigned long thread);
void signals_nudge_child(pid_t pid);

#endif
