/* SPDX-License-Identifier: MIT */
/*
 * The Universal Scalability Law (Gunther, Guerrilla Capacity Planning, 2007):
 *
 *	X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1))
 *
 * The throughput X of N users or workers is gamma times N, less what they lose
 * by waiting for one another (contention, alpha) and by keeping one another
 * informed (coherency, beta). With beta above 0 there is a peak, after which
 * more of them do less. It is a fit: it says how well a law describes what was
 * measured, and nothing of what was not.
 */
#ifndef SERVERLAB_COMPARE_USL_H
#define SERVERLAB_COMPARE_USL_H

#include "compare/stats.h"

#include <stdbool.h>

enum { USL_RESAMPLES = 500 };

struct usl {
	double alpha, beta, gamma;		     /* none is below 0 */
	double alpha_error, beta_error, gamma_error; /* standard errors; 0 where
						      * the value is held at 0 */
	double residual_error; /* of one rate, in its unit */
	size_t n;	       /* values it rests on */
};

/*
 * Least squares over n loads (at least 1, four different ones or more) and
 * their rates. 0, -EINVAL where that is too little, -EDOM where no such law
 * can be found, or -ENOMEM.
 */
int usl_fit(const double *load, const double *rate, size_t n, struct usl *fit);

double usl_rate(const struct usl *fit, double load);
/* The load at which the rate is highest; INFINITY where it only ever rises. */
double usl_peak(const struct usl *fit);

/*
 * The fit, and the same with the rates of each load drawn anew (bootstrap): what
 * may be said of the fit, and no more. There are none of those where there is
 * one rate for each load, or the law is often not found: intervals are then
 * unknown (NAN).
 */
struct usl_fan {
	struct usl fit;
	size_t count;
	struct usl drawn[USL_RESAMPLES];
};

/* 0, or as usl_fit(). */
int usl_bootstrap(const double *load, const double *rate, size_t n,
	gsl_rng *rng, struct usl_fan *fan);

struct usl_intervals {
	struct estimate alpha, beta, gamma, peak;
};
struct usl_intervals usl_intervals(const struct usl_fan *fan);
/* The rate at a load, with the interval of the curve there. */
struct estimate usl_rate_interval(const struct usl_fan *fan, double load);

#endif
