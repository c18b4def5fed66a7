/* SPDX-License-Identifier: MIT */
#include "client/search.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/run.h"
#include "client/text.h"
#include "common/log.h"

#define SEARCH_CLOSE	 1.05 /* the highest rate is known well enough */
#define SEARCH_HIGHEST	 1e7
#define SEARCH_LOWEST	 1.0
#define SEARCH_STEP_BACK 0.97 /* where the rate found does not hold again */

enum { SEARCH_REPEATS = 3, SEARCH_CONFIRMATIONS = 8 };

int objective_parse(struct objective *objective, const char *text)
{
	const char *less = strchr(text, '<');
	char name[16];

	if (!less || (size_t)(less - text) >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, (size_t)(less - text));
	name[less - text] = '\0';
	if (strcmp(name, "max") == 0)
		objective->percent = 100;
	else if (name[0] != 'p' ||
		 parse_number(name + 1, &objective->percent) ||
		 objective->percent <= 0 || objective->percent >= 100)
		return -EINVAL;
	if (parse_time(less + 1, &objective->limit_ns) ||
		objective->limit_ns == 0)
		return -EINVAL;
	objective->text = text;
	return 0;
}

static void search_set_rate(struct config *config, double rate)
{
	unsigned i;

	config->rate = rate;
	for (i = 0; i < config->profile.count; i++)
		config->profile.segments[i].from =
			config->profile.segments[i].to = rate;
}

static void search_say(
	const struct config *config, const struct search_trial *t)
{
	char rate[32], answered[32], latency[32];

	if (config->quiet)
		return;
	fprintf(stderr, "%12s/s asked %12s/s answered   %10s   %s\n",
		text_count(t->rate, rate, sizeof(rate)),
		text_count(t->answered, answered, sizeof(answered)),
		text_time((double)t->latency_ns, latency, sizeof(latency)),
		t->held ? "holds" : "does not hold");
}

/* One run. 1 if the objective held, 0 if not, or -errno. */
static int search_try(struct config *config, struct outcome *outcome,
	struct search *search, double rate)
{
	const struct objective *objective = search->objective;
	struct search_trial *t = &search->trials[search->trial_count];
	struct histogram *h;
	int error;

	if (search->trial_count == SEARCH_TRIALS)
		return -EOVERFLOW;
	outcome_release(outcome);
	error = outcome_init(outcome, config);
	search_set_rate(config, rate);
	if (!error)
		error = run_workload(config, outcome);
	h = error ? NULL : outcome_corrected(outcome);
	if (!h)
		return error ? error : -ENOMEM;
	t->rate = rate;
	t->answered = outcome_rate(outcome);
	t->latency_ns = histogram_percentile(h, objective->percent);
	t->held = outcome->valid && t->latency_ns < objective->limit_ns;
	histogram_free(h);
	search->trial_count++;
	search_say(config, t);
	return outcome->interrupted ? -EINTR : t->held;
}

/* The majority of three. */
static int search_decide(struct config *config, struct outcome *outcome,
	struct search *search, double rate)
{
	int held = 0, not_held = 0;

	while (held <= SEARCH_REPEATS / 2 && not_held <= SEARCH_REPEATS / 2) {
		int result = search_try(config, outcome, search, rate);

		if (result < 0)
			return result;
		held += result;
		not_held += !result;
	}
	return held > not_held;
}

/* From the first rate up or down to a pair of which the lower one holds. */
static int search_bracket(struct config *config, struct outcome *outcome,
	struct search *search, double *low, double *high)
{
	double rate = config->rate;
	int held = search_try(config, outcome, search, rate);
	const bool up = held > 0;

	while (held >= 0 && (held > 0) == up) {
		*(up ? low : high) = rate;
		rate *= up ? 2 : 0.5;
		if (rate > SEARCH_HIGHEST || rate < SEARCH_LOWEST)
			return up ? 0 : -ERANGE;
		held = search_try(config, outcome, search, rate);
	}
	*(up ? high : low) = rate;
	return held < 0 ? held : 0;
}

static int search_narrow(struct config *config, struct outcome *outcome,
	struct search *search, double *low, double high)
{
	while (high / *low > SEARCH_CLOSE) {
		double middle = sqrt(*low * high);
		int held = search_decide(config, outcome, search, middle);

		if (held < 0)
			return held;
		*(held ? low : &high) = middle;
	}
	return 0;
}

/* What is reported must have held: a little less is tried if need be. */
static int search_confirm(struct config *config, struct outcome *outcome,
	struct search *search, double rate)
{
	int i, held = 0;

	for (i = 0; held == 0 && i < SEARCH_CONFIRMATIONS; i++) {
		held = search_try(config, outcome, search, rate);
		if (held > 0)
			search->rate = rate;
		rate *= SEARCH_STEP_BACK;
	}
	return held < 0 ? held : 0;
}

int search_workload(
	struct config *config, struct outcome *outcome, struct search *search)
{
	double low = 0, high = 0;
	int error;

	*search = (struct search) {.objective = &config->objective};
	error = search_bracket(config, outcome, search, &low, &high);
	if (!error && high > 0)
		error = search_narrow(config, outcome, search, &low, high);
	if (!error)
		error = search_confirm(config, outcome, search, low);
	outcome->search = search;
	if (error == -EINTR)
		log_warnx("interrupted after %u trials", search->trial_count);
	if (error && error != -ERANGE)
		return error;
	outcome_judge(outcome);
	return 0;
}
