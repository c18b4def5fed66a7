/* SPDX-License-Identifier: MIT */
/*
 * A hall: rooms, and members who hear what the others in their room say. It
 * keeps the account of a conversation: who has to hear each line, who has, and
 * when the last one did.
 *
 * Members may belong to different threads. For each line under way there is a
 * mark for every member of the room, and who sets it accounts for this line
 * with this member: by hearing it, by leaving, or, on behalf of one that is
 * away, by saying it. So each delivery is counted exactly once, without a lock.
 *
 * No text here: client/workloads/chat.c.
 */
#ifndef SERVERLAB_CLIENT_HALL_H
#define SERVERLAB_CLIENT_HALL_H

#include <stdbool.h>
#include <stdint.h>

struct hall;
struct session;

enum { HALL_NUMBERS = 4096 }; /* a line is known by its number modulo this */

enum hearing {
	HEARING_DUE,	 /* a line that this member had to hear */
	HEARING_LATE,	 /* one that it need not hear, but may */
	HEARING_TWICE,	 /* it has heard this one before */
	HEARING_SKIPPED, /* one that was said before has not come */
	HEARING_UNKNOWN, /* nobody can have said it */
};

/*
 * Member i is in room i % rooms, and has at most `window` lines under way.
 * `look` is called, by any thread, with what hall_place() gave for a member,
 * when one of its lines is over (hall_answered()), or it is no longer alone.
 * NULL: no memory.
 */
struct hall *hall_new(uint64_t members, uint64_t rooms, uint64_t window,
	uint64_t seed, void (*look)(struct session *who));
void hall_free(struct hall *h);

/* All that follows is for the thread of `member` alone. */

void hall_place(struct hall *h, uint64_t member, struct session *who);

/* It is about to come in, again: the number of this life, 1 and up. What it
 * said in earlier ones is void. */
uint32_t hall_enter(struct hall *h, uint64_t member);

/* From now on it hears what is said. */
void hall_join(struct hall *h, uint64_t member);

/* It is gone: it hears no more, and what it said need not be heard. How many
 * deliveries will not be, for that. Again: 0. */
uint64_t hall_leave(struct hall *h, uint64_t member);

/* Says a line: its number, and how many members have to hear it. Not more than
 * `window` lines may be unanswered. */
uint64_t hall_say(
	struct hall *h, uint64_t member, uint64_t now, uint64_t *hearers);

/* It hears the line of that number (modulo HALL_NUMBERS), of `speaker` in its
 * `life`. *said_ns where it is due. */
enum hearing hall_hear(struct hall *h, uint64_t member, uint64_t speaker,
	uint32_t life, uint64_t number, uint64_t now, uint64_t *said_ns);

/* Takes its oldest line if that is over: all that were still there have heard
 * it, the last one at *when_ns; 0: all have left before. */
bool hall_answered(struct hall *h, uint64_t member, uint64_t *when_ns);

/* Nobody else is in its room. */
bool hall_is_alone(const struct hall *h, uint64_t member);

/* True for the first who tells that this life of `who` was ended. Any thread. */
bool hall_claim_end(struct hall *h, uint64_t who, uint32_t life);

/* Deliveries that are due and have not been, all threads at rest. */
uint64_t hall_missing(const struct hall *h);

#endif
