/* SPDX-License-Identifier: MIT */
#include "compare/stats.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct estimate stats_unknown = {NAN, NAN, NAN, 0};

gsl_rng *stats_rng(uint64_t seed)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	/* The generator takes 32 bits; both halves of the seed count. */
	if (rng)
		gsl_rng_set(rng, (seed ^ seed >> 32) & 0xffffffff);
	return rng;
}

double stats_quantile(const double *sorted, size_t n, double q)
{
	return n ? gsl_stats_quantile_from_sorted_data(sorted, 1, n, q) : NAN;
}

static double stats_median_of(double *x, size_t n)
{
	gsl_sort(x, 1, n);
	return stats_quantile(x, n, 0.5);
}

double stats_median(const double *x, size_t n)
{
	double *copy = malloc((n ? n : 1) * sizeof(*copy)), median;

	if (!copy)
		return NAN;
	memcpy(copy, x, n * sizeof(*copy));
	median = stats_median_of(copy, n);
	free(copy);
	return median;
}

/* Student's, of the mean. It holds the median too: that is never farther from
 * the mean than a standard deviation, and with up to five values the interval
 * reaches farther. */
static void stats_student_interval(struct estimate *e, const double *x)
{
	double mean = gsl_stats_mean(x, 1, e->n);
	double deviation = gsl_stats_sd_m(x, 1, e->n, mean);
	double t = gsl_cdf_tdist_Qinv(STATS_LEVEL / 2, (double)(e->n - 1));
	double half = t * deviation / sqrt((double)e->n);

	e->low = mean - half;
	e->high = mean + half;
}

/* The k-th values from both ends hold the median but for the binomial tails,
 * `outside`; the level lies between those of one k and of the next. */
static void stats_order_interval(struct estimate *e, const double *sorted)
{
	unsigned int n = (unsigned int)e->n, k = 1;
	double outside = 2 * gsl_ran_binomial_pdf(0, 0.5, n), next, part;

	while ((next = outside + 2 * gsl_ran_binomial_pdf(k, 0.5, n)) <=
		STATS_LEVEL) {
		outside = next;
		k++;
	}
	part = (STATS_LEVEL - outside) / (next - outside);
	part *= (n - k) / (k + (n - 2.0 * k) * part);
	e->low = sorted[k - 1] + part * (sorted[k] - sorted[k - 1]);
	e->high = sorted[n - k] - part * (sorted[n - k] - sorted[n - k - 1]);
}

/* x may change. */
static struct estimate stats_median_interval(double *x, size_t n)
{
	struct estimate e = {stats_median_of(x, n), NAN, NAN, n};

	if (n >= STATS_MANY)
		stats_order_interval(&e, x);
	else if (n > 1)
		stats_student_interval(&e, x);
	return e;
}

struct estimate stats_shift(const double *x, size_t n)
{
	double *copy = malloc((n ? n : 1) * sizeof(*copy));
	struct estimate e = stats_unknown;

	if (!copy)
		return e;
	memcpy(copy, x, n * sizeof(*copy));
	e = stats_median_interval(copy, n);
	free(copy);
	return e;
}

static int stats_usable(double x)
{
	return isfinite(x) && x > 0;
}

struct estimate stats_estimate(const double *x, size_t n)
{
	double *logs = malloc((n ? n : 1) * sizeof(*logs));
	struct estimate e = stats_shift(x, n), of_logs;
	size_t used = 0;

	if (isfinite(e.low) && gsl_stats_min(x, 1, n) >= 0)
		e.low = fmax(e.low, 0);
	while (logs && used < n && stats_usable(x[used])) {
		logs[used] = log(x[used]);
		used++;
	}
	if (used == n && n < STATS_MANY) {
		of_logs = stats_median_interval(logs, n);
		/* Equal values have none, and no rounding may make one. */
		if (of_logs.low < of_logs.high) {
			e.low = fmin(exp(of_logs.low), e.value);
			e.high = fmax(exp(of_logs.high), e.value);
		}
	}
	free(logs);
	return e;
}

double stats_t_test(const double *x, size_t n)
{
	double mean, deviation, t;

	if (n < 2)
		return 1;
	mean = gsl_stats_mean(x, 1, n);
	deviation = gsl_stats_sd_m(x, 1, n, mean);
	if (deviation == 0)
		return mean == 0 ? 1 : 0;
	t = fabs(mean) / (deviation / sqrt((double)n));
	return 2 * gsl_cdf_tdist_Q(t, (double)(n - 1));
}

struct comparison stats_compare(const double *a, const double *b, size_t n)
{
	struct comparison c = {stats_unknown, 1, NAN};
	double *ratio = calloc(2 * n + 1, sizeof(*ratio)), deviation;
	double *logs = ratio + n;
	size_t used = 0;

	if (!ratio)
		return c;
	for (size_t i = 0; i < n; i++) {
		if (!stats_usable(a[i]) || !stats_usable(b[i]))
			continue;
		ratio[used] = a[i] / b[i];
		logs[used++] = log(a[i] / b[i]);
	}
	c.ratio = stats_estimate(ratio, used);
	c.p = stats_t_test(logs, used);
	if (used > 1) {
		deviation = gsl_stats_sd(logs, 1, used);
		c.effect = gsl_stats_mean(logs, 1, used) / deviation;
	}
	free(ratio);
	return c;
}

double stats_welch(
	const double *a, size_t a_count, const double *b, size_t b_count)
{
	double va, vb, difference, freedom;

	if (a_count < 2 || b_count < 2)
		return 1;
	va = gsl_stats_variance(a, 1, a_count) / (double)a_count;
	vb = gsl_stats_variance(b, 1, b_count) / (double)b_count;
	difference = fabs(
		gsl_stats_mean(a, 1, a_count) - gsl_stats_mean(b, 1, b_count));
	if (va + vb == 0)
		return difference == 0 ? 1 : 0;
	freedom = (va + vb) * (va + vb) /
		  (va * va / (double)(a_count - 1) +
			  vb * vb / (double)(b_count - 1));
	return 2 * gsl_cdf_tdist_Q(difference / sqrt(va + vb), freedom);
}

/* The usable values and, behind them, their logarithms. */
static size_t stats_usable_logs(const double *x, size_t n, double *values)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		if (stats_usable(x[i])) {
			values[used] = x[i];
			values[n + used++] = log(x[i]);
		}
	return used;
}

/* The median of n draws from n values. */
static double stats_draw(const double *x, size_t n, double *drawn, gsl_rng *rng)
{
	for (size_t i = 0; i < n; i++)
		drawn[i] = x[gsl_rng_uniform_int(rng, n)];
	return stats_median_of(drawn, n);
}

static void stats_ratio_interval(struct estimate *e, const double *a,
	size_t a_count, const double *b, size_t b_count, gsl_rng *rng)
{
	size_t most = a_count > b_count ? a_count : b_count;
	double *ratios = malloc((STATS_RESAMPLES + most) * sizeof(*ratios));
	double *drawn = ratios + STATS_RESAMPLES;

	if (!ratios)
		return;
	for (size_t r = 0; r < STATS_RESAMPLES; r++) {
		ratios[r] = stats_draw(a, a_count, drawn, rng);
		ratios[r] /= stats_draw(b, b_count, drawn, rng);
	}
	gsl_sort(ratios, 1, STATS_RESAMPLES);
	e->low = stats_quantile(ratios, STATS_RESAMPLES, STATS_LEVEL / 2);
	e->high = stats_quantile(ratios, STATS_RESAMPLES, 1 - STATS_LEVEL / 2);
	free(ratios);
}

struct comparison stats_compare_unpaired(const double *a, size_t a_count,
	const double *b, size_t b_count, gsl_rng *rng)
{
	struct comparison c = {stats_unknown, 1, NAN};
	double *x = calloc(2 * (a_count + b_count) + 1, sizeof(*x));
	double *y = x + 2 * a_count;
	size_t n, m;

	if (!x)
		return c;
	n = stats_usable_logs(a, a_count, x);
	m = stats_usable_logs(b, b_count, y);
	c.p = stats_welch(x + a_count, n, y + b_count, m);
	c.ratio.n = n < m ? n : m;
	c.ratio.value = stats_median(x, n) / stats_median(y, m);
	if (c.ratio.n > 1)
		stats_ratio_interval(&c.ratio, x, n, y, m, rng);
	free(x);
	return c;
}

int stats_holm(double *p, size_t n)
{
	size_t *order = malloc((n ? n : 1) * sizeof(*order));
	double least = 0;

	if (!order)
		return -ENOMEM;
	gsl_sort_index(order, p, 1, n);
	for (size_t i = 0; i < n; i++) {
		double adjusted = p[order[i]] * (double)(n - i);

		/* A larger p must not end below a smaller one. */
		if (adjusted < least)
			adjusted = least;
		least = adjusted > 1 ? 1 : adjusted;
		p[order[i]] = least;
	}
	free(order);
	return 0;
}

int stats_holm_of_best(double *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = fmin(1, p[i] * (double)(n + 1) / 2);
	return stats_holm(p, n);
}

int stats_differs(const struct estimate *ratio, double adjusted_p)
{
	return adjusted_p < STATS_CLAIM && (ratio->low > 1 || ratio->high < 1);
}

int stats_is_far_out(const double *values, size_t n, double x)
{
	double *sorted = malloc((n ? n : 1) * sizeof(*sorted));
	double low, high;

	if (!sorted || n < 5) {
		free(sorted);
		return 0;
	}
	memcpy(sorted, values, n * sizeof(*sorted));
	gsl_sort(sorted, 1, n);
	low = stats_quantile(sorted, n, 0.25);
	high = stats_quantile(sorted, n, 0.75);
	free(sorted);
	return x < low - 3 * (high - low) || x > high + 3 * (high - low);
}

double stats_jain(const double *x, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += x[i];
		squares += x[i] * x[i];
	}
	return squares > 0 ? sum * sum / ((double)n * squares) : NAN;
}
