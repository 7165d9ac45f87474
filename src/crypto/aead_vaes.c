/* aead_vaes.c -- AES-256-GCM of our own, for CPUs with AVX2, VAES and VPCLMULQDQ.
 *
 * By the latter two AES and GHASH do two blocks in one instruction. Libraries, as Debian 12 has
 * them, use that with AVX-512 only; AMD's Zen 3 has it without, and so has Intel's Alder Lake.
 *
 *	text       | batch 0 | batch 1 | batch 2 | rest | tag
 *
 *	           ------------------------------------------------------> time
 *	AES          batch 0     batch 1     batch 2     rest and tag
 *	GHASH                    batch 0     batch 1     batch 2   rest    sealing
 *	             batch 0     batch 1     batch 2               rest    opening
 *
 * AES in counter mode makes the keystream, and what is authenticated is the ciphertext (NIST SP
 * 800-38D, section 7): so the two never wait for each other, and with their instructions mixed,
 * the CPU does GHASH while it waits for AES. Neither branches nor addresses depend on what is
 * secret, and nothing but the text and its tag is read or written.
 */
#include <cpuid.h>

#include "crypto/aead_engine.h"
#include "crypto/ghash_vpclmul.h"

enum {
	ROUNDS = 14,			/* of AES-256 */
	PAIRS = 6,			/* of blocks, that AES is at together; more gain nothing */
	BLOCK_LEN = 16,
	PAIR_LEN = 2 * BLOCK_LEN,
	BATCH_LEN = PAIRS * PAIR_LEN,
};

_Static_assert(GHASH_BLOCKS >= 2 * PAIRS + 1, "what is less than a batch, and the lengths");

/* To become registers, arrays need loops that are gone. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

struct context {
	__m128i round_keys[ROUNDS + 1];
	struct ghash_key ghash;
};

/* What is too much for registers. */
struct scratch {
	__m256i sealed[PAIRS];		/* the batch that was sealed last, turned around */
	__m256i stream[PAIRS];		/* for less than a batch */
	__m256i tag;			/* E(K, J0), twice */
};

/* What is still to be done of a message. */
struct rest {
	uint8_t *text;
	size_t len;
	__m256i counters;		/* of its first two blocks */
	__m128i y;			/* GHASH of what was before it */
};

VAES_INLINE __m128i load_block(const void *p)
{
	return _mm_loadu_si128(p);
}

VAES_INLINE __m256i load_pair(const void *p)
{
	return _mm256_loadu_si256(p);
}

/* -- the key --------------------------------------------------------------- */

/* FIPS 197 section 5.2: each word and all before it. */
VAES_INLINE __m128i words_added_up(__m128i words)
{
	words = _mm_xor_si128(words, _mm_slli_si128(words, 4));
	return _mm_xor_si128(words, _mm_slli_si128(words, 8));
}

/* Of four words that are the same, AESENCLAST is SubWord(): ShiftRows() changes nothing. */
VAES_INLINE void expand(__m128i keys[static ROUNDS + 1], const uint8_t bytes[static KEY_LEN])
{
	const __m128i last_word_rotated = _mm_set1_epi32(0x0c0f0e0d);
	__m128i rcon = _mm_set1_epi32(1);

	keys[0] = load_block(bytes);
	keys[1] = load_block(bytes + BLOCK_LEN);
	for (int i = 2; i <= ROUNDS; i++) {
		__m128i word;

		if (i % 2 == 0) {
			word = _mm_aesenclast_si128(_mm_shuffle_epi8(keys[i - 1], last_word_rotated), rcon);
			rcon = _mm_slli_epi32(rcon, 1);
		} else {
			word = _mm_aesenclast_si128(_mm_shuffle_epi32(keys[i - 1], 0xff), _mm_setzero_si128());
		}
		keys[i] = _mm_xor_si128(words_added_up(keys[i - 2]), word);
	}
}

VAES static void set_key(struct context *c, const uint8_t bytes[static KEY_LEN])
{
	__m128i zero;		/* encrypted */

	expand(c->round_keys, bytes);
	zero = c->round_keys[0];
	for (int i = 1; i < ROUNDS; i++)
		zero = _mm_aesenc_si128(zero, c->round_keys[i]);
	ghash_set_key(&c->ghash, _mm_aesenclast_si128(zero, c->round_keys[ROUNDS]));
}

static bool key_init(struct aead_key *key)
{
	set_key(key->contexts[0], key->bytes);
	return true;
}

/* -- AES ------------------------------------------------------------------- */

/* The counter blocks of a pair are turned around, and so numbers where their last four bytes are. */
VAES_INLINE __m256i add_to_counters(__m256i counters, int first, int second)
{
	return _mm256_add_epi32(counters, _mm256_set_epi32(0, 0, 0, second, 0, 0, 0, first));
}

/* What aead_nonce() makes, and zero. */
VAES_INLINE __m256i zeroth_counters(uint64_t counter)
{
	return twice(_mm_set_epi64x((long long)(counter >> 32), (long long)(counter << 32)));
}

VAES_INLINE __m256i begin_pair(const struct context *c, __m256i counters)
{
	return _mm256_xor_si256(turned_around(counters), twice(c->round_keys[0]));
}

VAES_INLINE __m256i end_pair(__m256i pair, __m256i last_key, __m256i text)
{
	return _mm256_aesenclast_epi128(pair, _mm256_xor_si256(last_key, text));
}

/* -- batches --------------------------------------------------------------- */

VAES_INLINE void hash_pair(struct ghash_sum *sum, const struct context *c, __m256i pair, __m128i y, int i)
{
	if (i == 0)
		pair = _mm256_xor_si256(pair, alone(y));
	ghash_add(sum, pair, &c->ghash, (size_t)(2 * (PAIRS - i)));
}

VAES_INLINE __m128i hash_batch(const struct context *c, const __m256i sealed[static PAIRS], __m128i y)
{
	struct ghash_sum sum = {0};

	UNROLL
	for (int i = 0; i < PAIRS; i++)
		hash_pair(&sum, c, sealed[i], y, i);
	return ghash_reduce(&sum);
}

/* AES of one batch; and if `hashing`, GHASH: of the same when opening, when sealing of the one
 * before, which was put aside because text that is not aligned cannot be read again at once. The
 * first pair comes last, to leave time for the Y of the batch before. */
VAES_INLINE void do_batch(const struct context *c, struct rest *r, __m256i sealed[static PAIRS], bool sealing,
			  bool hashing)
{
	__m256i pairs[PAIRS], last_key = twice(c->round_keys[ROUNDS]);
	struct ghash_sum sum = {0};

	UNROLL
	for (int i = 0; i < PAIRS; i++)
		pairs[i] = begin_pair(c, add_to_counters(r->counters, 2 * i, 2 * i));
	UNROLL
	for (int i = 1; i < ROUNDS; i++) {
		__m256i round_key = twice(c->round_keys[i]);

		UNROLL
		for (int j = 0; j < PAIRS; j++)
			pairs[j] = _mm256_aesenc_epi128(pairs[j], round_key);
		if (hashing && i <= PAIRS) {
			int at = i % PAIRS;
			__m256i pair = sealing ? sealed[at] : turned_around(load_pair(r->text + at * PAIR_LEN));

			hash_pair(&sum, c, pair, r->y, at);
		}
	}
	if (hashing)
		r->y = ghash_reduce(&sum);
	UNROLL
	for (int i = 0; i < PAIRS; i++) {
		__m256i *text = (__m256i *)(r->text + i * PAIR_LEN);
		__m256i after = end_pair(pairs[i], last_key, load_pair(text));

		_mm256_storeu_si256(text, after);
		if (sealing)
			sealed[i] = turned_around(after);
	}
	r->text += BATCH_LEN;
	r->len -= BATCH_LEN;
	r->counters = add_to_counters(r->counters, 2 * PAIRS, 2 * PAIRS);
}

/* -- less than a batch ------------------------------------------------------- */

/* For the tag, and n pairs. */
VAES_INLINE void make_stream(struct scratch *s, const struct context *c, __m256i first, __m256i counters, int n)
{
	__m256i pairs[1 + PAIRS], last_key = twice(c->round_keys[ROUNDS]), zero = _mm256_setzero_si256();

	pairs[0] = begin_pair(c, first);
	UNROLL
	for (int i = 0; i < n; i++)
		pairs[1 + i] = begin_pair(c, add_to_counters(counters, 2 * i, 2 * i));
	UNROLL
	for (int i = 1; i < ROUNDS; i++) {
		__m256i round_key = twice(c->round_keys[i]);

		UNROLL
		for (int j = 0; j <= n; j++)
			pairs[j] = _mm256_aesenc_epi128(pairs[j], round_key);
	}
	s->tag = end_pair(pairs[0], last_key, zero);
	UNROLL
	for (int i = 0; i < n; i++)
		s->stream[i] = end_pair(pairs[1 + i], last_key, zero);
}

VAES static void vaes_stream(struct scratch *s, const struct context *c, __m256i first, __m256i counters,
			     size_t len)
{
	if (len == 0)
		make_stream(s, c, first, counters, 0);
	else if (len <= PAIR_LEN)
		make_stream(s, c, first, counters, 1);
	else if (len <= 2 * PAIR_LEN)
		make_stream(s, c, first, counters, 2);
	else if (len <= 3 * PAIR_LEN)
		make_stream(s, c, first, counters, 3);
	else
		make_stream(s, c, first, counters, PAIRS);
}

/* At most a block. The bytes after it are the tag's, and written as they were read. Returns the
 * ciphertext, and zeros after it. */
VAES_INLINE __m128i do_block(uint8_t *text, size_t len, __m128i stream, bool sealing)
{
	static const uint8_t ones_and_zeros[2 * BLOCK_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	__m128i mask = load_block(ones_and_zeros + BLOCK_LEN - len), before = load_block(text);
	__m128i after = _mm_xor_si128(before, _mm_and_si128(stream, mask));

	_mm_storeu_si128((__m128i *)text, after);
	return _mm_and_si128(sealing ? after : before, mask);
}

/* And the end of GHASH: how many bits there are of associated data, which is none, and of text. */
VAES_INLINE void do_rest(const struct context *c, struct rest *r, const __m256i *stream, size_t text_len,
			 bool sealing)
{
	size_t blocks = (r->len + BLOCK_LEN - 1) / BLOCK_LEN + 1;	/* with the lengths */
	struct ghash_sum sum = {0};
	__m256i carried = alone(r->y);

	for (; r->len >= PAIR_LEN; r->len -= PAIR_LEN, r->text += PAIR_LEN, blocks -= 2) {
		__m256i before = load_pair(r->text), after = _mm256_xor_si256(before, *stream++);

		_mm256_storeu_si256((__m256i *)r->text, after);
		ghash_add(&sum, _mm256_xor_si256(carried, turned_around(sealing ? after : before)), &c->ghash, blocks);
		carried = _mm256_setzero_si256();
	}
	for (const __m128i *block = (const __m128i *)stream; r->len > 0; block++, blocks--) {
		size_t len = r->len < BLOCK_LEN ? r->len : BLOCK_LEN;
		__m256i sealed = alone(do_block(r->text, len, *block, sealing));

		ghash_add(&sum, _mm256_xor_si256(carried, turned_around(sealed)), &c->ghash, blocks);
		carried = _mm256_setzero_si256();
		r->text += len;
		r->len -= len;
	}
	ghash_add(&sum, _mm256_xor_si256(carried, alone(_mm_set_epi64x(0, 8 * (long long)text_len))), &c->ghash, 1);
	r->y = ghash_reduce(&sum);
}

/* -- messages -------------------------------------------------------------- */

/* SP 800-38D sections 7.1 and 7.2, up to what the tag must be. */
VAES_INLINE __m128i run(const struct context *c, const struct aead_job *job, struct scratch *s, bool sealing)
{
	__m256i zeroth = zeroth_counters(job->counter);
	struct rest r = {job->text, job->len, add_to_counters(zeroth, 2, 3), _mm_setzero_si128()};
	bool behind = sealing && r.len >= BATCH_LEN;	/* GHASH, by a batch */

	if (behind)
		do_batch(c, &r, s->sealed, sealing, false);
	while (r.len >= BATCH_LEN)
		do_batch(c, &r, s->sealed, sealing, true);
	vaes_stream(s, c, add_to_counters(zeroth, 1, 1), r.counters, r.len);
	if (behind)
		r.y = hash_batch(c, s->sealed, r.y);
	do_rest(c, &r, s->stream, job->len, sealing);
	return first_of(_mm256_xor_si256(turned_around(alone(r.y)), s->tag));
}

/* Neither memory nor registers keep what came from the key. */
VAES_INLINE void forget(struct scratch *s)
{
	wipe(s, sizeof(*s));
	_mm256_zeroall();
}

VAES static void vaes_seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	struct scratch scratch;

	(void)lane;
	for (size_t i = 0; i < n; i++) {
		__m128i tag = run(key->contexts[0], &jobs[i], &scratch, true);

		_mm_storeu_si128((__m128i *)(jobs[i].text + jobs[i].len), tag);
	}
	forget(&scratch);
}

VAES static void vaes_open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	struct scratch scratch;
	uint8_t tag[AEAD_TAG_LEN];

	(void)lane;
	for (size_t i = 0; i < n; i++) {
		_mm_storeu_si128((__m128i *)tag, run(key->contexts[0], &jobs[i], &scratch, false));
		aead_verify(&jobs[i], tag);
	}
	forget(&scratch);
}

/* "avx2" means that the OS keeps the registers as well. clang 14 knows no names for the others. */
static bool init(enum aead_suite suite)
{
	unsigned eax, ebx, ecx, edx;

	(void)suite;
	return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
	       ecx & bit_VAES && ecx & bit_VPCLMULQDQ;
}

const struct aead_engine aead_vaes = {
	.name = "vaes",
	.suite = AEAD_AES256GCM,
	.init = init,
	.context_len = sizeof(struct context),
	.key_init = key_init,
	.seal = vaes_seal,
	.open = vaes_open,
};
