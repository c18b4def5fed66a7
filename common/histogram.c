/* SPDX-License-Identifier: MIT */
#include "common/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HALF_BITS = 10 }; /* 1 << HALF_BITS == HISTOGRAM_HALF */

/* Slots first..last hold everything: what resets and merges look at. Empty
 * while first > last. */
struct histogram {
	uint64_t count, sum, min, max;
	size_t first, last;
	uint64_t slots[HISTOGRAM_SLOTS];
};

static void histogram_clear_summary(struct histogram *h)
{
	h->count = h->sum = h->max = 0;
	h->min = UINT64_MAX;
	h->first = HISTOGRAM_SLOTS;
	h->last = 0;
}

struct histogram *histogram_new(void)
{
	struct histogram *h = calloc(1, sizeof(*h));

	if (h)
		histogram_clear_summary(h);
	return h;
}

void histogram_free(struct histogram *h)
{
	free(h);
}

void histogram_reset(struct histogram *h)
{
	if (h->first <= h->last)
		memset(&h->slots[h->first], 0,
			(h->last - h->first + 1) * sizeof(h->slots[0]));
	histogram_clear_summary(h);
}

/*
 * The doubling is the position of the highest bit above the first 2048
 * values; within it the next 10 bits choose the slot.
 */
size_t histogram_slot_index(uint64_t ns)
{
	unsigned doubling;

	if (ns > HISTOGRAM_MAX)
		ns = HISTOGRAM_MAX;
	doubling = 63u - HALF_BITS -
		   (unsigned)__builtin_clzll(ns | (2 * HISTOGRAM_HALF - 1));
	return ((size_t)doubling << HALF_BITS) + (size_t)(ns >> doubling);
}

uint64_t histogram_slot_lowest(size_t index)
{
	size_t doubling;

	if (index < 2 * HISTOGRAM_HALF)
		return index;
	doubling = (index >> HALF_BITS) - 1;
	return (uint64_t)(index - (doubling << HALF_BITS)) << doubling;
}

static uint64_t histogram_slot_highest(size_t index)
{
	return histogram_slot_lowest(index + 1) - 1;
}

void histogram_record_many(struct histogram *h, uint64_t ns, uint64_t count)
{
	size_t index = histogram_slot_index(ns);

	if (count == 0)
		return;
	h->slots[index] += count;
	h->count += count;
	h->sum += ns * count;
	if (ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	if (index < h->first)
		h->first = index;
	if (index > h->last)
		h->last = index;
}

void histogram_record(struct histogram *h, uint64_t ns)
{
	histogram_record_many(h, ns, 1);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	size_t i;

	for (i = from->first; i <= from->last; i++)
		into->slots[i] += from->slots[i];
	into->count += from->count;
	into->sum += from->sum;
	if (from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	if (from->first < into->first)
		into->first = from->first;
	if (from->last > into->last)
		into->last = from->last;
}

uint64_t histogram_count(const struct histogram *h)
{
	return h->count;
}

uint64_t histogram_min(const struct histogram *h)
{
	return h->count ? h->min : 0;
}

uint64_t histogram_max(const struct histogram *h)
{
	return h->max;
}

double histogram_mean(const struct histogram *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}

double histogram_stddev(const struct histogram *h)
{
	double mean = histogram_mean(h), squares = 0;
	struct histogram_slot slot;
	size_t cursor = 0;

	if (h->count == 0)
		return 0;
	while (histogram_next(h, &cursor, &slot)) {
		double middle =
			((double)slot.lowest + (double)slot.highest) / 2;

		squares +=
			(double)slot.count * (middle - mean) * (middle - mean);
	}
	return sqrt(squares / (double)h->count);
}

/* A slot stands for its highest value, yet never for more than was seen. */
uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	double share = percent < 0 ? 0 : percent > 100 ? 100 : percent;
	/* 99.9 % of 1000 are 999, whatever the last bit of 0.999 says. */
	double rank = share / 100 * (double)h->count * (1 - 1e-13);
	uint64_t wanted = (uint64_t)ceil(rank);
	uint64_t seen = 0;
	size_t i;

	if (wanted == 0)
		return histogram_min(h);
	for (i = h->first; i < h->last; i++) {
		seen += h->slots[i];
		if (seen >= wanted)
			break;
	}
	if (i >= h->last || histogram_slot_highest(i) > h->max)
		return h->max;
	return histogram_slot_highest(i);
}

uint64_t histogram_count_upto(const struct histogram *h, uint64_t ns)
{
	size_t i, end = histogram_slot_index(ns);
	uint64_t seen = 0;

	for (i = h->first; i <= h->last && i <= end; i++)
		seen += h->slots[i];
	return seen;
}

bool histogram_next(
	const struct histogram *h, size_t *cursor, struct histogram_slot *slot)
{
	size_t i = *cursor < h->first ? h->first : *cursor;

	while (i <= h->last && h->slots[i] == 0)
		i++;
	if (i > h->last)
		return false;
	slot->lowest = histogram_slot_lowest(i);
	slot->highest = histogram_slot_highest(i);
	slot->count = h->slots[i];
	*cursor = i + 1;
	return true;
}

uint64_t histogram_slot_count(const struct histogram *h, size_t index)
{
	return index < HISTOGRAM_SLOTS ? h->slots[index] : 0;
}
