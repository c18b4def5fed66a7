/* SPDX-License-Identifier: MIT */
/*
 * How long a request takes in a queue with one server, by theory: requests come
 * by themselves (Poisson), wait in line, and are served for `service` on
 * average; the server is busy for the share `u` of the time. Times are those
 * from arrival to reply, in the unit of the service. NAN where u is 1 or more,
 * for then nothing is ever over.
 */
#ifndef SERVERLAB_COMPARE_QUEUEING_H
#define SERVERLAB_COMPARE_QUEUEING_H

/* By Pollaczek and Khinchine; `variation` is the squared coefficient of
 * variation of the service: 0 in M/D/1, 1 in M/M/1. */
double queueing_mean(double service, double u, double variation);

/* The time within which the share p (0 < p < 1) of the requests is answered. In
 * M/M/1 the service is exponential, and so is the time; in M/D/1 the service
 * always takes the same. The latter also is NAN where the server is so full
 * that more than 8000 requests may be in line. */
double queueing_mm1(double service, double u, double p);
double queueing_md1(double service, double u, double p);

#endif
