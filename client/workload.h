/* SPDX-License-Identifier: MIT */
/*
 * A workload is the client side of a protocol, without I/O.
 *
 * It says what to send and judges what comes back, byte for byte. It never
 * sees a descriptor, so each workload runs on each engine. Requests are slices
 * of memory that was prepared once: making one costs a pointer, not a copy.
 *
 * client/workloads/NAME.c defines `const struct workload workload_NAME`; that
 * is its whole registration.
 */
#ifndef SERVERLAB_CLIENT_WORKLOAD_H
#define SERVERLAB_CLIENT_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_spec;

struct slice {
	const char *data;
	size_t len;
};

/* One connection's side of the conversation. */
struct session {
	const void *options; /* as setup() left them; shared, read-only */
	void *state;	     /* state_size bytes, zeroed before open() */
	uint64_t key;	     /* random, another one for each connection made */
	uint64_t asked;	     /* requests made so far on this connection */
	uint64_t now_ns;     /* when request() is called */

	/* Where members hear each other. */
	uint64_t index;	  /* of the member: it stays when the connection goes */
	bool silent;	  /* open() says: it only listens */
	uint64_t hearers; /* request() says: members that must hear this one */
};

/* How many there will be of what: for plan(). */
struct workload_plan {
	uint64_t connections, threads, pipeline, requests_per_connection, seed;
	uint64_t beside; /* connections of the crowd: client/crowd.h */
};

/* What came, beside the verdict: for hear(). */
struct heard {
	size_t used;
	uint64_t said_ns; /* a delivery that was due: when it was said */
	bool welcome;	  /* the answer to the greeting: the member is in */
	bool dropped;	  /* another member was, as the server says */
};

enum reply {
	REPLY_MORE,   /* so far as expected; the reply is not complete */
	REPLY_DONE,   /* complete and right */
	REPLY_LAST,   /* complete and right, and the server will close */
	REPLY_WRONG,  /* other bytes than expected */
	REPLY_SHORT,  /* the connection ended within the reply */
	REPLY_STATUS, /* the server says that it has failed */
	REPLY_PARSE,  /* not this protocol */
	/* where members hear each other: */
	REPLY_TWICE,   /* what has been heard before */
	REPLY_SKIPPED, /* what was said before this has not come */
};

struct workload {
	const char *name, *summary;
	const struct option_spec *options; /* ends with a nameless one */
	size_t options_size; /* of the struct they fill, private part included */
	size_t state_size;   /* bytes per connection */

	bool unasked;	/* the server talks by itself: requests are empty */
	bool unreplied; /* there is no reply: a request is over once written */
	bool single;	/* a connection is one request, timed from connect() */

	/*
	 * Once, before threads exist: prepares what requests point to, with
	 * bytes that depend on `seed`. 0, or -errno with a sentence in `why`
	 * (WHY_SIZE bytes). Optional.
	 */
	int (*setup)(void *options, uint64_t seed, char *why);
	void (*release)(void *options);

	/* A connection was made. Optional. */
	void (*open)(struct session *s);

	/* The next request. Its bytes stay where they are until its reply is
	 * complete. Absent where `unasked`. */
	struct slice (*request)(struct session *s);

	/*
	 * Bytes of the reply to `request`, len > 0. Takes at most that one
	 * reply and says in *used how many bytes it took; all of them unless
	 * the verdict is REPLY_DONE or REPLY_LAST. Absent where `unreplied`.
	 * Where `unasked`, called also for what comes before the first request
	 * (s->asked is 0): it is part of none, so the verdict on what is right
	 * is REPLY_MORE.
	 */
	enum reply (*reply)(struct session *s, struct slice request,
		const char *buf, size_t len, size_t *used);

	/* Does it go with so many of all that? There may not be enough members,
	 * say. Once, before begin(). 0, or -EINVAL with a sentence in `why`.
	 * Optional. */
	int (*plan)(void *options, const struct workload_plan *plan, char *why);

	/* The server closed while a reply was awaited: REPLY_DONE where this
	 * is how a reply ends, REPLY_SHORT within one, REPLY_MORE if none of
	 * it had come. Absent: by whether any byte of it had come. */
	enum reply (*eof)(struct session *s);

	/*
	 * A conversation: connections are members, and what one asks the others
	 * are told. All of the following or none; reply() and eof() are absent
	 * then. Members may belong to different threads.
	 */

	/* How many requests greeting() is, to the server. */
	unsigned greetings;

	/* Around each run; no thread is in between. `look` is to be called, by
	 * any thread, when answered() or is_alone() may say something else for
	 * this session. end() returns the deliveries that were due and have not
	 * come. */
	int (*begin)(void *options, void (*look)(struct session *s));
	uint64_t (*end)(void *options);

	/* What a connection says first, as a request that is not counted.
	 * hear() tells when it is welcome; it may make requests from then on.
	 */
	struct slice (*greeting)(struct session *s);

	/* Bytes that came, len > 0: as reply(), at most one message, at any
	 * time and for no request. */
	enum reply (*hear)(struct session *s, const char *buf, size_t len,
		uint64_t now, struct heard *heard);

	/* Takes the oldest request of this session if it is complete, and all
	 * others that are still there have heard it: REPLY_DONE, the last one
	 * at *when_ns. REPLY_SHORT: they are all gone, and none has. REPLY_MORE
	 * if it is not. */
	enum reply (*answered)(struct session *s, uint64_t *when_ns);

	/* Nobody would hear it: it makes no request now. */
	bool (*is_alone)(const struct session *s);

	/* The connection has ended. How many deliveries will not be, for that.
	 */
	uint64_t (*leave)(struct session *s);

	/* One of the crowd: has a member heard that the server has dropped it?
	 * Called in another process than hear(). */
	bool (*is_dropped)(const struct session *s);
};

/* All of them, ended by NULL; written from the directory at build time. */
extern const struct workload *const client_workloads[];

/* The one of that name, or NULL. */
const struct workload *workload_find(const char *name);

/*
 * From "NAME[:key=value,...]" to a workload ready to run, its options
 * allocated and set up; workload_free() undoes it. 0, or -errno with a
 * sentence in `why`.
 */
int workload_make(const char *spec, uint64_t seed,
	const struct workload **workload, void **options, char *why);
void workload_free(const struct workload *workload, void *options);

/* What several workloads use. */

/* The next number of a reproducible random sequence (SplitMix64). */
uint64_t workload_random(uint64_t *state);

/* Compares a piece of a reply with what is expected after the first *got
 * bytes: advances *got, sets *used, and resets *got when it is complete. */
enum reply workload_compare(const char *expected, size_t expected_len,
	size_t *got, const char *buf, size_t len, size_t *used);

#endif
