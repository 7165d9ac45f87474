/* aead_choose.c -- which engine does the work: the fastest that computes right.
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

/* In order of preference when nobody measures. */
static const struct aead_engine *const engines[] = {&aead_openssl, &aead_sodium};

enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

_Static_assert((int)ENGINES <= (int)AEAD_ENGINES_MAX, "a report for every engine");

static const struct aead_engine *current;

const struct aead_engine *aead_current(void)
{
	return current;
}

const char *aead_engine(void)
{
	return current ? current->name : NULL;
}

bool aead_use_engine(const char *name)
{
	for (int i = 0; i < ENGINES; i++) {
		if (strcmp(engines[i]->name, name) == 0 && aead_engine_works(engines[i])) {
			current = engines[i];
			return true;
		}
	}
	return false;
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

/* A report without a measurement is worse than any with one. */
static bool is_better(const struct aead_engine_report *a, const struct aead_engine_report *b)
{
	if (!a->passed || !b->passed)
		return a->passed;
	return a->ns_per_packet && (!b->ns_per_packet || a->ns_per_packet < b->ns_per_packet);
}

size_t aead_choose_engine(uint64_t (*now_ns)(void),
			  struct aead_engine_report out[static AEAD_ENGINES_MAX])
{
	int best = 0;

	for (int i = 0; i < ENGINES; i++) {
		out[i] = (struct aead_engine_report){.name = engines[i]->name};
		out[i].passed = aead_engine_works(engines[i]);
		if (out[i].passed && now_ns)
			out[i].ns_per_packet = measure(engines[i], now_ns);
		if (is_better(&out[i], &out[best]))
			best = i;
	}
	if (out[best].passed) {
		out[best].chosen = true;
		current = engines[best];
	}
	return ENGINES;
}
