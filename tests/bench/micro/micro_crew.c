/* micro_crew.c -- a burst sealed by one thread, and by two.
 *
 * The second is awake where another burst was just before, and asleep where that was long ago.
 * A burst of 45 packets is what TCP gives to the device at once. On a machine with one core to
 * spare, two threads take half the time at best.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/micro/micro.h"
#include "crypto/aead.h"
#include "io/crew.h"

enum { LEN = 1420, PAUSE_US = 200 };	/* longer than a helper spins */

struct sealing {
	struct aead_key key;
	struct aead_job jobs[MICRO_OPS];
	uint8_t texts[MICRO_OPS][LEN + AEAD_TAG_LEN];
	size_t n;
};

static void seal(void *context)
{
	struct sealing *s = context;

	aead_seal(&s->key, s->jobs, s->n);
}

static void pause_before(void *context)
{
	(void)context;
	usleep(PAUSE_US);
}

static void lay_out(struct sealing *s, size_t n)
{
	for (s->n = 0; s->n < n; s->n++)
		s->jobs[s->n] = (struct aead_job){.text = s->texts[s->n], .len = LEN, .counter = s->n};
}

static void compare(struct sealing *one, struct sealing *two, size_t n, const char *engine,
		    void (*prepare)(void *context))
{
	const char *when = prepare == seal ? "awake" : "from sleep";
	char names[2][64];

	lay_out(one, n);
	lay_out(two, n);
	snprintf(names[0], sizeof(names[0]), "%s, %zu packets, 1 thread", engine, n);
	snprintf(names[1], sizeof(names[1]), "%s, %zu packets, 2, %s", engine, n, when);
	micro_compare(&(struct micro){names[0], n, LEN, 0, prepare, seal, one},
		      &(struct micro){names[1], n, LEN, 0, prepare, seal, two});
}

static void measure_suite(enum aead_suite suite, struct crew *crew)
{
	static const size_t bursts[] = {24, 45, 64};
	static const uint8_t zero[KEY_LEN];
	static struct sealing one, two;
	char name[32];

	snprintf(name, sizeof(name), "%s %s", aead_engine(suite), aead_suite_name(suite));
	micro_must(aead_key_init(&one.key, suite, zero));
	aead_set_team(crew_team(crew));
	micro_must(aead_key_init(&two.key, suite, zero));
	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		compare(&one, &two, bursts[i], name, seal);
		compare(&one, &two, bursts[i], name, pause_before);
	}
	aead_set_team(NULL);
	aead_key_wipe(&one.key);
	aead_key_wipe(&two.key);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void micro_crew(void)
{
	const struct aead_clock clock = {now_ns, 2000000};
	struct aead_engine_report engines[AEAD_ENGINES_MAX];
	struct crew *crew;

	aead_choose_engines(&clock, engines);
	micro_must(crew_new(&crew, 2) == 0);
	micro_heading("AEAD, one thread and two");
	for (int suite = 0; suite < AEAD_SUITES; suite++) {
		if (aead_has((enum aead_suite)suite))
			measure_suite((enum aead_suite)suite, crew);
	}
	crew_free(crew);
	aead_choose_engines(NULL, engines);
}
