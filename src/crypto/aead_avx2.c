/* aead_avx2.c -- ChaCha20-Poly1305 of our own, for CPUs with AVX2.
 *
 * The libraries behind the other engines take one message at a time: of the eight blocks that they
 * compute at once, a short message needs two; and on CPUs without AVX-512, Poly1305 waits until
 * ChaCha20 has done its part. Here the messages of a burst are one row of blocks, cut into strides
 * of eight, one for each lane (chacha20_avx2.h):
 *
 *	message   |-------------- A --------------|----- B ----|------ C ----- ...
 *	block      0  1  2  3  4  5  6  7  8  9 10  0  1  2  3  0  1  2  3  4
 *	stride    |----------- 0 ---------|----------- 1 ----------|------ 2 - ...
 *	run       |----------- A ---------|-- A ---|---- B ----|- C|----- C -- ...
 *
 * Block 0 is the key of Poly1305 (RFC 8439 section 2.6), the others are for the text. While the
 * vector units make the keystream of a stride, the others authenticate the text of the one before:
 *
 *	seal      keystream 0    xor 0   keystream 1              xor 1   keystream 2
 *	                                 authenticate 0                   authenticate 1
 *	open      keystream 0            keystream 1      xor 0           keystream 2      xor 1
 *	                                 authenticate 0                   authenticate 1
 *
 * Only one message of a stride is authenticated in the shadow of the keystream, the one with the
 * most blocks. No branch and no address depends on what is secret.
 */
#include "crypto/aead_engine.h"
#include "crypto/chacha20_avx2.h"

/* Consecutive blocks of a message in consecutive lanes. */
struct run {
	struct aead_job *job;
	unsigned lane, lanes;
	size_t from, to;		/* of the text */
	bool is_first, is_last;		/* of the message */
};

struct stride {
	_Alignas(32) uint8_t keystream[CHACHA20_STRIDE_LEN];
	struct run runs[CHACHA20_LANES];
	size_t runs_len;
	size_t longest;			/* of the runs */
};

struct burst {
	struct chacha20_rows rows;
	struct stride strides[2];	/* this, and the one before it */
	struct poly1305 mac;		/* of the message that is being authenticated */
	struct aead_job *job;		/* whose block is to be planned next */
	size_t jobs_left;
	uint32_t block;
	bool is_open;			/* else seal */
};

static bool init(enum aead_suite suite)
{
	(void)suite;
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

/* -- which blocks are in which lane -------------------------------------- */

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Where a block's text begins; a message's first has none. */
static size_t text_at(uint32_t block)
{
	return block ? (block - 1) * (size_t)CHACHA20_BLOCK_LEN : 0;
}

/* What is left of the message, as far as there are lanes. */
static struct run next_run(struct burst *b, unsigned lane)
{
	struct aead_job *job = b->job;
	uint32_t blocks = 1 + (uint32_t)((job->len + CHACHA20_BLOCK_LEN - 1) / CHACHA20_BLOCK_LEN);
	unsigned lanes = (unsigned)min_size(blocks - b->block, CHACHA20_LANES - lane);
	uint32_t end = b->block + lanes;
	struct run run = {
		.job = job,
		.lane = lane,
		.lanes = lanes,
		.from = text_at(b->block),
		.to = min_size(text_at(end), job->len),
		.is_first = b->block == 0,
		.is_last = end == blocks,
	};

	chacha20_set_lanes(&b->rows, lane, b->block, job->counter);
	b->block = run.is_last ? 0 : end;
	b->job += run.is_last;
	b->jobs_left -= run.is_last;
	return run;
}

/* Lanes that the end of the burst leaves over compute some block, which nobody looks at. */
static void avx2_plan(struct burst *b, struct stride *s)
{
	unsigned lane = 0;

	for (s->runs_len = s->longest = 0; lane < CHACHA20_LANES && b->jobs_left; s->runs_len++) {
		struct run *run = &s->runs[s->runs_len];

		*run = next_run(b, lane);
		lane += run->lanes;
		if (run->lanes > s->runs[s->longest].lanes)
			s->longest = s->runs_len;
	}
}

/* -- what is done with a stride ------------------------------------------ */

/* A text that was refused is zeroes, and stays so. */
static void encrypt(const struct burst *b, const struct stride *s)
{
	for (size_t i = 0; i < s->runs_len; i++) {
		const struct run *run = &s->runs[i];
		const uint8_t *keystream = s->keystream + CHACHA20_BLOCK_LEN * (run->lane + run->is_first);

		if (!b->is_open || !run->is_last || run->job->ok)
			chacha20_xor(run->job->text + run->from, keystream, run->to - run->from);
	}
}

/* Section 2.8: zeroes fill the last block, and the lengths follow, of the associated data, which
 * there are none of, and of the text. */
POLY1305_INLINE void finish(struct poly1305 *mac, const uint8_t *rest, size_t rest_len, size_t len,
			    uint8_t tag[static AEAD_TAG_LEN])
{
	uint8_t block[POLY1305_BLOCK_LEN] = {0};

	if (rest_len) {
		memcpy(block, rest, rest_len);
		poly1305_block(mac, block);
		memset(block, 0, sizeof(block));
	}
	store_le64(block + 8, len);
	poly1305_block(mac, block);
	poly1305_finish(mac, tag);
}

static void end_message(struct poly1305 *mac, struct aead_job *job, const uint8_t *rest, bool is_open)
{
	uint8_t *end = job->text + job->len, tag[AEAD_TAG_LEN];

	finish(mac, rest, (size_t)(end - rest), job->len, is_open ? tag : end);
	if (is_open)
		aead_verify(job, tag);
}

/* Poly1305 of `s`; and meanwhile, if `next` has any runs, its keystream. */
static void authenticate(struct burst *b, const struct stride *s, struct stride *next)
{
	struct poly1305 mac = b->mac;	/* which may be in registers */

	for (size_t i = 0; i < s->runs_len; i++) {
		const struct run *run = &s->runs[i];
		const uint8_t *text = run->job->text + run->from, *end = run->job->text + run->to;

		if (run->is_first)
			poly1305_init(&mac, s->keystream + CHACHA20_BLOCK_LEN * run->lane);
		if (i == s->longest && next->runs_len)
			text = chacha20_stride(next->keystream, &b->rows, &mac, text, (size_t)(end - text));
		for (; end - text >= POLY1305_BLOCK_LEN; text += POLY1305_BLOCK_LEN)
			poly1305_block(&mac, text);
		if (run->is_last)
			end_message(&mac, run->job, text, b->is_open);
	}
	b->mac = mac;
}

/* -- a burst ------------------------------------------------------------- */

static void avx2_work(struct burst *b)
{
	struct stride *s = &b->strides[0], *next = &b->strides[1];

	avx2_plan(b, s);
	chacha20_stride(s->keystream, &b->rows, &b->mac, NULL, 0);
	while (s->runs_len) {
		struct stride *done = s;

		if (!b->is_open)
			encrypt(b, s);
		avx2_plan(b, next);
		authenticate(b, s, next);
		if (b->is_open)
			encrypt(b, s);
		s = next;
		next = done;
	}
}

static void avx2_run(const struct aead_key *key, struct aead_job *jobs, size_t n, bool is_open)
{
	struct burst b;		/* not all of it needs a value, and it is large */

	b.mac = (struct poly1305){.h = {0}};
	b.job = jobs;
	b.jobs_left = n;
	b.block = 0;
	b.is_open = is_open;
	chacha20_set_key(&b.rows, key->bytes);
	avx2_work(&b);
	wipe(&b, sizeof(b));
}

static void avx2_seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)lane;
	avx2_run(key, jobs, n, false);
}

static void avx2_open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)lane;
	avx2_run(key, jobs, n, true);
}

const struct aead_engine aead_avx2 = {
	.name = "avx2",
	.suite = AEAD_CHACHA20POLY1305,
	.init = init,
	.seal = avx2_seal,
	.open = avx2_open,
};
