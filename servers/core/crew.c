/* SPDX-License-Identifier: MIT */
#include "servers/core/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "servers/core/accept.h"
#include "servers/core/handoff.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"

enum {
	CREW_STILLBORN = 5, /* deaths at the start, in a row, of one seat */
	CREW_RATE_MAX = 32, /* new processes a second */
	CREW_DISPATCH = 64, /* accepts before looking at anything else */
};

#define CREW_RESPAWN_NS	 (100 * NS_PER_MS) /* after a death at the start */
#define CREW_ADJUST_NS	 NS_PER_S
#define CREW_PATIENCE_NS NS_PER_S /* after the deadline, before SIGKILL */

static void crew_signal_event(int event)
{
	const uint64_t one = 1;

	if (write(event, &one, sizeof(one)) < 0)
		return; /* full: readable anyway */
}

static void crew_clear_event(int event)
{
	uint64_t count;

	if (read(event, &count, sizeof(count)) < 0)
		return; /* somebody was faster */
}

void seat_ready(struct seat *seat)
{
	atomic_store(&seat->slot->ready, true);
	crew_signal_event(seat->crew->event);
}

void seat_idle(struct seat *seat)
{
	crew_signal_event(seat->crew->event);
}

static bool crew_hands_out(const struct crew *c)
{
	return c->accept >= CREW_IN_TURN;
}

static bool crew_has_inboxes(const struct crew *c)
{
	return c->accept == CREW_IN_TURN || c->accept == CREW_TO_IDLE;
}

/* ---- seats ------------------------------------------------------------- */

static void seat_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The descriptors of a seat outlive its worker, but for the inbox of a
 * process: what waited in it went down with it. */
static int seat_open(struct crew *c, struct seat *seat)
{
	int ends[2], error;

	if (crew_has_inboxes(c) && seat->outbox < 0) {
		error = handoff_open(ends);
		if (error)
			return error;
		seat->outbox = ends[0];
		seat->inbox = ends[1];
	}
	if (c->kind == CREW_THREAD && seat->event < 0) {
		seat->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (seat->event < 0)
			return -errno;
	}
	return 0;
}

static int seat_listen(struct crew *c, struct seat *seat)
{
	struct server *s = c->server;

	if (c->accept == CREW_SHARED ||
		(c->accept == CREW_REUSEPORT && seat->id == 0))
		seat->listener = s->listener;
	if (c->accept != CREW_REUSEPORT || seat->listener >= 0)
		return 0;
	seat->listener = net_listen(&s->address, (int)s->config.backlog, true);
	if (seat->listener == -EACCES)
		log_warnx("accept=reuseport: each worker opens a listener, and "
			  "the user that --user names may not, on this port");
	return seat->listener < 0 ? seat->listener : 0;
}

static int seat_take(struct crew *c, struct seat *seat)
{
	int error = seat_listen(c, seat);

	if (error)
		return error;
	seat->slot = board_claim(c->server->board,
		c->kind == CREW_THREAD ? SLOT_THREAD : SLOT_PROCESS);
	seat->taken = true;
	return 0;
}

/* What a new process must not keep of its siblings and its parent. */
static void seat_leave_others(struct seat *own)
{
	struct crew *c = own->crew;

	for (unsigned i = 0; i < c->size; i++) {
		struct seat *seat = &c->seats[i];

		seat_close(&seat->outbox);
		if (seat == own)
			continue;
		seat_close(&seat->inbox);
		if (c->accept == CREW_REUSEPORT)
			seat_close(&seat->listener);
	}
	if (crew_hands_out(c))
		close(c->server->listener);
	seat_close(&c->held);
	seat_close(&c->server->ready_fd);
}

static void *seat_thread(void *argument)
{
	struct seat *seat = argument;

	signals_in_thread();
	board_enter(seat->slot);
	if (seat->crew->work(seat) < 0)
		board_error(seat->server->board, "worker.failed", 0);
	slot_add(&seat->slot->cpu_ns, thread_cpu_ns());
	atomic_store(&seat->ended, true);
	crew_signal_event(seat->crew->event);
	return NULL;
}

static int seat_start_process(struct seat *seat)
{
	const pid_t parent = getpid();

	seat->pid = fork();
	if (seat->pid < 0)
		return -errno;
	if (seat->pid == 0) {
		signals_in_child(parent);
		if (signals_own_event() < 0)
			_exit(1);
		seat->event = signals_fd();
		seat_leave_others(seat);
		board_enter(seat->slot);
		_exit(seat->crew->work(seat) < 0);
	}
	if (seat->outbox >= 0)
		seat_close(&seat->inbox);
	return 0;
}

static int seat_start(struct crew *c, struct seat *seat)
{
	int error = seat_open(c, seat);

	if (error)
		return error;
	atomic_store(&seat->slot->ready, false);
	atomic_store(&seat->slot->leaving, false);
	if (c->kind == CREW_THREAD)
		error = signals_start_thread(&seat->thread, seat_thread, seat);
	else
		error = seat_start_process(seat);
	if (error)
		board_error(c->server->board,
			c->kind == CREW_THREAD ? "thread" : "fork", -error);
	else
		seat->running = true;
	return error;
}

/* ---- the crew's table -------------------------------------------------- */

static int crew_init(struct crew *c)
{
	c->size = c->spare.min ? CREW_MOST : c->workers;
	c->seats = calloc(c->size, sizeof(*c->seats));
	c->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->spawn_rate = 1;
	c->held = -1;
	if (crew_hands_out(c))
		c->server->room_event = c->event;
	c->adjust_ns = clock_ns() + CREW_ADJUST_NS;
	if (!c->seats || c->event < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < c->size; i++)
		c->seats[i] = (struct seat) {
			.server = c->server,
			.crew = c,
			.id = i,
			.listener = -1,
			.inbox = -1,
			.outbox = -1,
			.event = -1,
		};
	return 0;
}

/* Lets the server's listener be one of several on its address. */
static int crew_share_address(const struct crew *c)
{
	const int on = 1;

	if (c->accept != CREW_REUSEPORT)
		return 0;
	if (c->server->address.sa.any.sa_family == AF_UNIX) {
		log_warnx("accept=reuseport: Unix sockets have no such thing");
		return -EOPNOTSUPP;
	}
	if (!setsockopt(c->server->listener, SOL_SOCKET, SO_REUSEPORT, &on,
		    sizeof(on)))
		return 0;
	log_warn("accept=reuseport");
	return -EOPNOTSUPP;
}

static int crew_start(struct crew *c)
{
	int error = crew_share_address(c);

	if (error)
		return error;
	for (unsigned i = 0; !error && i < c->workers; i++) {
		error = seat_take(c, &c->seats[i]);
		if (!error)
			error = seat_start(c, &c->seats[i]);
	}
	if (error) {
		errno = -error;
		log_warn("cannot start %u workers", c->workers);
	}
	return error;
}

static void crew_release(struct crew *c)
{
	bool used = false;

	for (unsigned i = 0; i < c->size; i++) {
		if (!c->seats[i].running)
			continue;
		used = true; /* by a thread that does not listen */
		pthread_detach(c->seats[i].thread);
	}
	if (used)
		return;
	for (unsigned i = 0; i < c->size; i++) {
		seat_close(&c->seats[i].outbox);
		seat_close(&c->seats[i].inbox);
		if (c->kind == CREW_THREAD)
			seat_close(&c->seats[i].event);
		if (c->accept == CREW_REUSEPORT && i)
			seat_close(&c->seats[i].listener);
	}
	close(c->event);
	free(c->seats);
}

/* ---- deaths ------------------------------------------------------------ */

static void crew_tell_death(const struct seat *seat, int status, uint64_t lost)
{
	if (seat->crew->cutting && WIFSIGNALED(status) &&
		WTERMSIG(status) == SIGKILL) {
		board_error(seat->server->board, "drain.cut", 0);
		return;
	}
	if (WIFSIGNALED(status))
		log_warnx("worker %u (pid %d) died: %s; %llu connections lost",
			seat->id, (int)seat->pid, strsignal(WTERMSIG(status)),
			(unsigned long long)lost);
	else
		log_warnx("worker %u (pid %d) ended with status %d; %llu "
			  "connections lost",
			seat->id, (int)seat->pid, WEXITSTATUS(status),
			(unsigned long long)lost);
	board_error(seat->server->board, "worker.died", 0);
}

/* A worker process has ended: in order, or not. */
static void crew_bury(struct crew *c, struct seat *seat, int status,
	const struct rusage *used)
{
	const bool ordered = WIFEXITED(status) && !WEXITSTATUS(status);
	const uint64_t lost = board_lost(c->server->board, seat->slot);

	seat->running = false;
	seat_close(&seat->outbox);
	atomic_store(&seat->slot->busy, 0);
	slot_add(&seat->slot->cpu_ns, clock_rusage_ns(used));
	if (!ordered)
		crew_tell_death(seat, status, lost);
	if (seat->leaving) {
		board_bury(c->server->board, seat->slot, 0);
		seat->taken = seat->leaving = false;
		return;
	}
	seat->start_ns = clock_ns();
	if (!ordered && !atomic_load(&seat->slot->ready)) {
		seat->start_ns += CREW_RESPAWN_NS;
		if (++seat->stillborn >= CREW_STILLBORN && !c->failed) {
			log_warnx("worker %u died %u times before it served: "
				  "giving up",
				seat->id, seat->stillborn);
			c->failed = true;
		}
	} else {
		seat->stillborn = 0;
	}
}

static void crew_reap(struct crew *c)
{
	struct rusage used;
	int status;
	pid_t pid;

	if (c->kind == CREW_THREAD)
		return;
	while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0)
		for (unsigned i = 0; i < c->size; i++)
			if (c->seats[i].running && c->seats[i].pid == pid)
				crew_bury(c, &c->seats[i], status, &used);
}

/* Fills the empty seats whose time has come. Returns when the next one's will
 * come, or 0. */
static uint64_t crew_respawn(struct crew *c)
{
	const uint64_t now = clock_ns();
	uint64_t next = 0;

	for (unsigned i = 0; i < c->size; i++) {
		struct seat *seat = &c->seats[i];

		if (!seat->taken || seat->running)
			continue;
		if (seat->start_ns <= now) {
			atomic_fetch_add(&seat->slot->respawns, 1);
			if (seat_start(c, seat) < 0)
				seat->start_ns = now + CREW_RESPAWN_NS;
		}
		if (!seat->running && (!next || seat->start_ns < next))
			next = seat->start_ns;
	}
	return next;
}

/* ---- a pool that follows the load -------------------------------------- */

int crew_spare_check(const struct crew_spare *spare, char why[WHY_SIZE])
{
	if (spare->max >= spare->min)
		return 0;
	snprintf(why, WHY_SIZE, "max-spare=%llu is below min-spare=%llu",
		(unsigned long long)spare->max, (unsigned long long)spare->min);
	return -EINVAL;
}

static void crew_grow(struct crew *c)
{
	unsigned wanted = c->spawn_rate;

	for (unsigned i = 0; i < c->size && wanted; i++) {
		struct seat *seat = &c->seats[i];

		if (seat->taken)
			continue;
		if (seat_take(c, seat) < 0 || seat_start(c, seat) < 0)
			return;
		wanted--;
	}
	/* The longer it is short of workers, the more it starts at once. */
	if (c->spawn_rate < CREW_RATE_MAX)
		c->spawn_rate *= 2;
}

/*
 * Not by a SIGTERM, which cuts short what it serves: it may have taken a
 * connection just now. The nudge only ends its wait.
 */
static void crew_send_home(struct seat *seat)
{
	seat->leaving = true;
	atomic_store(&seat->slot->leaving, true);
	signals_nudge_child(seat->pid);
}

/* Sends the last idle worker home. */
static void crew_shrink(struct crew *c)
{
	for (unsigned i = c->size; i-- > 0;) {
		struct seat *seat = &c->seats[i];

		if (!seat->running || seat->leaving ||
			atomic_load(&seat->slot->busy))
			continue;
		crew_send_home(seat);
		return;
	}
}

static void crew_adjust(struct crew *c)
{
	unsigned idle = 0;

	if (!c->spare.min || clock_ns() < c->adjust_ns)
		return;
	c->adjust_ns = clock_ns() + CREW_ADJUST_NS;
	for (unsigned i = 0; i < c->size; i++)
		idle += c->seats[i].taken && !c->seats[i].leaving &&
			!atomic_load(&c->seats[i].slot->busy);
	/* One that was asked to leave may not have heard it. */
	for (unsigned i = 0; i < c->size; i++)
		if (c->seats[i].leaving && c->seats[i].running)
			crew_send_home(&c->seats[i]);
	if (idle < c->spare.min) {
		crew_grow(c);
		return;
	}
	c->spawn_rate = 1;
	if (idle > c->spare.max)
		crew_shrink(c);
}

/* ---- handing out ------------------------------------------------------- */

static bool seat_can_take(const struct crew *c, const struct seat *seat)
{
	if (!seat->running || atomic_load(&seat->slot->leaving))
		return false;
	return c->accept != CREW_TO_IDLE ||
	       slot_get(&seat->slot->accepted) == slot_get(&seat->slot->closed);
}

/* Gives the socket to the next worker that takes it; false if none does. */
static bool crew_hand_out(struct crew *c, int fd)
{
	for (unsigned tries = 0; tries < c->size; tries++) {
		struct seat *seat = &c->seats[c->turn++ % c->size];

		if (!seat_can_take(c, seat))
			continue;
		slot_add(&seat->slot->accepted, 1);
		if (!handoff_send(seat->outbox, fd, c->kind == CREW_PROCESS))
			return true;
		/* Not taken: as if it had never been accepted there. */
		slot_add(&seat->slot->accepted, UINT64_MAX);
	}
	return false;
}

static bool crew_has_taker(struct crew *c)
{
	if (c->accept == CREW_TO_QUEUE)
		return c->has_room(c);
	for (unsigned i = 0; i < c->size; i++)
		if (seat_can_take(c, &c->seats[i]))
			return true;
	return false;
}

/* Passes on the held socket. False if nobody takes it now. */
static bool crew_pass_on(struct crew *c)
{
	if (c->held < 0)
		return true;
	if (c->accept == CREW_TO_QUEUE)
		c->put(c, c->held);
	else if (!crew_hand_out(c, c->held))
		return false;
	c->held = -1;
	return true;
}

static int crew_accept_one(struct crew *c, struct acceptor *a)
{
	if (crew_has_taker(c))
		return accept_try(a, c->flags);
	if (c->server->config.overload == OVERLOAD_REFUSE)
		return accept_refuse(a);
	return -EBUSY;
}

/* Accepts while somebody can take it. Returns false when there is no room:
 * then the listener is not worth watching for a while. */
static bool crew_dispatch(struct crew *c)
{
	struct acceptor acceptor = {
		.server = c->server,
		.listener = c->server->listener,
	};

	for (int i = 0; i < CREW_DISPATCH; i++) {
		int fd;

		if (!crew_pass_on(c))
			return false;
		fd = crew_accept_one(c, &acceptor);
		if (fd == -EAGAIN)
			return true;
		if (fd == -EBUSY)
			return false;
		if (fd >= 0)
			c->held = fd;
	}
	return crew_pass_on(c);
}

/* The server stops, and one that we accepted has found no worker. */
static void crew_drop_held(struct crew *c)
{
	struct slot *slot = &c->server->board->slots[0];

	if (c->held < 0)
		return;
	slot_add(&slot->accepted, 1);
	accept_abandon(c->server, slot, c->held, "drain.cut", 0);
	c->held = -1;
}

/* ---- the main thread --------------------------------------------------- */

static bool crew_all_ready(const struct crew *c)
{
	for (unsigned i = 0; i < c->workers; i++)
		if (!atomic_load(&c->seats[i].slot->ready))
			return false;
	return true;
}

static int crew_wait_ms(const struct crew *c, uint64_t respawn_ns, bool room)
{
	const uint64_t now = clock_ns();
	uint64_t until = respawn_ns ? respawn_ns : UINT64_MAX;

	if (c->spare.min && c->adjust_ns < until)
		until = c->adjust_ns;
	if (!room && now + ACCEPT_RETRY_NS < until)
		until = now + ACCEPT_RETRY_NS;
	if (until == UINT64_MAX)
		return -1;
	return until > now ? (int)((until - now) / NS_PER_MS) + 1 : 0;
}

static void crew_wait(struct crew *c, uint64_t respawn_ns, bool room)
{
	struct pollfd fds[3] = {
		{.fd = signals_fd(), .events = POLLIN},
		{.fd = c->event, .events = POLLIN},
		{.fd = c->server->listener, .events = POLLIN},
	};
	const nfds_t n = crew_hands_out(c) && room ? 3 : 2;

	if (poll(fds, n, crew_wait_ms(c, respawn_ns, room)) <= 0)
		return;
	if (fds[0].revents)
		signals_clear();
	if (fds[1].revents)
		crew_clear_event(c->event);
}

static void crew_look_after(struct crew *c)
{
	while (!signals_stopping() && !c->failed) {
		uint64_t respawn_ns;
		bool room = true;

		if (signals_child_ended())
			crew_reap(c);
		respawn_ns = crew_respawn(c);
		crew_adjust(c);
		if (!c->ready && crew_all_ready(c)) {
			c->ready = true;
			server_ready(c->server);
		}
		if (crew_hands_out(c) && c->ready)
			room = crew_dispatch(c);
		crew_wait(c, respawn_ns, room);
	}
}

static void crew_nudge(struct crew *c, int number)
{
	for (unsigned i = 0; i < c->size; i++) {
		struct seat *seat = &c->seats[i];

		if (!seat->running)
			continue;
		if (c->kind == CREW_PROCESS) {
			kill(seat->pid, number);
		} else {
			crew_signal_event(seat->event);
			signals_nudge_thread(seat->thread);
		}
	}
}

/* Notes the threads that have come to their end; processes are reaped. */
static unsigned crew_still_running(struct crew *c)
{
	unsigned running = 0;

	crew_reap(c);
	for (unsigned i = 0; i < c->size; i++) {
		struct seat *seat = &c->seats[i];

		if (seat->running && c->kind == CREW_THREAD &&
			atomic_load(&seat->ended)) {
			pthread_join(seat->thread, NULL);
			seat->running = false;
		}
		running += seat->running;
	}
	return running;
}

static void crew_stop_listening(const struct crew *c)
{
	if (c->accept == CREW_REUSEPORT)
		for (unsigned i = 0; i < c->size; i++)
			shutdown(c->seats[i].listener, SHUT_RDWR);
}

/* Threads cannot be killed: those that do not listen are left, and what they
 * hold counts as cut, and as open. */
static void crew_leave_late(const struct crew *c)
{
	for (unsigned i = 0; i < c->size; i++) {
		const struct slot *slot = c->seats[i].slot;
		uint64_t closed;

		if (!c->seats[i].running)
			continue;
		closed = slot_get(&slot->closed);
		for (uint64_t n = slot_get(&slot->accepted); n > closed; n--)
			board_error(c->server->board, "drain.cut", 0);
	}
}

static void crew_drain(struct crew *c)
{
	const struct timespec nudge = clock_timespec(SIGNALS_NUDGE_NS);

	/* When we give up by ourselves, nobody has set a deadline. */
	signals_stop();
	crew_stop_listening(c);
	crew_drop_held(c);
	while (crew_still_running(c)) {
		struct pollfd fds[2] = {
			{.fd = signals_fd(), .events = POLLIN},
			{.fd = c->event, .events = POLLIN},
		};
		const bool late =
			clock_ns() > signals_deadline() + CREW_PATIENCE_NS;

		if (late && c->kind == CREW_THREAD) {
			crew_leave_late(c);
			return;
		}
		c->cutting = late;
		crew_nudge(c, late ? SIGKILL : SIGTERM);
		if (ppoll(fds, 2, &nudge, NULL) <= 0)
			continue;
		signals_clear();
		crew_clear_event(c->event);
	}
}

int crew_run(struct crew *c)
{
	int error = crew_init(c);

	if (error)
		return error;
	error = crew_start(c);
	if (!error)
		crew_look_after(c);
	crew_drain(c);
	crew_release(c);
	return error ? error : c->failed ? -ECHILD : 0;
}
