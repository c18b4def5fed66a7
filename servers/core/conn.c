/* SPDX-License-Identifier: MIT */
#include "servers/core/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "servers/core/file.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/worker.h"

enum {
	/* Requests answered in one turn, so that a peer that pipelines
	 * endlessly leaves the others their turn. */
	CONN_TURN = 64,
	CONN_FILE_PIECE = 65536, /* of a file, read at a time */
};

struct conn *conn_new(struct worker *w, int fd)
{
	struct conn *c = calloc(1, sizeof(*c) + w->handler->state_size);

	if (!c)
		return NULL;
	c->watch.fd = fd;
	c->worker = w;
	c->active_ns = w->now;
	c->next = w->conns;
	if (c->next)
		c->next->prev = c;
	w->conns = c;
	w->open++;
	return c;
}

void conn_open(struct conn *c)
{
	c->opened = true;
	if (c->worker->handler->open)
		c->worker->handler->open(c);
}

static void conn_drop_output(struct conn *c)
{
	struct buf_pool *pool = &c->worker->pool;
	struct buf *out = c->out;

	if (!out)
		return;
	if (out->file) {
		if (out->file->behind)
			buf_put(pool, out->file->behind);
		file_free(out->file);
		out->file = NULL;
	}
	buf_put(pool, out);
	c->out = NULL;
}

static void conn_drop_buffers(struct conn *c)
{
	if (c->in)
		buf_put(&c->worker->pool, c->in);
	c->in = NULL;
	conn_drop_output(c);
}

static void conn_unlist(struct conn *c)
{
	struct worker *w = c->worker;

	conn_drop_buffers(c);
	if (c->queued)
		worker_forget(w, c);
	if (c->prev)
		c->prev->next = c->next;
	else
		w->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	w->open--;
	c->dead = true;
}

void conn_close(struct conn *c)
{
	struct worker *w = c->worker;

	c->finishing = true;
	if (c->opened && w->handler->close)
		w->handler->close(c, -c->error);
	conn_unlist(c);
	slot_add(&w->slot->closed, 1);
	server_leave(w->server);
}

void conn_abandon(struct conn *c)
{
	conn_unlist(c);
	conn_free(c);
}

void conn_free(struct conn *c)
{
	free(c);
}

/* ---- input ------------------------------------------------------------- */

static bool conn_may_run(const struct conn *c)
{
	return !(c->paused || c->choked || c->finishing);
}

/* The peer is done and the handler has had all it wanted. */
static void conn_tell_eof(struct conn *c)
{
	if (c->eof_told || c->finishing)
		return;
	c->eof_told = true;
	if (c->worker->handler->eof)
		c->worker->handler->eof(c);
	else
		conn_finish(c);
}

/* Offers the bytes until they are used up, the handler wants more, or the turn
 * is over: a stop waits for one request, not for a turn of them. Returns how
 * many were consumed. */
static size_t conn_offer(struct conn *c, const char *buf, size_t len)
{
	const struct handler *h = c->worker->handler;
	size_t used = 0;
	int turns = CONN_TURN;

	c->again = false;
	while (used < len && conn_may_run(c)) {
		size_t n;

		if (!turns-- || (used && signals_stopping())) {
			c->again = true;
			break;
		}
		if (signals_stopping() && conn_overdue(c))
			break;
		c->in_request = true;
		n = h->data(c, buf + used, len - used);
		if (!n)
			break;
		used += n;
	}
	return used;
}

/* After an offer: `left` bytes were not consumed. */
static void conn_offered(struct conn *c, size_t left)
{
	struct worker *w = c->worker;

	if (left && !c->in_request) /* of the next request */
		c->in_request = true;
	if (w->timed) {
		if (!c->in_request)
			c->request_ns = 0;
		else if (!c->request_ns)
			c->request_ns = w->now;
	}
	if (c->again || !conn_may_run(c))
		return;
	if (c->peer_eof)
		conn_tell_eof(c);
	else if (left >= CONN_INPUT_MAX)
		conn_fail(c, "request.too_long", 0);
}

void conn_continue(struct conn *c)
{
	size_t left = 0;

	c->again = false;
	if (c->in && conn_may_run(c)) {
		const size_t used = conn_offer(
			c, c->in->data + c->in->start, buf_len(c->in));

		/* A failure within takes the buffers away. */
		if (c->in && used)
			buf_consume(&c->worker->pool, &c->in, used);
	}
	left = c->in ? buf_len(c->in) : 0;
	conn_offered(c, left);
}

/* Now, or in the turn that somebody else takes. */
static void conn_offer_kept(struct conn *c)
{
	if (c->worker->deferred && !c->finishing)
		c->again = true;
	else
		conn_continue(c);
}

/* A receive buffer that was filled was too small, if it may grow. */
static void conn_grow_scratch(struct worker *w, size_t len)
{
	char *grown;

	if (len < w->scratch_size || w->scratch_size >= w->scratch_max)
		return;
	grown = realloc(w->scratch, w->scratch_size * 4);
	if (!grown)
		return;
	w->scratch = grown;
	w->scratch_size *= 4;
	w->pool.standard = w->scratch_size;
}

char *conn_space(struct conn *c, size_t *size)
{
	struct worker *w = c->worker;

	if (!c->in) {
		*size = w->scratch_size;
		return w->scratch;
	}
	if (buf_reserve(&w->pool, &c->in, w->scratch_size)) {
		conn_fail(c, "memory", ENOMEM);
		return NULL;
	}
	*size = c->in->size - c->in->end;
	return c->in->data + c->in->end;
}

static void conn_count_input(struct conn *c, size_t len)
{
	struct worker *w = c->worker;

	slot_add(&w->slot->bytes_in, len);
	if (w->timed)
		c->active_ns = w->now;
}

void conn_received(struct conn *c, size_t len)
{
	if (!c->in) {
		conn_input(c, c->worker->scratch, len);
		conn_grow_scratch(c->worker, len);
		return;
	}
	conn_count_input(c, len);
	c->in->end += (uint32_t)len;
	conn_offer_kept(c);
}

void conn_input(struct conn *c, const char *buf, size_t len)
{
	struct buf_pool *pool = &c->worker->pool;
	const bool kept = c->in || c->worker->deferred;
	const size_t used = kept ? 0 : conn_offer(c, buf, len);

	conn_count_input(c, len);
	if (c->error)
		return;
	if (used < len && !c->finishing &&
		buf_append(pool, &c->in, buf + used, len - used))
		conn_fail(c, "memory", ENOMEM);
	else if (kept)
		conn_offer_kept(c);
	else
		conn_offered(c, len - used);
}

void conn_handed(struct conn *c, size_t len)
{
	conn_count_input(c, len);
	conn_request_begun(c);
}

void conn_input_eof(struct conn *c)
{
	c->peer_eof = true;
	conn_offer_kept(c);
}

/* ---- output ------------------------------------------------------------ */

void conn_write(struct conn *c, const void *buf, size_t len)
{
	struct worker *w = c->worker;
	struct buf **end =
		c->out && c->out->file ? &c->out->file->behind : &c->out;

	if (c->finishing || !len)
		return;
	if (w->timed && !c->out)
		c->active_ns = w->now;
	if (buf_append(&w->pool, end, buf, len)) {
		conn_fail(c, "memory", ENOMEM);
		return;
	}
	if (buf_len(c->out) > w->server->config.high_water)
		c->choked = true;
}

/* It is queued: no more input until it was sent. */
static int conn_queue_file(struct conn *c, struct file *f)
{
	struct worker *w = c->worker;

	if (c->out && c->out->file)
		return -EBUSY;
	if (w->timed && !c->out)
		c->active_ns = w->now;
	if (buf_reserve(&w->pool, &c->out, 0))
		return -ENOMEM;
	c->out->file = f;
	c->choked = true;
	return 0;
}

void conn_write_file(
	struct conn *c, struct file *f, uint64_t offset, uint64_t len)
{
	int error = 0;

	f->offset = offset;
	f->left = len;
	if (!c->finishing && len) {
		error = conn_queue_file(c, f);
		if (!error)
			return;
	}
	file_free(f);
	if (error)
		conn_fail(c, "file", -error);
}

int conn_choked(const struct conn *c)
{
	return c->choked || c->finishing;
}

/* Input may be offered again. */
static void conn_resume(struct conn *c)
{
	if (c->worker->handler->resume && !c->finishing)
		c->worker->handler->resume(c);
	if (conn_may_run(c) && (c->in || c->peer_eof))
		c->again = true;
}

static void conn_count_output(struct conn *c, size_t len)
{
	struct worker *w = c->worker;

	slot_add(&w->slot->bytes_out, len);
	if (w->timed)
		c->active_ns = w->now;
}

/* All of the file is sent: what was written behind it is next. */
static void conn_end_file(struct conn *c)
{
	struct buf *behind = c->out->file->behind;

	c->out->file->behind = NULL;
	conn_drop_output(c);
	c->out = behind;
}

/* There is less output than there was. */
static void conn_let_go_on(struct conn *c)
{
	if (!c->choked)
		return;
	c->spared = false; /* it reads */
	if (c->out &&
		(c->out->file ||
			buf_len(c->out) > c->worker->server->config.low_water))
		return;
	c->choked = false;
	if (!c->paused)
		conn_resume(c);
}

void conn_sent(struct conn *c, size_t len)
{
	struct buf *out = c->out;

	conn_count_output(c, len);
	if (!out->file) {
		buf_consume(&c->worker->pool, &c->out, len);
	} else {
		out->start += (uint32_t)len;
		if (!buf_len(out))
			out->start = out->end = 0;
		if (!buf_len(out) && !out->file->left)
			conn_end_file(c);
	}
	conn_let_go_on(c);
}

/* It is shorter than when its length was told: only the end of the connection
 * can say so. */
static void conn_short_file(struct conn *c)
{
	board_error(c->worker->board, "file.short", 0);
	conn_drop_output(c);
	conn_finish(c);
}

void conn_sent_file(struct conn *c, size_t len)
{
	struct file *f = c->out->file;

	if (!len) {
		conn_short_file(c);
		return;
	}
	conn_count_output(c, len);
	f->offset += len;
	f->left -= len;
	if (!f->left)
		conn_end_file(c);
	conn_let_go_on(c);
}

bool conn_read_file(struct conn *c)
{
	struct file *f = c->out->file;
	const size_t want =
		f->left < CONN_FILE_PIECE ? (size_t)f->left : CONN_FILE_PIECE;
	ssize_t n;

	if (buf_reserve(&c->worker->pool, &c->out, want)) {
		conn_fail(c, "memory", ENOMEM);
		return false;
	}
	do
		n = pread(f->fd, c->out->data, want, (off_t)f->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		conn_fail(c, "file", errno);
	else if (!n)
		conn_short_file(c);
	if (n <= 0)
		return false;
	c->out->end = (uint32_t)n;
	f->offset += (uint64_t)n;
	f->left -= (uint64_t)n;
	return true;
}

/* ---- life -------------------------------------------------------------- */

void conn_finish(struct conn *c)
{
	/* Kept input stays until conn_close(): data() may be reading it. */
	c->finishing = true;
	c->choked = c->paused = c->again = false;
}

/* Ends it with `error`; what was not sent yet is thrown away. */
static void conn_break(struct conn *c, int error)
{
	c->error = (int16_t)error;
	c->finishing = true;
	c->choked = c->paused = c->again = false;
	conn_drop_output(c);
}

void conn_fail(struct conn *c, const char *phase, int error)
{
	if (c->error)
		return;
	board_error(c->worker->board, phase, error);
	conn_break(c, error ? error : EPROTO);
}

static void conn_time_out(struct conn *c, const char *which)
{
	board_error(c->worker->board, which, 0);
	conn_break(c, ETIMEDOUT);
}

void conn_drain(struct conn *c)
{
	if (!c->in_request && !c->finishing)
		conn_finish(c);
}

bool conn_overdue(struct conn *c)
{
	if (clock_ns() < signals_deadline())
		return false;
	conn_fail(c, "drain.cut", 0);
	return true;
}

void conn_pause(struct conn *c, uint64_t ns)
{
	if (c->finishing)
		return;
	c->paused = true;
	c->wake_ns = clock_ns() + ns;
}

void conn_request_none(struct conn *c)
{
	c->in_request = false;
	c->request_ns = 0;
}

void conn_request_done(struct conn *c)
{
	slot_add(&c->worker->slot->requests, 1);
	conn_request_none(c);
}

void conn_request_begun(struct conn *c)
{
	c->in_request = true;
	if (c->worker->timed && !c->request_ns)
		c->request_ns = c->worker->now;
}

static uint64_t conn_sooner(uint64_t deadline, uint64_t since, uint64_t limit)
{
	if (!limit || !since)
		return deadline;
	return !deadline || since + limit < deadline ? since + limit : deadline;
}

uint64_t conn_deadline(const struct conn *c)
{
	const struct server_config *limits = &c->worker->server->config;
	uint64_t deadline;

	if (c->paused || c->lingering)
		return c->wake_ns;
	if (!c->worker->timed)
		return 0;
	deadline = conn_sooner(0, c->active_ns, limits->idle_timeout_ns);
	if (c->out)
		return conn_sooner(
			deadline, c->active_ns, limits->write_timeout_ns);
	if (!c->in_request)
		return deadline;
	return conn_sooner(deadline, c->request_ns, limits->request_timeout_ns);
}

static bool conn_over(uint64_t since, uint64_t limit, uint64_t now)
{
	return limit && since && now >= since + limit;
}

void conn_expire(struct conn *c, uint64_t now)
{
	const struct server_config *limits = &c->worker->server->config;

	if (c->paused || c->lingering) {
		if (now < c->wake_ns)
			return;
		if (c->lingering) {
			c->peer_eof = true; /* waited long enough */
			return;
		}
		c->paused = false;
		c->active_ns = now;
		if (c->request_ns) /* a pause is not the peer's slowness */
			c->request_ns = now;
		if (!c->choked)
			conn_resume(c);
	} else if (c->out &&
		   conn_over(c->active_ns, limits->write_timeout_ns, now)) {
		conn_time_out(c, "timeout.write");
	} else if (!c->out && c->in_request &&
		   conn_over(c->request_ns, limits->request_timeout_ns, now)) {
		conn_time_out(c, "timeout.request");
	} else if (conn_over(c->active_ns, limits->idle_timeout_ns, now)) {
		conn_time_out(c, "timeout.idle");
	}
}

/* ---- the handler's view ------------------------------------------------ */

void *conn_state(struct conn *c)
{
	return c->state;
}

const void *conn_options(const struct conn *c)
{
	return c->worker->server->handler_options;
}

const char *conn_peer(struct conn *c, char *buf, size_t size)
{
	char text[ADDRESS_TEXT] = "?";
	struct address a;

	if (!net_peer(c->watch.fd, &a)) {
		/* A Unix peer may give itself any name, of any bytes. */
		if (a.sa.any.sa_family == AF_UNIX)
			a.sa.un.sun_path[0] = '\0';
		address_format(&a, text);
	}
	return strncpy(buf, text, size)[size - 1] = '\0', buf;
}
