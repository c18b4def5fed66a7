/* SPDX-License-Identifier: MIT */
#include "compare/usl.h"

#include <errno.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALPHA, BETA, GAMMA, PARAMETERS };
enum { ITERATIONS = 200, LOADS_LEAST = 4 };

/* What is fitted, and to what. A parameter that would be below 0 is held
 * there. */
struct problem {
	const double *load, *rate;
	size_t n;
	bool held[PARAMETERS];
	double scale; /* of the rates: the solver sees numbers around 1 */
};

static double law(const double p[PARAMETERS], double n)
{
	return p[GAMMA] * n / (1 + p[ALPHA] * (n - 1) + p[BETA] * n * (n - 1));
}

/* From what the solver has to all three. */
static void unpack(
	const struct problem *q, const gsl_vector *free, double p[PARAMETERS])
{
	size_t at = 0;

	for (size_t i = 0; i < PARAMETERS; i++)
		p[i] = q->held[i] ? 0 : gsl_vector_get(free, at++);
}

static int residuals(const gsl_vector *free, void *data, gsl_vector *out)
{
	const struct problem *q = data;
	double p[PARAMETERS];

	unpack(q, free, p);
	for (size_t i = 0; i < q->n; i++)
		gsl_vector_set(
			out, i, law(p, q->load[i]) - q->rate[i] / q->scale);
	return GSL_SUCCESS;
}

static int derivatives(const gsl_vector *free, void *data, gsl_matrix *out)
{
	const struct problem *q = data;
	double p[PARAMETERS];

	unpack(q, free, p);
	for (size_t i = 0; i < q->n; i++) {
		double n = q->load[i], unit[] = {0, 0, 1}, d[PARAMETERS];
		double below = 1 + p[ALPHA] * (n - 1) + p[BETA] * n * (n - 1);
		size_t at = 0;

		d[GAMMA] = n / below;
		d[ALPHA] = -law(p, n) * (n - 1) / below;
		d[BETA] = -law(p, n) * n * (n - 1) / below;
		for (size_t k = 0; k < sizeof(unit) / sizeof(*unit); k++)
			if (!q->held[k])
				gsl_matrix_set(out, i, at++, d[k]);
	}
	return GSL_SUCCESS;
}

/*
 * N / X is a linear function of 1, N - 1 and N (N - 1): its least squares are
 * where the search begins.
 */
static int begin_at(const struct problem *q, double p[PARAMETERS])
{
	gsl_matrix *x = gsl_matrix_alloc(q->n, PARAMETERS);
	gsl_vector *y = gsl_vector_alloc(q->n), *c = gsl_vector_alloc(3);
	gsl_matrix *covariance = gsl_matrix_alloc(3, 3);
	gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc(q->n, 3);
	double rest;
	int rc = x && y && c && covariance && w ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < q->n; i++) {
		double n = q->load[i];

		gsl_matrix_set(x, i, 0, 1);
		gsl_matrix_set(x, i, 1, n - 1);
		gsl_matrix_set(x, i, 2, n * (n - 1));
		gsl_vector_set(y, i, n * q->scale / q->rate[i]);
	}
	if (!rc && gsl_multifit_linear(x, y, c, covariance, &rest, w))
		rc = -EDOM;
	if (!rc) {
		double first = gsl_vector_get(c, 0);

		p[GAMMA] = first > 0 ? 1 / first : q->rate[0] / q->scale;
		p[ALPHA] = fmax(0, gsl_vector_get(c, 1) * p[GAMMA]);
		p[BETA] = fmax(0, gsl_vector_get(c, 2) * p[GAMMA]);
	}
	gsl_multifit_linear_free(w);
	gsl_matrix_free(covariance);
	gsl_vector_free(c);
	gsl_vector_free(y);
	gsl_matrix_free(x);
	return rc;
}

/* Values, errors and what is left, out of a solver that has converged. */
static int take_result(const struct problem *q,
	const gsl_multifit_nlinear_workspace *w, struct usl *fit)
{
	size_t free = w->x->size, at = 0;
	gsl_matrix *covariance = gsl_matrix_alloc(free, free);
	double p[PARAMETERS], errors[PARAMETERS] = {0}, rest;

	if (!covariance)
		return -ENOMEM;
	unpack(q, w->x, p);
	gsl_blas_ddot(w->f, w->f, &rest);
	gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0, covariance);
	fit->residual_error =
		q->n > free ? sqrt(rest / (double)(q->n - free)) : NAN;
	for (size_t i = 0; i < PARAMETERS; i++)
		if (!q->held[i]) {
			errors[i] = fit->residual_error *
				    sqrt(gsl_matrix_get(covariance, at, at));
			at++;
		}
	gsl_matrix_free(covariance);
	fit->alpha = p[ALPHA];
	fit->beta = p[BETA];
	fit->gamma = p[GAMMA] * q->scale;
	fit->alpha_error = errors[ALPHA];
	fit->beta_error = errors[BETA];
	fit->gamma_error = errors[GAMMA] * q->scale;
	fit->residual_error *= q->scale;
	fit->n = q->n;
	return 0;
}

/* Fits what is not held, from p on. */
static int solve(struct problem *q, const double p[PARAMETERS], struct usl *fit)
{
	gsl_multifit_nlinear_parameters preset =
		gsl_multifit_nlinear_default_parameters();
	gsl_multifit_nlinear_fdf fdf = {
		.f = residuals, .df = derivatives, .n = q->n, .params = q};
	gsl_multifit_nlinear_workspace *w;
	gsl_vector *first;
	int info, rc = -ENOMEM;

	for (size_t i = 0; i < PARAMETERS; i++)
		fdf.p += !q->held[i];
	first = gsl_vector_alloc(fdf.p);
	w = gsl_multifit_nlinear_alloc(
		gsl_multifit_nlinear_trust, &preset, q->n, fdf.p);
	for (size_t i = 0, at = 0; first && i < PARAMETERS; i++)
		if (!q->held[i])
			gsl_vector_set(first, at++, p[i]);
	if (w && first) {
		rc = gsl_multifit_nlinear_init(first, &fdf, w) ||
				     gsl_multifit_nlinear_driver(ITERATIONS,
					     1e-10, 1e-10, 0, NULL, NULL, &info,
					     w)
			     ? -EDOM
			     : take_result(q, w, fit);
	}
	if (w)
		gsl_multifit_nlinear_free(w);
	gsl_vector_free(first);
	return rc;
}

static size_t different_loads(const double *load, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && load[k] != load[i])
			k++;
		count += k == i;
	}
	return count;
}

static int fit_all(struct problem *q, struct usl *fit)
{
	double p[PARAMETERS];
	int rc = begin_at(q, p);

	if (!rc)
		rc = solve(q, p, fit);
	/* The one that is further below 0 first: the other may recover. */
	for (int turn = 0; !rc && turn < 2; turn++) {
		if (fit->alpha >= 0 && fit->beta >= 0)
			break;
		q->held[fit->beta < 0 ? BETA : ALPHA] = true;
		rc = solve(q, p, fit);
	}
	if (!rc && !(fit->gamma > 0 && fit->alpha >= 0 && fit->beta >= 0))
		rc = -EDOM;
	return rc;
}

int usl_fit(const double *load, const double *rate, size_t n, struct usl *fit)
{
	struct problem q = {.load = load, .rate = rate, .n = n};
	gsl_error_handler_t *handler;
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (!(load[i] >= 1) || !(rate[i] > 0) || !isfinite(rate[i]))
			return -EINVAL;
		q.scale = fmax(q.scale, rate[i]);
	}
	if (different_loads(load, n) < LOADS_LEAST)
		return -EINVAL;
	/* What cannot be fitted is told, not a reason to abort. */
	handler = gsl_set_error_handler_off();
	rc = fit_all(&q, fit);
	gsl_set_error_handler(handler);
	return rc;
}

double usl_rate(const struct usl *fit, double load)
{
	const double p[PARAMETERS] = {fit->alpha, fit->beta, fit->gamma};

	return law(p, load);
}

double usl_peak(const struct usl *fit)
{
	return fit->beta > 0 && fit->alpha < 1
		       ? fmax(1, sqrt((1 - fit->alpha) / fit->beta))
	       : fit->alpha < 1 ? INFINITY
				: 1;
}

/* ---- intervals ------------------------------------------------------------- */

/* For each value another one of the same load. False where there are none:
 * every load has a single one. */
static bool draw(const double *load, const double *rate, size_t n, gsl_rng *rng,
	double *drawn)
{
	bool several = false;

	for (size_t i = 0; i < n; i++) {
		size_t same = 0, chosen;

		for (size_t k = 0; k < n; k++)
			same += load[k] == load[i];
		several |= same > 1;
		chosen = gsl_rng_uniform_int(rng, same);
		for (size_t k = 0; k < n; k++)
			if (load[k] == load[i] && !chosen--)
				drawn[i] = rate[k];
	}
	return several;
}

int usl_bootstrap(const double *load, const double *rate, size_t n,
	gsl_rng *rng, struct usl_fan *fan)
{
	double *drawn = calloc(n + 1, sizeof(*drawn));
	int rc = drawn ? usl_fit(load, rate, n, &fan->fit) : -ENOMEM;

	fan->count = 0;
	for (int r = 0; !rc && r < USL_RESAMPLES; r++) {
		if (!draw(load, rate, n, rng, drawn))
			break;
		if (!usl_fit(load, drawn, n, &fan->drawn[fan->count]))
			fan->count++;
	}
	/* Where the law is often not found, nothing is claimed. */
	if (fan->count < USL_RESAMPLES * 9 / 10)
		fan->count = 0;
	free(drawn);
	return rc;
}

static struct estimate interval(
	const struct usl_fan *fan, double value, double drawn[USL_RESAMPLES])
{
	struct estimate e = {value, NAN, NAN, fan->fit.n};

	if (!fan->count)
		return e;
	gsl_sort(drawn, 1, fan->count);
	e.low = stats_quantile(drawn, fan->count, STATS_LEVEL / 2);
	e.high = stats_quantile(drawn, fan->count, 1 - STATS_LEVEL / 2);
	return e;
}

struct usl_intervals usl_intervals(const struct usl_fan *fan)
{
	double alpha[USL_RESAMPLES], beta[USL_RESAMPLES], gamma[USL_RESAMPLES],
		peak[USL_RESAMPLES];

	for (size_t i = 0; i < fan->count; i++) {
		alpha[i] = fan->drawn[i].alpha;
		beta[i] = fan->drawn[i].beta;
		gamma[i] = fan->drawn[i].gamma;
		peak[i] = usl_peak(&fan->drawn[i]);
	}
	return (struct usl_intervals) {
		.alpha = interval(fan, fan->fit.alpha, alpha),
		.beta = interval(fan, fan->fit.beta, beta),
		.gamma = interval(fan, fan->fit.gamma, gamma),
		.peak = interval(fan, usl_peak(&fan->fit), peak),
	};
}

struct estimate usl_rate_interval(const struct usl_fan *fan, double load)
{
	double rate[USL_RESAMPLES];

	for (size_t i = 0; i < fan->count; i++)
		rate[i] = usl_rate(&fan->drawn[i], load);
	return interval(fan, usl_rate(&fan->fit, load), rate);
}
