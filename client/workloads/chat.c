/* SPDX-License-Identifier: MIT */
/*
 * chat: members in rooms, who hear what the others say.
 *
 * A request is a line said; it is over when all others in the room have heard
 * it. Every line that a member hears is checked: a member of this room has said
 * it, in these words, it has not come before, and none that this member said
 * before is missing. hall.c keeps that account, for members of all threads.
 *
 * A line begins with its number, in four hexadecimal digits; the rest depends
 * on that, so all lines stand ready in one block. A member's nick is its index
 * and the number of its life, for one that was dropped comes again. The rooms
 * are named after this process: two clients do not meet.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/hall.h"
#include "client/workload.h"
#include "common/options.h"

enum {
	CHAT_NUMBER = 4,    /* digits */
	CHAT_HEARD = 1152,  /* bytes of a line heard, at most */
	CHAT_WINDOW = 1024, /* lines of a member under way, at most */
	CHAT_NICK = 17,
};

struct chat_options {
	uint64_t rooms, speakers, size;
	struct workload_plan plan;
	int pid; /* of the client: helpers of a crowd have others */
	struct hall *hall;
	_Atomic uint32_t *ended; /* the last life of each of the crowd that the
				  * server has ended; helpers see it too */
	char *lines;		 /* HALL_NUMBERS of `size` bytes */
};

struct chat_state {
	bool in;
	uint32_t life;
	char nick[CHAT_NICK], welcome[64], greeting[64];
	size_t got; /* bytes of a line that is not complete */
	char part[CHAT_HEARD];
};

static const struct option_spec chat_table[] = {
	{
		.name = "rooms",
		.type = OPTION_COUNT,
		.offset = offsetof(struct chat_options, rooms),
		.preset = "1",
		.min = 1,
		.max = 100000,
		.help = "rooms that the connections are spread over",
	},
	{
		.name = "speakers",
		.type = OPTION_COUNT,
		.offset = offsetof(struct chat_options, speakers),
		.preset = "0",
		.max = 1000000,
		.help = "members of each room that speak (0: all)",
	},
	{
		.name = "size",
		.type = OPTION_SIZE,
		.offset = offsetof(struct chat_options, size),
		.preset = "64",
		.min = CHAT_NUMBER + 2,
		.max = 1024,
		.help = "bytes of a line, its line feed included",
	},
	{0},
};

/* ---- before and after ---------------------------------------------------- */

static int chat_setup(void *options, uint64_t seed, char *why)
{
	struct chat_options *o = options;
	size_t i, k;

	o->lines = malloc(HALL_NUMBERS * o->size + 1);
	if (!o->lines) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	for (i = 0; i < HALL_NUMBERS; i++) {
		char *line = o->lines + i * o->size;

		snprintf(line, CHAT_NUMBER + 2, "%0*zx ", CHAT_NUMBER, i);
		for (k = CHAT_NUMBER + 1; k < o->size - 1; k++)
			line[k] = (char)('a' + workload_random(&seed) % 26);
		line[k] = '\n';
	}
	return 0;
}

static void chat_release(void *options)
{
	free(((struct chat_options *)options)->lines);
}

static int chat_plan(void *options, const struct workload_plan *plan, char *why)
{
	struct chat_options *o = options;
	uint64_t c = plan->connections;

	o->plan = *plan;
	o->pid = (int)getpid();
	if (c / 2 < o->rooms)
		snprintf(why, WHY_SIZE,
			"chat: %" PRIu64
			" connections are too few for rooms=%" PRIu64
			": two in each are needed",
			c, o->rooms);
	else if (o->speakers > c / o->rooms)
		snprintf(why, WHY_SIZE,
			"chat: speakers=%" PRIu64 " is more than the %" PRIu64
			" members of a room",
			o->speakers, c / o->rooms);
	else if (o->speakers && o->speakers * o->rooms < plan->threads)
		snprintf(why, WHY_SIZE,
			"chat: %" PRIu64 " speakers in all are too few for "
			"%" PRIu64 " threads",
			o->speakers * o->rooms, plan->threads);
	else if (plan->requests_per_connection != UINT64_MAX)
		snprintf(why, WHY_SIZE,
			"chat does not go with --requests-per-connection: "
			"members stay, for one that left would miss what is "
			"said meanwhile; without the option it works, and "
			"new connections are measured with -w greet");
	else if (plan->pipeline > CHAT_WINDOW)
		snprintf(why, WHY_SIZE, "chat: --pipeline must be at most %d",
			CHAT_WINDOW);
	else
		return 0;
	return -EINVAL;
}

static size_t chat_ended_size(const struct chat_options *o)
{
	return (o->plan.beside + 1) * sizeof(*o->ended);
}

static int chat_begin(void *options, void (*look)(struct session *s))
{
	struct chat_options *o = options;

	o->ended = mmap(NULL, chat_ended_size(o), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (o->ended == MAP_FAILED)
		return -errno;
	o->hall = hall_new(o->plan.connections, o->rooms, o->plan.pipeline,
		o->plan.seed, look);
	if (!o->hall)
		munmap(o->ended, chat_ended_size(o));
	return o->hall ? 0 : -ENOMEM;
}

static uint64_t chat_end(void *options)
{
	struct chat_options *o = options;
	uint64_t missing = hall_missing(o->hall);

	hall_free(o->hall);
	o->hall = NULL;
	munmap(o->ended, chat_ended_size(o));
	return missing;
}

/* ---- a member ------------------------------------------------------------ */

/* Connections of the crowd are in the rooms too, and their lines of no
 * account. */
static bool chat_is_member(const struct session *s)
{
	const struct chat_options *o = s->options;

	return s->index < o->plan.connections;
}

static void chat_open(struct session *s)
{
	const struct chat_options *o = s->options;
	struct chat_state *state = s->state;
	uint64_t room = s->index % o->rooms;

	state->got = 0;
	state->life++;
	s->silent = true;
	if (chat_is_member(s)) {
		hall_place(o->hall, s->index, s);
		state->life = hall_enter(o->hall, s->index);
		s->silent = o->speakers && s->index / o->rooms >= o->speakers;
	}
	snprintf(state->nick, sizeof(state->nick), "%u-%u", (unsigned)s->index,
		state->life);
	snprintf(state->greeting, sizeof(state->greeting), "%s\n/room c%d-%u\n",
		state->nick, o->pid, (unsigned)room);
	snprintf(state->welcome, sizeof(state->welcome),
		"* you are %s, in room c%d-%u\n", state->nick, o->pid,
		(unsigned)room);
}

static struct slice chat_greeting(struct session *s)
{
	const struct chat_state *state = s->state;

	return (struct slice) {state->greeting, strlen(state->greeting)};
}

static struct slice chat_request(struct session *s)
{
	const struct chat_options *o = s->options;
	uint64_t n = hall_say(o->hall, s->index, s->now_ns, &s->hearers);

	return (struct slice) {o->lines + n % HALL_NUMBERS * o->size, o->size};
}

static enum reply chat_answered(struct session *s, uint64_t *when_ns)
{
	const struct chat_options *o = s->options;

	if (!hall_answered(o->hall, s->index, when_ns))
		return REPLY_MORE;
	return *when_ns ? REPLY_DONE : REPLY_SHORT;
}

static bool chat_is_alone(const struct session *s)
{
	const struct chat_options *o = s->options;

	return hall_is_alone(o->hall, s->index);
}

static uint64_t chat_leave(struct session *s)
{
	const struct chat_options *o = s->options;
	struct chat_state *state = s->state;

	state->in = false;
	return hall_leave(o->hall, s->index);
}

/* ---- what it hears ------------------------------------------------------- */

/* A decimal number and what must follow it; NULL: it is none. */
static const char *chat_number(
	const char *text, const char *end, char after, uint64_t *number)
{
	const char *p = text;

	for (*number = 0; p < end && *p >= '0' && *p <= '9'; p++)
		*number = *number * 10 + (uint64_t)(*p - '0');
	if (p == text || p - text > 9 || p == end || *p != after)
		return NULL;
	return p + 1;
}

/* "INDEX-LIFE" and what must follow it. */
static const char *chat_nick(const char *text, const char *end, char after,
	uint64_t *index, uint64_t *life)
{
	text = chat_number(text, end, '-', index);
	return text ? chat_number(text, end, after, life) : NULL;
}

static int chat_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* Which of the prepared lines it is, whole and unchanged; or -1. */
static int chat_which(
	const struct chat_options *o, const char *text, size_t len)
{
	int number = 0, i;

	if (len != o->size)
		return -1;
	for (i = 0; i < CHAT_NUMBER; i++) {
		int digit = chat_digit(text[i]);

		if (digit < 0)
			return -1;
		number = number * 16 + digit;
	}
	if (number >= HALL_NUMBERS ||
		memcmp(text, o->lines + (size_t)number * o->size, len) != 0)
		return -1;
	return number;
}

/* "NICK: LINE\n" */
static enum reply chat_hear_said(struct session *s, const char *text,
	const char *end, uint64_t now, struct heard *heard)
{
	static const enum reply verdicts[] = {
		[HEARING_DUE] = REPLY_DONE,
		[HEARING_LATE] = REPLY_DONE,
		[HEARING_TWICE] = REPLY_TWICE,
		[HEARING_SKIPPED] = REPLY_SKIPPED,
		[HEARING_UNKNOWN] = REPLY_WRONG,
	};
	const struct chat_options *o = s->options;
	uint64_t speaker, life, said_ns;
	enum hearing hearing;
	int number = -1;

	text = chat_nick(text, end, ':', &speaker, &life);
	if (text && *text == ' ')
		number = chat_which(o, text + 1, (size_t)(end - text - 1));
	if (number < 0)
		return REPLY_WRONG;
	hearing = hall_hear(o->hall, s->index, speaker, (uint32_t)life,
		(uint64_t)number, now, &said_ns);
	if (hearing == HEARING_DUE)
		heard->said_ns = said_ns;
	return verdicts[hearing];
}

static bool chat_is(const char *text, const char *end, const char *expected)
{
	size_t len = strlen(expected);

	return (size_t)(end - text) == len && memcmp(text, expected, len) == 0;
}

static bool chat_begins(const char *text, const char *end, const char *expected)
{
	size_t len = strlen(expected);

	return (size_t)(end - text) >= len && memcmp(text, expected, len) == 0;
}

/* Is this news? */
static bool chat_ends(const struct chat_options *o, uint64_t who, uint32_t life)
{
	if (who < o->plan.connections)
		return hall_claim_end(o->hall, who, life);
	if (who - o->plan.connections < o->plan.beside)
		o->ended[who - o->plan.connections] = life;
	return false;
}

/* One of the crowd that does not read cannot see its own end, which waits
 * behind all that was sent before; the others are told. */
static bool chat_is_dropped(const struct session *s)
{
	const struct chat_options *o = s->options;
	const struct chat_state *state = s->state;

	return o->ended[s->index - o->plan.connections] == state->life;
}

/* "* NICK joins\n", and whatever else is told of members. */
static enum reply chat_hear_news(struct session *s, const char *text,
	const char *end, struct heard *heard)
{
	const struct chat_options *o = s->options;
	const char *rest = memchr(text, ' ', (size_t)(end - text));
	uint64_t who, life;

	if (!rest)
		return REPLY_WRONG;
	rest++;
	if (chat_is(rest, end, "is dropped: does not read\n")) {
		heard->dropped = chat_nick(text, end, ' ', &who, &life) &&
				 chat_ends(o, who, (uint32_t)life);
		return REPLY_DONE;
	}
	if (chat_is(rest, end, "joins\n") || chat_is(rest, end, "leaves\n") ||
		chat_begins(rest, end, "is gone: ") ||
		chat_begins(rest, end, "is now "))
		return REPLY_DONE;
	return REPLY_WRONG;
}

/* "* SOMETHING\n" */
static enum reply chat_hear_notice(struct session *s, const char *text,
	const char *end, struct heard *heard)
{
	const struct chat_options *o = s->options;
	struct chat_state *state = s->state;

	if (chat_begins(text, end, "* welcome; ") ||
		chat_begins(text, end, "* you are ")) {
		heard->welcome = chat_is(text, end, state->welcome);
		if (heard->welcome && !state->in) {
			state->in = true;
			hall_join(o->hall, s->index);
		}
		return REPLY_DONE;
	}
	return chat_hear_news(s, text + 2, end, heard);
}

static enum reply chat_hear_line(struct session *s, const char *text,
	size_t len, uint64_t now, struct heard *heard)
{
	const char *end = text + len;

	if (chat_begins(text, end, "* "))
		return chat_hear_notice(s, text, end, heard);
	if (chat_begins(text, end, "error: "))
		return REPLY_STATUS;
	return chat_hear_said(s, text, end, now, heard);
}

/* A line is judged where it lies, unless it comes in pieces. */
static enum reply chat_hear(struct session *s, const char *buf, size_t len,
	uint64_t now, struct heard *heard)
{
	struct chat_state *state = s->state;
	const char *end = memchr(buf, '\n', len);
	size_t piece = end ? (size_t)(end - buf) + 1 : len;
	size_t whole = state->got + piece;

	heard->used = piece;
	if (whole > sizeof(state->part))
		return REPLY_PARSE;
	if (state->got > 0 || !end)
		memcpy(state->part + state->got, buf, piece);
	if (!end) {
		state->got = whole;
		return REPLY_MORE;
	}
	if (state->got > 0)
		buf = state->part;
	state->got = 0;
	return chat_hear_line(s, buf, whole, now, heard);
}

const struct workload workload_chat = {
	.name = "chat",
	.summary = "lines said in rooms, which all others there must hear",
	.options = chat_table,
	.options_size = sizeof(struct chat_options),
	.state_size = sizeof(struct chat_state),
	.setup = chat_setup,
	.release = chat_release,
	.open = chat_open,
	.request = chat_request,
	.greetings = 2,
	.plan = chat_plan,
	.begin = chat_begin,
	.end = chat_end,
	.greeting = chat_greeting,
	.hear = chat_hear,
	.answered = chat_answered,
	.is_alone = chat_is_alone,
	.leave = chat_leave,
	.is_dropped = chat_is_dropped,
};
