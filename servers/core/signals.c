/* SPDX-License-Identifier: MIT */
#include "servers/core/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

enum {
	SIGNALS_NUDGE = SIGUSR2, /* to threads and children */
	SIGNALS_TICK = SIGALRM,	 /* to the process, while stopping */
};

/* Beyond the deadline by this much, whatever still runs is not asked. */
#define SIGNALS_PATIENCE_NS (2 * NS_PER_S)

_Atomic int signals_stops;
static _Atomic uint64_t signals_stopped_ns; /* when the first came */
static _Atomic int signals_children;
static pid_t signals_main_pid;
static int signals_listener = -1;
static uint64_t signals_drain_ns;
static timer_t signals_timer;
static int signals_event = -1;

/* All handlers keep errno: they come between a call and the look at it. */

static void signals_wake(void)
{
	const uint64_t one = 1;

	if (signals_event >= 0 && write(signals_event, &one, sizeof(one)) < 0)
		return; /* full: readable anyway */
}

static void signals_on_stop(int number)
{
	const struct itimerspec every = {
		.it_value.tv_nsec = SIGNALS_NUDGE_NS,
		.it_interval.tv_nsec = SIGNALS_NUDGE_NS,
	};
	const int saved = errno;
	const bool first = !atomic_fetch_add(&signals_stops, 1);

	if (first)
		atomic_store(&signals_stopped_ns, clock_ns());
	/* A new child may be asked to stop before it has done anything. */
	if (getpid() == signals_main_pid) {
		if (!first)
			_exit(128 + number);
		/* All copies of it, in whichever process, end with this. */
		shutdown(signals_listener, SHUT_RDWR);
		timer_settime(signals_timer, 0, &every, NULL);
	}
	signals_wake();
	errno = saved;
}

static void signals_on_child(int number)
{
	const int saved = errno;

	(void)number;
	atomic_store(&signals_children, 1);
	signals_wake();
	errno = saved;
}

static void signals_give_up(void)
{
	static const char why[] = "server: a handler does not return, long "
				  "after the drain timeout: ended without "
				  "statistics\n";

	if (write(STDERR_FILENO, why, sizeof(why) - 1) < 0)
		_exit(1); /* nobody to tell */
	_exit(1);
}

/* Interrupts a system call; and is the last resort against a handler that
 * never returns. */
static void signals_on_tick(int number)
{
	const int saved = errno;

	(void)number;
	if (atomic_load(&signals_stops) &&
		clock_ns() > signals_deadline() + SIGNALS_PATIENCE_NS)
		signals_give_up();
	errno = saved;
}

static int signals_handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	return sigaction(number, &action, NULL) < 0 ? -errno : 0;
}

int signals_init(uint64_t drain_timeout_ns, int listener)
{
	struct sigevent tick = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGNALS_TICK,
	};

	signals_main_pid = getpid();
	signals_listener = listener;
	signals_drain_ns = drain_timeout_ns;
	signals_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (signals_event < 0)
		return -errno;
	if (timer_create(CLOCK_MONOTONIC, &tick, &signals_timer) < 0)
		return -errno;
	signals_handle(SIGPIPE, SIG_IGN);
	signals_handle(SIGNALS_TICK, signals_on_tick);
	signals_handle(SIGNALS_NUDGE, signals_on_tick);
	signals_handle(SIGCHLD, signals_on_child);
	signals_handle(SIGINT, signals_on_stop);
	return signals_handle(SIGTERM, signals_on_stop);
}

void signals_stop(void)
{
	if (!signals_stopping())
		raise(SIGTERM);
}

uint64_t signals_deadline(void)
{
	const uint64_t since = atomic_load(&signals_stopped_ns);

	return since ? since + signals_drain_ns : UINT64_MAX / 2;
}

int signals_fd(void)
{
	return signals_event;
}

void signals_clear(void)
{
	uint64_t count;

	while (read(signals_event, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

bool signals_child_ended(void)
{
	return atomic_load_explicit(&signals_children, memory_order_relaxed) &&
	       atomic_exchange(&signals_children, 0);
}

void signals_in_child(pid_t parent)
{
	signals_main_pid = parent; /* also where exec made a new program */
	atomic_store(&signals_children, 0);
	close(signals_event);
	signals_event = -1;
	signals_handle(SIGINT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* it died before we asked */
}

int signals_own_event(void)
{
	signals_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return signals_event < 0 ? -errno : 0;
}

int signals_start_thread(pthread_t *id, void *(*body)(void *), void *argument)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(id, NULL, body, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

void signals_in_thread(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGNALS_NUDGE);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
}

void signals_nudge_thread(unsigned long thread)
{
	pthread_kill(thread, SIGNALS_NUDGE);
}

void signals_nudge_child(pid_t pid)
{
	kill(pid, SIGNALS_NUDGE);
}
