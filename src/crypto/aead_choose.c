/* aead_choose.c -- which engine does a suite's work: the fastest that computes right.
 *
 * Which one that is depends on the vector units of the CPU and on how the
 * libraries were built, so it is measured, for 2 ms each, rather than guessed.
 */
#include <string.h>

#include "crypto/aead_engine.h"

enum {
	PACKET_LEN = 1420,		/* 1500 less IPv6, UDP, our header and the tag */
	BURST = 16,
	MEASURE_NS = 2000000,
	MEASURE_BURSTS = 1000,		/* even if the clock stands still */
};

/* Suite by suite, in order of preference when nobody measures. */
static const struct aead_engine *const engines[] = {&aead_openssl, &aead_sodium, &aead_openssl_aes};

enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

_Static_assert((int)ENGINES <= (int)AEAD_ENGINES_MAX, "a report for every engine");

static const struct aead_engine *current[AEAD_SUITES];
static unsigned current_ns[AEAD_SUITES];	/* for a packet; 0: not measured */

const struct aead_engine *aead_current(enum aead_suite suite)
{
	return current[suite];
}

const char *aead_engine(enum aead_suite suite)
{
	return current[suite] ? current[suite]->name : NULL;
}

bool aead_use_engine(enum aead_suite suite, const char *name)
{
	for (int i = 0; i < ENGINES; i++) {
		if (engines[i]->suite == suite && strcmp(engines[i]->name, name) == 0 &&
		    aead_engine_works(engines[i])) {
			current[suite] = engines[i];
			current_ns[suite] = 0;
			return true;
		}
	}
	return false;
}

/* Unmeasured is fast: what the CPU has instructions for should be. */
bool aead_fast(enum aead_suite suite)
{
	if (!aead_has(suite))
		return false;
	for (int other = 0; other < AEAD_SUITES; other++) {
		if (current_ns[other] && current_ns[other] < current_ns[suite])
			return false;
	}
	return true;
}

static void seal_burst(struct aead_key *key, uint8_t text[static PACKET_LEN + AEAD_TAG_LEN])
{
	struct aead_job jobs[BURST];

	for (unsigned i = 0; i < BURST; i++)
		jobs[i] = (struct aead_job){.text = text, .len = PACKET_LEN, .counter = i};
	aead_seal(key, jobs, BURST);
}

/* Nanoseconds to seal a packet, at least 1; 0 if it cannot be measured. The
 * best burst counts: whatever else the machine did slowed the others down. */
static unsigned measure(const struct aead_engine *engine, uint64_t (*now_ns)(void))
{
	static const uint8_t zero[KEY_LEN];
	uint8_t text[PACKET_LEN + AEAD_TAG_LEN] = {0};
	struct aead_key key;
	uint64_t best = UINT32_MAX, start, before, after;

	if (!aead_key_init_with(engine, &key, zero))
		return 0;
	start = after = now_ns();
	for (int i = 0; i < MEASURE_BURSTS && after - start < MEASURE_NS; i++) {
		before = after;
		seal_burst(&key, text);
		after = now_ns();
		if (after - before < best)
			best = after - before;
	}
	aead_key_wipe(&key);
	return (unsigned)(best / BURST) + 1;
}

/* Any report is better than none, and one with a measurement than one without. */
static bool is_better(const struct aead_engine_report *a, const struct aead_engine_report *b)
{
	if (!b)
		return true;
	return a->ns_per_packet && (!b->ns_per_packet || a->ns_per_packet < b->ns_per_packet);
}

static struct aead_engine_report examine(const struct aead_engine *engine, uint64_t (*now_ns)(void))
{
	struct aead_engine_report report = {.suite = engine->suite, .name = engine->name};

	report.passed = aead_engine_works(engine);
	if (report.passed && now_ns)
		report.ns_per_packet = measure(engine, now_ns);
	return report;
}

size_t aead_choose_engines(uint64_t (*now_ns)(void),
			   struct aead_engine_report out[static AEAD_ENGINES_MAX])
{
	struct aead_engine_report *best[AEAD_SUITES] = {NULL};

	for (int i = 0; i < ENGINES; i++) {
		enum aead_suite suite = engines[i]->suite;

		out[i] = examine(engines[i], now_ns);
		if (out[i].passed && is_better(&out[i], best[suite])) {
			best[suite] = &out[i];
			current[suite] = engines[i];
			current_ns[suite] = out[i].ns_per_packet;
		}
	}
	for (int suite = 0; suite < AEAD_SUITES; suite++) {
		if (best[suite])
			best[suite]->chosen = true;
	}
	return ENGINES;
}
