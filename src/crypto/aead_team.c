/* aead_team.c -- a burst is shared among the threads of a team, if there is one.
 *
 *   jobs   [0 1 2 3|4 5 6 7|8 9 10 11|12 ...]
 *   lane       0       1        0      1 ...     whoever is free takes the next part
 *
 * Each message of a burst is independent of the others, so it does not matter
 * who does it: the order of the jobs is that of the caller, and all of them are
 * done when the call returns. Threads belong to those who may have them; here
 * is only what they do. A team is the process's, as the engines are.
 */
#include <assert.h>

#include "crypto/aead_engine.h"

/* A thread that is woken takes some 20 us to come, so a burst must take longer alone: 48 KB by
 * ChaCha20-Poly1305 at 700 ns for a packet, 160 KB by AES-256-GCM at 220. */
enum {
	WORTH_SHARING_NS = 25000,
	UNMEASURED_NS = 1085,		/* for AEAD_MEASURED_LEN bytes: 32 KB */
};

struct shared {
	aead_run *run;
	struct aead_key *key;
	struct aead_job *jobs;
};

static struct aead_team *team;

void aead_set_team(struct aead_team *t)
{
	assert(!t || (t->lanes >= 2 && t->lanes <= AEAD_LANES_MAX));
	team = t;
}

unsigned aead_lanes(void)
{
	return team ? team->lanes : 1;
}

static size_t worth_sharing(enum aead_suite suite)
{
	const struct aead_engine_report *report = aead_chosen(suite);
	unsigned ns = report && report->seal_ns ? report->seal_ns : UNMEASURED_NS;

	return (size_t)AEAD_MEASURED_LEN * WORTH_SHARING_NS / ns;
}

static bool is_worth_sharing(const struct aead_key *key, const struct aead_job *jobs, size_t n)
{
	size_t total = 0, worth = worth_sharing(key->engine->suite);

	for (size_t i = 0; i < n && total < worth; i++)
		total += jobs[i].len;
	return n >= 2 && total >= worth;
}

static void do_part(void *work, unsigned lane, size_t from, size_t to)
{
	const struct shared *s = work;

	s->run(s->key, lane, s->jobs + from, to - from);
}

void aead_share(aead_run *run, struct aead_key *key, struct aead_job *jobs, size_t n)
{
	if (team && team->lanes <= key->lanes && is_worth_sharing(key, jobs, n))
		team->run(team, do_part, &(struct shared){run, key, jobs}, n);
	else
		run(key, 0, jobs, n);
}
