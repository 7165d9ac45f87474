/* aead_choose.c -- which engine does a suite's work: the fastest that computes right.
 *
 * Which one that is depends on the vector units of the CPU and on how the
 * libraries were built, so it is measured rather than guessed.
 */
#include <string.h>

#include "crypto/aead_engine.h"

enum { BURST = 16 };

/* Suite by suite, in order of preference when nobody measures. */
static const struct aead_engine *const engines[] = {
#ifdef P2PNET_OPENSSL_AEAD
	&aead_openssl,
#endif
	&aead_sodium,
#ifdef P2PNET_IPSEC_MB
	&aead_ipsec_mb,
#endif
#ifdef P2PNET_VECTOR_AEAD
	&aead_avx2,
#endif
#ifdef P2PNET_OPENSSL_AEAD
	&aead_openssl_aes,
#endif
	&aead_sodium_aes,
#ifdef P2PNET_IPSEC_MB
	&aead_ipsec_mb_aes,
#endif
#ifdef P2PNET_VECTOR_AEAD
	&aead_vaes,
#endif
};

enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

_Static_assert((int)ENGINES <= (int)AEAD_ENGINES_MAX, "a report for every engine");

static struct {
	const struct aead_engine *engine;
	struct aead_engine_report report;
} current[AEAD_SUITES];

const struct aead_engine *aead_current(enum aead_suite suite)
{
	return current[suite].engine;
}

const struct aead_engine_report *aead_chosen(enum aead_suite suite)
{
	return current[suite].engine ? &current[suite].report : NULL;
}

const char *aead_engine(enum aead_suite suite)
{
	return current[suite].engine ? current[suite].engine->name : NULL;
}

static void use(const struct aead_engine *engine, const struct aead_engine_report *report)
{
	current[engine->suite].engine = engine;
	current[engine->suite].report = *report;
	current[engine->suite].report.chosen = true;
}

bool aead_use_engine(enum aead_suite suite, const char *name)
{
	for (int i = 0; i < ENGINES; i++) {
		const struct aead_engine *engine = engines[i];
		struct aead_engine_report report = {.suite = suite, .name = engine->name, .passed = true};

		if (engine->suite == suite && strcmp(engine->name, name) == 0 &&
		    aead_engine_works(engine)) {
			use(engine, &report);
			return true;
		}
	}
	return false;
}

/* Packets go both ways, so sealing and opening count alike. */
static unsigned cost(const struct aead_engine_report *report)
{
	return report->seal_ns + report->open_ns;
}

/* Unmeasured is fast: what the CPU has instructions for should be. */
bool aead_fast(enum aead_suite suite)
{
	unsigned ours;

	if (!aead_has(suite))
		return false;
	ours = cost(&current[suite].report);
	for (int i = 0; i < AEAD_SUITES; i++) {
		unsigned theirs = cost(&current[i].report);

		if (theirs && theirs < ours)
			return false;
	}
	return true;
}

/* -- measuring ----------------------------------------------------------- */

struct burst {
	struct aead_job jobs[BURST];
	uint8_t text[BURST][AEAD_MEASURED_LEN + AEAD_TAG_LEN];
};

static void fill(struct burst *b)
{
	memset(b->text, 0, sizeof(b->text));
	for (unsigned i = 0; i < BURST; i++) {
		b->jobs[i] = (struct aead_job){
			.text = b->text[i],
			.len = AEAD_MEASURED_LEN,
			.counter = i,
		};
	}
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Nanoseconds for a packet, at least 1; 0 if they cannot be measured. The best
 * burst counts: whatever else the machine did slowed the others down. A clock
 * that stands still ends it as well. */
static void measure(const struct aead_engine *engine, const struct aead_clock *clock,
		    struct aead_engine_report *report)
{
	static const uint8_t zero[KEY_LEN];
	struct burst burst;
	struct aead_key key;
	uint64_t seal = UINT32_MAX, open = UINT32_MAX, start, before, between, after;

	if (!aead_key_init_with(engine, &key, zero))
		return;
	fill(&burst);
	start = after = clock->now_ns();
	do {
		before = after;
		aead_seal(&key, burst.jobs, BURST);
		between = clock->now_ns();
		aead_open(&key, burst.jobs, BURST);
		after = clock->now_ns();
		seal = min_u64(seal, between - before);
		open = min_u64(open, after - between);
	} while (after != before && after - start < clock->measure_ns);
	aead_key_wipe(&key);
	report->seal_ns = (unsigned)(seal / BURST) + 1;
	report->open_ns = (unsigned)(open / BURST) + 1;
}

/* Any engine is better than none, and one that was measured than one that was not. */
static bool is_better(const struct aead_engine_report *a, const struct aead_engine_report *b)
{
	if (!b)
		return true;
	return cost(a) && (!cost(b) || cost(a) < cost(b));
}

size_t aead_choose_engines(const struct aead_clock *clock,
			   struct aead_engine_report out[static AEAD_ENGINES_MAX])
{
	struct aead_engine_report *best[AEAD_SUITES] = {NULL};

	for (int i = 0; i < ENGINES; i++) {
		enum aead_suite suite = engines[i]->suite;

		out[i] = (struct aead_engine_report){.suite = suite, .name = engines[i]->name};
		out[i].passed = aead_engine_works(engines[i]);
		if (out[i].passed && clock)
			measure(engines[i], clock, &out[i]);
		if (out[i].passed && is_better(&out[i], best[suite])) {
			best[suite] = &out[i];
			use(engines[i], &out[i]);
		}
	}
	for (int suite = 0; suite < AEAD_SUITES; suite++) {
		if (best[suite])
			best[suite]->chosen = true;
	}
	return ENGINES;
}
