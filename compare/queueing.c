/* SPDX-License-Identifier: MIT */
#include "compare/queueing.h"

#include <math.h>
#include <stddef.h>

double queueing_mean(double service, double u, double variation)
{
	return u < 1 ? service * (1 + u * (1 + variation) / (2 * (1 - u)))
		     : NAN;
}

double queueing_mm1(double service, double u, double p)
{
	return u < 1 ? service * -log1p(-p) / (1 - u) : NAN;
}

/*
 * M/D/1, with the service as the unit of time. Erlang's series for the wait has
 * terms of both signs that are larger than their sum by many powers of ten when
 * the server is full; Franx (A simple solution for the M/D/c waiting time
 * distribution, Operations Research Letters 29, 2001) has a sum of positive
 * terms:
 *
 *	P(W <= x) = sum over j < k of Q(k-1-j) Poisson(j; u (k - x)),
 *
 * where k - 1 <= x < k, and Q(n) is the probability that at most n requests are
 * in line, beside the one that is served. Poisson(j; at most 1) is nothing
 * after TERMS terms.
 */
enum { STATES = 8192, TERMS = 24 };

struct md1 {
	double u;
	double more[TERMS];  /* P(more than m arrive during one service) */
	double is[STATES];   /* P(n requests are there) */
	double most[STATES]; /* P(at most n are) */
	size_t states;	     /* of these, those that are known */
};

static double poisson(size_t n, double mean)
{
	return exp((double)n * log(mean) - mean - lgamma((double)n + 1));
}

static void md1_begin(struct md1 *q, double u)
{
	q->u = u;
	q->more[TERMS - 1] = 0;
	for (size_t m = TERMS - 1; m > 0; m--)
		q->more[m - 1] = q->more[m] + poisson(m, u);
	q->is[0] = q->most[0] = 1 - u;
	q->states = 1;
}

/*
 * As often as from n requests or fewer to more, it goes from n + 1 to n: when
 * during one service none arrives. There are positive terms only.
 */
static void md1_extend(struct md1 *q)
{
	size_t n = q->states - 1;
	double up = n < TERMS ? q->is[0] * q->more[n] : 0;

	for (size_t i = n + 1 > TERMS ? n + 2 - TERMS : 1; i <= n; i++)
		up += q->is[i] * q->more[n + 1 - i];
	q->is[n + 1] = up / exp(-q->u);
	q->most[n + 1] = q->most[n] + q->is[n + 1];
	q->states++;
}

/* P(W <= x); the states up to x + 1 must be known. */
static double md1_waits_at_most(const struct md1 *q, double x)
{
	size_t k = (size_t)x + 1;
	double sum = 0;

	for (size_t j = 0; j < k && j < TERMS; j++)
		sum += q->most[k - j] * poisson(j, q->u * ((double)k - x));
	return sum;
}

double queueing_md1(double service, double u, double p)
{
	struct md1 q;
	double low, high;

	if (!(u < 1))
		return NAN;
	if (p <= 1 - u)
		return service; /* it need not wait */
	md1_begin(&q, u);
	md1_extend(&q);
	for (high = 1;; high++) {
		md1_extend(&q);
		if (md1_waits_at_most(&q, high) >= p)
			break;
		if (q.states == STATES)
			return NAN;
	}
	low = high - 1;
	for (int halves = 0; halves < 50; halves++) {
		double middle = (low + high) / 2;

		if (md1_waits_at_most(&q, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return service * (1 + high);
}
