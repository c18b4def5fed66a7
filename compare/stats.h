/* SPDX-License-Identifier: MIT */
/*
 * What may be said of a handful of rounds.
 *
 * Few rounds and noisy ones: the estimates are medians. Their intervals lie
 * between order statistics, interpolated (Hettmansperger and Sheather, Statistics
 * & Probability Letters 4, 1986), which assumes nothing of the noise but that it
 * has no preferred side. With fewer than six values not even the range holds
 * the median with 95 %: there the interval is Student's (Biometrika, 1908), of
 * the logarithms where all are positive. It is wide, and that is the truth.
 * The bootstrap (Efron 1979) holds 50 % of medians with two values, 75 % with
 * three and 88 % with seven: it serves where nothing else does, for the ratio of
 * medians that nothing pairs.
 *
 * A difference is claimed only where the interval of the paired ratio excludes 1
 * and a paired t-test of the logarithms agrees after Holm's correction (Holm
 * 1979).
 *
 * Nothing here keeps state but the generator, which the caller seeds and owns.
 */
#ifndef SERVERLAB_COMPARE_STATS_H
#define SERVERLAB_COMPARE_STATS_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STATS_RESAMPLES = 2000,
	STATS_ROUNDS_MAX = 4096,
	STATS_MANY = 6, /* values from which on order statistics hold 95 % */
};
#define STATS_LEVEL 0.05 /* intervals hold 95 % */
/* A run asks twice: what differs from the baseline, and what from the best.
 * Each question may err in half of 5 %. */
#define STATS_CLAIM 0.025

struct estimate {
	double value, low, high; /* NAN where there is nothing to say */
	size_t n;		 /* values it rests on */
};

/* A generator that gives the same numbers for the same seed everywhere. NULL
 * without memory; freed with gsl_rng_free(). */
gsl_rng *stats_rng(uint64_t seed);

/* The q-quantile of n sorted values, interpolated as R's type 7. NAN if n is
 * 0. */
double stats_quantile(const double *sorted, size_t n, double q);

/* Median of n values in any order; the values are not changed. NAN if n is 0,
 * or without memory. */
double stats_median(const double *x, size_t n);

/*
 * Median with its 95 % interval, of values such as times and rates, which
 * multiply rather than add: where all are positive, so is the interval, and where
 * none is negative it does not go below 0. With one value the interval is unknown (NAN).
 */
struct estimate stats_estimate(const double *x, size_t n);

/* The same of differences, which may lie on either side of 0. */
struct estimate stats_shift(const double *x, size_t n);

struct comparison {
	struct estimate ratio; /* median of a[i] / b[i] */
	double p;	       /* of the paired t-test; 1 if it cannot be had */
	double effect;	       /* mean of the log ratios in their deviations */
};

/*
 * Compares n pairs that were measured in the same rounds. Pairs with a value
 * that is not positive and finite are left out.
 */
struct comparison stats_compare(const double *a, const double *b, size_t n);

/*
 * Compares values that were measured at different times: nothing pairs them.
 * The ratio is that of the medians, p that of Welch's t-test of the
 * logarithms; effect is not known.
 */
struct comparison stats_compare_unpaired(const double *a, size_t a_count,
	const double *b, size_t b_count, gsl_rng *rng);

/* Two-sided p of Welch's t-test that two means are equal; 1 where either has
 * fewer than two values. */
double stats_welch(
	const double *a, size_t a_count, const double *b, size_t b_count);

/* Two-sided p of the one-sample t-test that the mean of x is 0; 1 for n < 2.
 * 0 where all values are one and the same other than 0. */
double stats_t_test(const double *x, size_t n);

/* Replaces n p-values by Holm's adjusted ones. 0, or -ENOMEM. */
int stats_holm(double *p, size_t n);
/* The same where n were compared to the one that came out best of them all. Any
 * might have: what is searched is all n (n + 1) / 2 pairs. */
int stats_holm_of_best(double *p, size_t n);

/* Whether the ratio differs from 1, given its adjusted p. */
int stats_differs(const struct estimate *ratio, double adjusted_p);

/*
 * Whether x lies far outside the quartiles of the n values that it is one of:
 * three times their distance or more ("far out": Tukey, Exploratory Data
 * Analysis, 1977). Of fewer than five values none does. It is shown, never left
 * out.
 */
int stats_is_far_out(const double *values, size_t n, double x);

/* Jain's index of how evenly n shares are spread: 1 even, 1/n all on one. */
double stats_jain(const double *x, size_t n);

#endif
