/* micro_aead.c -- each engine of the AEAD, on bursts of packets of two lengths. */
#include <stdio.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "crypto/aead.h"

enum { LEN_MAX = 1420 };

struct sealing {
	struct aead_key key;
	struct aead_job jobs[MICRO_OPS];
	uint8_t texts[MICRO_OPS][LEN_MAX + AEAD_TAG_LEN];
	size_t len;
};

static void lay_out(struct sealing *s)
{
	for (size_t i = 0; i < MICRO_OPS; i++)
		s->jobs[i] = (struct aead_job){.text = s->texts[i], .len = s->len, .counter = i};
}

static void seal(void *context)
{
	struct sealing *s = context;

	aead_seal(&s->key, s->jobs, MICRO_OPS);
}

/* What was sealed opens, so each round needs it anew. */
static void seal_again(void *context)
{
	lay_out(context);
	seal(context);
}

static void open(void *context)
{
	struct sealing *s = context;

	aead_open(&s->key, s->jobs, MICRO_OPS);
}

static void measure_len(struct sealing *s, const char *engine, size_t len)
{
	char name[64];

	s->len = len;
	lay_out(s);
	snprintf(name, sizeof(name), "%s, seal %zu B", engine, len);
	micro_measure(&(struct micro){name, MICRO_OPS, len, 0, NULL, seal, s});
	snprintf(name, sizeof(name), "%s, open %zu B", engine, len);
	micro_measure(&(struct micro){name, MICRO_OPS, len, 0, seal_again, open, s});
}

static void measure_engine(enum aead_suite suite, const char *engine)
{
	static const uint8_t zero[KEY_LEN];
	static struct sealing s;
	char name[32];

	micro_must(aead_use_engine(suite, engine) && aead_key_init(&s.key, suite, zero));
	snprintf(name, sizeof(name), "%s %s", engine, aead_suite_name(suite));
	measure_len(&s, name, LEN_MAX);
	measure_len(&s, name, 64);
	aead_key_wipe(&s.key);
}

/* What follows uses what a node uses that does not measure. */
void micro_aead(void)
{
	struct aead_engine_report engines[AEAD_ENGINES_MAX];
	size_t n = aead_choose_engines(NULL, engines);

	micro_heading("AEAD, bursts of 64");
	for (size_t i = 0; i < n; i++) {
		if (engines[i].passed)
			measure_engine(engines[i].suite, engines[i].name);
	}
	aead_choose_engines(NULL, engines);
}
