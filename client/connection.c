/* SPDX-License-Identifier: MIT */
#include "client/connection.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "client/engine.h"
#include "client/socket.h"
#include "client/worker.h"

#define BACKOFF_FIRST_NS (10 * NS_PER_MS)
#define BACKOFF_LAST_NS	 (500 * NS_PER_MS)
#define UNIX_RETRY_NS	 NS_PER_MS

static const struct config *connection_config(const struct connection *c)
{
	return c->worker->run->config;
}

static struct flight *connection_flight(const struct connection *c, uint32_t n)
{
	uint64_t i = c->head + n;
	uint64_t ring = connection_config(c)->pipeline;

	return (struct flight *)&c->flights[i < ring ? i : i - ring];
}

/* ---- ends --------------------------------------------------------------- */

static void connection_disconnect(struct connection *c)
{
	if (c->state == CONNECTION_FAREWELL)
		c->worker->farewells--;
	c->state = CONNECTION_CLOSED;
	worker_remove_free(c->worker, c);
	if (c->fd < 0)
		return;
	connection_config(c)->engine->disconnect(c);
	c->fd = -1;
}

static void connection_attempted(struct connection *c)
{
	if (!c->attempted) {
		c->attempted = true;
		c->worker->attempted++;
	}
}

static void connection_set_down(struct connection *c, bool down)
{
	struct worker *w = c->worker;

	if (c->down == down)
		return;
	c->down = down;
	w->down += down ? 1 : (uint64_t)-1;
	if (w->down > w->tally->down)
		w->tally->down = w->down;
}

/* It is up, as far as the run is concerned. */
static void connection_established(struct connection *c)
{
	connection_attempted(c);
	connection_set_down(c, false);
	if (!c->established) {
		c->established = true;
		c->worker->established++;
	}
}

/* ---- failures ----------------------------------------------------------- */

static void connection_later(struct connection *c, uint64_t wait_ns)
{
	struct worker *w = c->worker;

	if (!worker_is_over(w))
		timers_set(
			&w->timers, &c->timer, clock_read(&w->clock) + wait_ns);
}

/* The others need not wait for it to hear them. */
static void connection_leave(struct connection *c)
{
	const struct workload *workload = connection_config(c)->workload;

	if (workload->leave)
		c->worker->tally->undelivered += workload->leave(&c->session);
}

/* Ends the connection and loses what was under way on it; another is made
 * after a wait that doubles with every failure without a reply in between. */
static void connection_lost(struct connection *c)
{
	struct worker *w = c->worker;
	uint32_t lost = c->greeting ? 0 : c->outstanding + c->carried;

	w->tally->failed += lost;
	c->outstanding = c->carried = 0;
	c->thinking = c->retrying = c->greeting = false;
	connection_leave(c);
	connection_disconnect(c);
	connection_attempted(c);
	connection_set_down(c, true);
	connection_later(c, c->backoff_ns);
	c->backoff_ns *= 2;
	if (c->backoff_ns > BACKOFF_LAST_NS)
		c->backoff_ns = BACKOFF_LAST_NS;
	worker_landed(w, lost);
}

static void connection_fail(struct connection *c, enum error_kind kind)
{
	c->worker->tally->errors.by_kind[kind]++;
	connection_lost(c);
}

/* The queue of a Unix socket is full. Unlike TCP it has no second queue to
 * wait in, so the wait is ours. */
static bool connection_retry(struct connection *c)
{
	const struct config *config = connection_config(c);

	if (config->server.sa.any.sa_family != AF_UNIX ||
		clock_read(&c->worker->clock) >=
			c->connect_ns + config->timeout_ns)
		return false;
	connection_disconnect(c);
	c->retrying = true;
	timers_set(&c->worker->timers, &c->timer,
		clock_read(&c->worker->clock) + UNIX_RETRY_NS);
	return true;
}

/* Writing failed since the server has closed, and it may have said that it
 * would: reading tells. */
static bool connection_breaks(
	struct connection *c, enum error_phase phase, int error)
{
	if (phase != ERROR_WRITE || (error != EPIPE && error != ECONNRESET) ||
		!connection_config(c)->workload->reply || c->outstanding == 0)
		return false;
	c->broken = error;
	c->handed = 0;
	return true;
}

void connection_error(struct connection *c, enum error_phase phase, int error)
{
	struct errors *errors = &c->worker->tally->errors;

	if (connection_breaks(c, phase, error))
		return;
	/* The server resets after our farewell: it has all it wanted. */
	if (c->state == CONNECTION_FAREWELL) {
		connection_disconnect(c);
		return;
	}
	if (phase == ERROR_CONNECT && error == EAGAIN) {
		if (connection_retry(c))
			return;
		error = ETIMEDOUT;
	}
	errors->by_errno[phase][error < ERROR_NUMBERS ? error : 0]++;
	connection_lost(c);
}

/* With those behind it that have waited as long. */
static void connection_timed_out(struct connection *c, uint64_t now)
{
	const struct config *config = connection_config(c);
	struct tally *t = c->worker->tally;
	uint32_t i;

	for (i = 0; i < c->outstanding + c->carried && !c->greeting; i++) {
		const struct flight *f = connection_flight(c, i);

		if (now < f->sent_ns + config->timeout_ns)
			break;
		histogram_record(t->whole, config->timeout_ns);
		if (config->open_loop)
			histogram_record(t->corrected, now - f->intended_ns);
	}
	connection_fail(c, ERROR_TIMEOUT);
}

void connection_check_timeout(struct connection *c, uint64_t now)
{
	uint64_t timeout_ns = connection_config(c)->timeout_ns;
	uint64_t since;

	if (c->state == CONNECTION_CONNECTING)
		since = c->connect_ns;
	else if (c->state == CONNECTION_OPEN && c->outstanding > 0)
		since = c->flights[c->head].sent_ns;
	else
		return;
	if (now < since + timeout_ns)
		return;
	if (c->state == CONNECTION_CONNECTING)
		connection_error(c, ERROR_CONNECT, ETIMEDOUT);
	else
		connection_timed_out(c, now);
}

/* ---- requests ----------------------------------------------------------- */

/* Begins one request, unless its time has not come. One that is carried over
 * has begun before, and keeps its times. */
static bool connection_begin(struct connection *c, uint64_t now)
{
	const struct workload *workload = connection_config(c)->workload;
	struct flight *f = connection_flight(c, c->outstanding);

	if (c->carried > 0)
		c->carried--;
	else if (worker_take(c->worker, now, &f->intended_ns))
		f->sent_ns = now;
	else
		return false;
	c->session.now_ns = now;
	if (workload->request)
		f->request = workload->request(&c->session);
	else
		c->written++; /* there is nothing to write */
	c->worker->tally->due += c->session.hearers;
	c->session.asked++;
	c->outstanding++;
	c->quota--;
	return true;
}

/* Fills the pipeline and sends. While thinking, or until a batch that is
 * followed by thinking has been answered, nothing new is begun. */
static void connection_refill(struct connection *c, uint64_t now)
{
	const struct config *config = connection_config(c);
	uint32_t before = c->outstanding;

	if (c->greeting || c->thinking || (config->think_ns && before > 0))
		return;
	worker_remove_free(c->worker, c);
	if (config->workload->is_alone &&
		config->workload->is_alone(&c->session))
		return;
	while (c->outstanding < config->pipeline && c->quota > 0)
		if (!connection_begin(c, now))
			break;
	if (c->outstanding < config->pipeline && c->quota > 0)
		worker_add_free(c->worker, c);
	if (c->outstanding > before && config->workload->request)
		config->engine->send(c);
}

static void connection_new_session(struct connection *c)
{
	const struct config *config = connection_config(c);

	c->session.options = config->workload_options;
	c->session.key = workload_random(&c->worker->random);
	c->session.asked = 0;
	memset(c->session.state, 0, config->workload->state_size);
	if (config->workload->open)
		config->workload->open(&c->session);
	c->outstanding = c->written = c->handed = 0;
	c->written_part = c->ahead = 0;
	c->broken = 0;
	c->first_ns = 0;
	c->quota = c->session.silent ? 0 : config->requests_per_connection;
}

static void connection_connect(struct connection *c)
{
	const struct config *config = connection_config(c);
	int error;

	c->state = CONNECTION_CONNECTING;
	if (c->generation++ == 0)
		c->worker->tried++;
	c->fd = socket_new(
		config, &config->sources, workload_random(&c->worker->random));
	c->worker->tally->syscalls += socket_calls(config);
	error = c->fd < 0 ? c->fd : config->engine->connect(c);
	if (error)
		connection_error(c, ERROR_CONNECT, -error);
}

/* Where a connection is one request, it is begun with it. */
static void connection_open(struct connection *c, uint64_t now)
{
	if (!c->retrying) {
		connection_new_session(c);
		c->connect_ns = now;
		worker_remove_free(c->worker, c);
		if (connection_config(c)->workload->single &&
			!connection_begin(c, now)) {
			worker_add_free(c->worker, c);
			return;
		}
	}
	c->retrying = false;
	connection_connect(c);
}

void connection_next(struct connection *c, uint64_t now)
{
	/* A request may be under way that waits for its connection. */
	bool waits = c->carried > 0 || (c->retrying && c->outstanding > 0);

	if (worker_is_over(c->worker) && !waits)
		return;
	if (c->state == CONNECTION_CLOSED)
		connection_open(c, now);
	else if (c->state == CONNECTION_OPEN)
		connection_refill(c, now);
}

void connection_wake(struct connection *c, uint64_t now)
{
	c->thinking = false;
	connection_next(c, now);
}

/* ---- replies ------------------------------------------------------------ */

static void connection_record(
	struct connection *c, const struct flight *f, uint64_t now)
{
	struct tally *t = c->worker->tally;
	uint64_t raw = clock_between(f->sent_ns, now);

	if (c->first_ns) {
		histogram_record(t->split, raw);
		histogram_record(t->first, c->first_ns - f->sent_ns);
	} else {
		histogram_record(t->whole, raw);
	}
	if (connection_config(c)->open_loop)
		histogram_record(
			t->corrected, clock_between(f->intended_ns, now));
}

/* The answer to a question not yet put can only be a chance hit. */
static bool connection_is_put(const struct connection *c)
{
	return c->written + c->handed > 0;
}

/* Drops the oldest request. If the engine has not told that it is sent whole,
 * it will have to: see connection_written(). */
static void connection_shift(struct connection *c)
{
	if (c->written > 0) {
		c->written--;
	} else {
		c->ahead += c->flights[c->head].request.len - c->written_part;
		c->written_part = 0;
		c->handed--;
	}
	if (++c->head == connection_config(c)->pipeline)
		c->head = 0;
	c->outstanding--;
}

/* The oldest request is over. */
static void connection_landed(struct connection *c)
{
	connection_shift(c);
	worker_landed(c->worker, 1);
}

/* It has had its reply. */
static void connection_answered(struct connection *c, uint64_t now)
{
	connection_record(c, &c->flights[c->head], now);
	c->worker->tally->ok++;
	c->first_ns = 0;
	c->backoff_ns = BACKOFF_FIRST_NS;
	connection_landed(c);
}

/* It has had no answer, for there is nobody left to hear it. */
static void connection_unheard(struct connection *c)
{
	c->worker->tally->failed++;
	connection_landed(c);
}

/* The server closes. It has not answered what it was asked after that (RFC
 * 9112, 9.6): this is asked again on the next connection. */
static void connection_carry(struct connection *c)
{
	c->quota = 0;
	c->carried += c->outstanding;
	c->outstanding = 0;
}

/* The last request that this connection was to make has been answered. */
static void connection_renew(struct connection *c, uint64_t now)
{
	uint64_t think_ns = connection_config(c)->think_ns;

	connection_disconnect(c);
	if (think_ns && c->carried == 0)
		connection_later(c, think_ns);
	else
		connection_next(c, now);
}

/* What follows one or more replies. */
static void connection_after(struct connection *c, uint64_t now)
{
	uint64_t think_ns = connection_config(c)->think_ns;

	if (c->quota == 0 && c->outstanding == 0) {
		connection_renew(c, now);
		return;
	}
	if (think_ns && c->outstanding == 0 && !c->thinking) {
		c->thinking = true;
		connection_later(c, think_ns);
	}
	connection_next(c, now);
}

static void connection_judge(struct connection *c, enum reply verdict)
{
	static const enum error_kind kinds[] = {
		[REPLY_WRONG] = ERROR_MISMATCH,
		[REPLY_SHORT] = ERROR_SHORT,
		[REPLY_STATUS] = ERROR_STATUS,
		[REPLY_PARSE] = ERROR_PARSE,
		[REPLY_TWICE] = ERROR_TWICE,
		[REPLY_SKIPPED] = ERROR_SKIPPED,
	};

	connection_fail(c, kinds[verdict]);
}

static void connection_welcome(struct connection *c, uint64_t now)
{
	c->greeting = false;
	connection_shift(c);
	c->worker->tally->greetings +=
		connection_config(c)->workload->greetings;
	connection_established(c);
	connection_next(c, now);
}

/* Judges what others said, from the front of buf; returns as below. */
static size_t connection_hear(
	struct connection *c, const char *buf, size_t len, uint64_t now)
{
	struct tally *t = c->worker->tally;
	struct heard heard = {0};
	enum reply verdict = connection_config(c)->workload->hear(
		&c->session, buf, len, now, &heard);

	if (verdict == REPLY_MORE)
		return heard.used;
	if (verdict != REPLY_DONE) {
		connection_judge(c, verdict);
		return 0;
	}
	if (heard.said_ns) {
		t->heard++;
		histogram_record(
			t->delivery, clock_between(heard.said_ns, now));
	}
	t->errors.by_kind[ERROR_DROPPED] += heard.dropped;
	if (heard.welcome && c->greeting && connection_is_put(c))
		connection_welcome(c, now);
	return c->state == CONNECTION_OPEN ? heard.used : 0;
}

/* Judges what the server says before it is asked, which counts for nothing;
 * returns as below. It goes on talking when all is over. */
static size_t connection_overhear(
	struct connection *c, const char *buf, size_t len)
{
	const struct slice none = {NULL, 0};
	enum reply verdict;
	size_t used = 0;

	if (c->session.asked > 0 || worker_is_over(c->worker))
		return len;
	verdict = connection_config(c)->workload->reply(
		&c->session, none, buf, len, &used);
	if (verdict == REPLY_MORE)
		return used;
	connection_judge(c, verdict);
	return 0;
}

/* Judges bytes from the front of buf; returns how many, 0 once the connection
 * is over. */
static size_t connection_reply(
	struct connection *c, const char *buf, size_t len, uint64_t now)
{
	const struct workload *workload = connection_config(c)->workload;
	enum reply verdict;
	size_t used = 0;

	if (workload->hear)
		return connection_hear(c, buf, len, now);
	if (workload->unasked && c->outstanding == 0)
		connection_refill(c, now);
	if (workload->unasked && c->outstanding == 0)
		return connection_overhear(c, buf, len);
	if (!workload->reply || c->outstanding == 0) {
		connection_fail(c, ERROR_LONG);
		return 0;
	}
	verdict = workload->reply(
		&c->session, c->flights[c->head].request, buf, len, &used);
	if (verdict == REPLY_MORE) {
		if (!c->first_ns)
			c->first_ns = now;
		return used;
	}
	if (verdict != REPLY_DONE && verdict != REPLY_LAST) {
		connection_judge(c, verdict);
		return 0;
	}
	if (!connection_is_put(c)) {
		connection_fail(c, ERROR_MISMATCH);
		return 0;
	}
	connection_answered(c, now);
	if (verdict == REPLY_LAST)
		connection_carry(c);
	return used;
}

void connection_input(struct connection *c, const char *buf, size_t len)
{
	uint64_t now = worker_now(c->worker);
	uint64_t ok = c->worker->tally->ok;
	size_t used;

	c->worker->tally->bytes_in += len;
	if (c->state == CONNECTION_FAREWELL)
		return;
	for (; len > 0; buf += used, len -= used) {
		used = connection_reply(c, buf, len, now);
		if (used == 0)
			return;
	}
	if (c->worker->tally->ok != ok)
		connection_after(c, now);
}

static void connection_unanswered(struct connection *c)
{
	if (!c->broken) {
		connection_fail(c, ERROR_EOF);
		return;
	}
	c->worker->tally->errors.by_errno[ERROR_WRITE][c->broken]++;
	connection_lost(c);
}

/* The end of the connection is the end of the reply. */
static void connection_completed(struct connection *c, uint64_t now)
{
	if (!connection_is_put(c)) {
		connection_fail(c, ERROR_MISMATCH);
		return;
	}
	connection_answered(c, now);
	connection_carry(c);
	connection_after(c, now);
}

void connection_eof(struct connection *c)
{
	const struct workload *workload = connection_config(c)->workload;
	uint64_t now = worker_now(c->worker);
	enum reply verdict = c->first_ns ? REPLY_SHORT : REPLY_MORE;

	if (c->state == CONNECTION_FAREWELL) {
		connection_disconnect(c);
		return;
	}
	if (c->outstanding > 0 && workload->eof)
		verdict = workload->eof(&c->session);
	if (verdict == REPLY_MORE)
		connection_unanswered(c);
	else if (verdict == REPLY_DONE || verdict == REPLY_LAST)
		connection_completed(c, now);
	else
		connection_judge(c, verdict);
}

/* ---- the engine's side -------------------------------------------------- */

int connection_output(const struct connection *c, struct iovec *pieces, int max)
{
	size_t part = c->written_part;
	uint32_t i;
	int n = 0;

	if (c->broken)
		return 0;
	for (i = c->written; i < c->outstanding && n < max; i++) {
		const struct slice *s = &connection_flight(c, i)->request;

		pieces[n].iov_base = (void *)(uintptr_t)(s->data + part);
		pieces[n++].iov_len = s->len - part;
		part = 0;
	}
	return n;
}

void connection_handed(struct connection *c, int pieces)
{
	c->handed = (uint32_t)pieces;
}

/* What it says first is a flight like others, but for the account. */
static void connection_greet(struct connection *c, uint64_t now)
{
	const struct config *config = connection_config(c);
	struct flight *f = connection_flight(c, 0);

	f->request = config->workload->greeting(&c->session);
	f->intended_ns = f->sent_ns = now;
	c->greeting = true;
	c->outstanding = 1;
	config->engine->send(c);
}

void connection_connected(struct connection *c)
{
	struct worker *w = c->worker;
	uint64_t now = worker_now(w);

	c->state = CONNECTION_OPEN;
	histogram_record(w->tally->connect, now - c->connect_ns);
	if (connection_config(c)->workload->greeting) {
		connection_greet(c, now);
		return;
	}
	connection_established(c);
	connection_next(c, now);
}

void connection_mail(struct session *s)
{
	struct connection *c =
		(struct connection *)((char *)s -
				      offsetof(struct connection, session));

	worker_post(c->worker, c);
}

void connection_collect(struct connection *c, uint64_t now)
{
	const struct workload *workload = connection_config(c)->workload;
	enum reply verdict;
	bool any = false;
	uint64_t when_ns;

	if (c->state != CONNECTION_OPEN || c->greeting)
		return;
	while (c->written > 0 && (verdict = workload->answered(&c->session,
					  &when_ns)) != REPLY_MORE) {
		any = true;
		if (verdict == REPLY_DONE)
			connection_answered(c, when_ns);
		else
			connection_unheard(c);
	}
	if (any)
		connection_after(c, now);
	else
		connection_next(c, now);
}

/* Where there are no replies, a request is over when it is written. */
static void connection_unreplied(struct connection *c)
{
	uint64_t now = worker_now(c->worker);

	while (c->written > 0)
		connection_answered(c, now);
	connection_after(c, now);
}

void connection_written(struct connection *c, size_t len)
{
	c->worker->tally->bytes_out += len;
	c->handed = 0;
	if (len < c->ahead) {
		connection_fail(c, ERROR_MISMATCH);
		return;
	}
	c->written_part += len - c->ahead;
	c->ahead = 0;
	while (c->written < c->outstanding) {
		size_t whole = connection_flight(c, c->written)->request.len;

		if (c->written_part < whole)
			break;
		c->written_part -= whole;
		c->written++;
	}
	if (connection_config(c)->workload->unreplied && c->written > 0)
		connection_unreplied(c);
	/* Others may have heard it before we learn that it was sent. */
	if (connection_config(c)->workload->hear && c->written > 0)
		worker_post(c->worker, c);
}

void connection_farewell(struct connection *c)
{
	if (c->state != CONNECTION_OPEN || c->outstanding > 0)
		return;
	if (shutdown(c->fd, SHUT_WR) < 0) {
		connection_disconnect(c);
		return;
	}
	c->state = CONNECTION_FAREWELL;
	c->worker->farewells++;
}

void connection_close(struct connection *c)
{
	timers_clear(&c->worker->timers, &c->timer);
	connection_disconnect(c);
}
