/* SPDX-License-Identifier: MIT */
/*
 * A histogram of times with three significant digits.
 *
 * Log-linear: below 2048 ns every nanosecond has its own slot; above, each
 * doubling of the value is divided into 1024 slots of equal width. Any value
 * in a slot is thus within 1/1024 (< 0.1 %) of any other, from 1 ns to an
 * hour. The layout is that of an HdrHistogram with unit 1, 3 digits and a
 * highest value of one hour, so that its files can be written slot by slot.
 *
 * Memory is fixed (264 KiB, of which only touched pages become real). Merging
 * adds counts, so it is exact, associative and commutative. Values above an
 * hour are kept in the last slot; min, max and mean know their true size.
 *
 * Not synchronised: one thread at a time.
 */
#ifndef SERVERLAB_COMMON_HISTOGRAM_H
#define SERVERLAB_COMMON_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HISTOGRAM_HALF = 1024,	/* slots per doubling */
	HISTOGRAM_SLOTS = 33792 /* (32 doublings + 1) * HISTOGRAM_HALF */
};
#define HISTOGRAM_MAX 3600000000000ull /* ns: one hour */

struct histogram;

struct histogram *histogram_new(void); /* empty, or NULL: out of memory */
void histogram_free(struct histogram *h);
void histogram_reset(struct histogram *h);

void histogram_record(struct histogram *h, uint64_t ns);
void histogram_record_many(struct histogram *h, uint64_t ns, uint64_t count);
void histogram_merge(struct histogram *into, const struct histogram *from);

uint64_t histogram_count(const struct histogram *h);
uint64_t histogram_min(const struct histogram *h);  /* exact; 0 if empty */
uint64_t histogram_max(const struct histogram *h);  /* exact; 0 if empty */
double histogram_mean(const struct histogram *h);   /* exact; 0 if empty */
double histogram_stddev(const struct histogram *h); /* from slot middles */

/* The smallest recorded value v (within 0.1 %, never below it) such that at
 * least `percent` of all values are <= v. 0 if empty. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

/* How many values lie in the slots up to and including that of `ns`. */
uint64_t histogram_count_upto(const struct histogram *h, uint64_t ns);

/* Walks the slots in use, upwards. Begin with *cursor = 0. */
struct histogram_slot {
	uint64_t lowest, highest; /* ns, inclusive */
	uint64_t count;		  /* > 0 */
};
bool histogram_next(
	const struct histogram *h, size_t *cursor, struct histogram_slot *slot);

/* The raw slots, for encoders and stores. */
size_t histogram_slot_index(uint64_t ns);
uint64_t histogram_slot_lowest(size_t index);
uint64_t histogram_slot_count(const struct histogram *h, size_t index);

#endif
