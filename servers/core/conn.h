/* SPDX-License-Identifier: MIT */
/*
 * A connection without its I/O: the state machine between a handler and a
 * server model.
 *
 * The model brings input (conn_space() and conn_received(), or conn_input())
 * and takes output (conn_output() and conn_sent()); the connection calls the
 * handler, keeps what it has not consumed, bounds what it has written, and
 * knows its deadlines. It makes no system call on the socket, so the same object
 * serves a blocking read loop, a readiness loop and a completion ring.
 *
 * A connection belongs to one worker, and to the one thread that runs it.
 */
#ifndef SERVERLAB_CORE_CONN_H
#define SERVERLAB_CORE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/handler.h"
#include "servers/core/buf.h"

struct worker;

/* What an event loop watches. A connection begins with one. */
struct watch {
	int fd;
	uint8_t kind;	  /* enum watch_kind of loop.h */
	uint8_t interest; /* what the kernel was last told to report */
	bool known;	  /* the kernel was told anything at all */
};

struct conn {
	struct watch watch;

	bool opened : 1;     /* the handler knows it */
	bool again : 1;	     /* input is left that no new byte will announce */
	bool paused : 1;     /* until wake_ns */
	bool choked : 1;     /* output above the high-water mark */
	bool spared : 1;     /* and a broadcast waits for it to go, once */
	bool in_request : 1; /* bytes arrived since the last request was done */
	bool finishing : 1;  /* deliver the output, then end */
	bool peer_eof : 1;   /* the peer has sent all it will */
	bool eof_seen : 1;   /* perhaps so, behind bytes to be read */
	bool eof_told : 1;   /* and the handler was told */
	bool lingering : 1;  /* our side is shut down, input is thrown away */
	bool blocked : 1;    /* the socket took no more output */
	bool dry : 1;	     /* the last recv() took all there was */
	bool dead : 1;	     /* closed: only memory is left */
	/* Of a model that has the kernel move the bytes. */
	bool receiving;	   /* input may come at any time, wanted or not */
	uint8_t in_flight; /* operations that still name it */
	int16_t error;	   /* errno that ended it, or 0 */

	struct worker *worker;
	struct buf *in;		  /* received, not consumed */
	struct buf *out;	  /* written, not sent; maybe a file behind */
	struct conn *next, *prev; /* all connections of the worker */
	struct conn *next_queued;
	void *model; /* the model's own, NULL at first */

	/* Times of worker->now; kept only while the worker is timed. */
	uint64_t active_ns;  /* last byte in or out */
	uint64_t request_ns; /* first byte of the unfinished request */
	uint64_t wake_ns;    /* end of the pause, or of lingering */
	uint64_t timer_ns;   /* when its timer will fire; 0: none is set */
	uint64_t behind_at;  /* first broadcast that it missed, plus 1 */
	uint32_t timer_index;

	/* Away from the bits above: the loop's thread looks at these also while
	 * another runs the connection. */
	bool queued;	/* in the worker's list of turns to take */
	bool away;	/* another thread runs it; the loop keeps off */
	uint8_t missed; /* watch_interest reported meanwhile */

	_Alignas(8) char state[]; /* the handler's */
};

/* A connection on socket `fd` that accept_try() gave, in the worker's list.
 * NULL: out of memory; the caller still owns fd. */
struct conn *conn_new(struct worker *w, int fd);
/* Tells the handler: call it once, before anything below. */
void conn_open(struct conn *c);
/* The handler's close(), the worker's counters, the buffers. The struct stays,
 * dead, until conn_free(): events of the same batch may still name it. */
void conn_close(struct conn *c);
void conn_free(struct conn *c);
/* Takes it out of the worker's list and frees it, and nothing else: for one
 * that only stood in for another. */
void conn_abandon(struct conn *c);

/* ---- input ------------------------------------------------------------- */

/* May the model read from the peer now? */
static inline bool conn_wants_input(const struct conn *c)
{
	return !(c->paused || c->choked || c->finishing || c->peer_eof ||
		 c->again);
}

/* Where to receive: *size > 0 bytes, valid until conn_received(). NULL: out of
 * memory, and the connection has failed. */
char *conn_space(struct conn *c, size_t *size);
/* `len` bytes were put there. */
void conn_received(struct conn *c, size_t len);
/* The same with bytes that are somewhere else. */
void conn_input(struct conn *c, const char *buf, size_t len);
/* `len` bytes of a request went to a sequential handler by another way. */
void conn_handed(struct conn *c, size_t len);
/* The peer has shut down its side. */
void conn_input_eof(struct conn *c);
/* Offers kept input once more: for a turn of a connection with `again`. */
void conn_continue(struct conn *c);

/* ---- output ------------------------------------------------------------ */

/*
 * c->out is what is to be sent, NULL if nothing. While it holds no bytes, the
 * file behind them is next: conn_output() reads a piece of it, a model that
 * writes to the socket itself leaves that to sendfile(2) (conn_flush()).
 */
static inline struct file *conn_next_file(const struct conn *c)
{
	return c->out && !buf_len(c->out) ? c->out->file : NULL;
}

/* Reads on in the file. False: it has nothing, and the connection is ending. */
bool conn_read_file(struct conn *c);

/* The next bytes to be sent, NULL if there are none (any more). */
static inline const char *conn_output(struct conn *c, size_t *len)
{
	if (!c->out || (conn_next_file(c) && !conn_read_file(c)))
		return NULL;
	*len = buf_len(c->out);
	return c->out->data + c->out->start;
}

/* `len` of it were sent. The handler may write more at once. */
void conn_sent(struct conn *c, size_t len);
/* The same of conn_next_file(), whose bytes went from the file to the socket;
 * 0: the file has no more, although that was promised. */
void conn_sent_file(struct conn *c, size_t len);

/* ---- life -------------------------------------------------------------- */

/* The connection is broken: counted under "PHASE.ENAME" ("read.ECONNRESET"),
 * nothing more is read or sent. */
void conn_fail(struct conn *c, const char *phase, int error);

/* Nothing is left to do but to close it (after lingering, if conn_lingers()). */
static inline bool conn_done(const struct conn *c)
{
	return c->error || (c->finishing && !c->out);
}

/*
 * A close with unread input makes the kernel send a reset, which can destroy
 * the reply on its way. So where we end first, our side is shut down and input
 * is thrown away until the peer has closed too, or LINGER_NS are over.
 */
static inline bool conn_lingers(const struct conn *c)
{
	return !c->error && !c->peer_eof;
}

#define CONN_LINGER_NS UINT64_C(1000000000)

/* The server is stopping: ends the connection unless a request is under way. */
void conn_drain(struct conn *c);

/* The server is stopping: cuts the connection off if the time for that is over.
 * True: it was. To be asked before each request, for one may take long. */
bool conn_overdue(struct conn *c);

/* The next time at which conn_expire() has something to do, in the clock of
 * worker->now; 0: never. */
uint64_t conn_deadline(const struct conn *c);
/* Ends a pause that is over, fails what has timed out. */
void conn_expire(struct conn *c, uint64_t now);

#endif
