/* aead_test.c -- sealing and opening, by every engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/aead_engine.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "vectors.h"

enum { LONGEST = 1420 };

static uint8_t pattern[LONGEST];
static uint8_t key_bytes[KEY_LEN];
static const struct bytes nothing;

/* Those that work on this machine; which these must be is aead_choose_test's to say. */
static struct aead_engine_report engines[AEAD_ENGINES_MAX];
static size_t engines_len;

static int ready(void **state)
{
	struct aead_engine_report all[AEAD_ENGINES_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(7 * i);
	/* the key of RFC 8439 appendix A.5 */
	from_hex(key_bytes, KEY_LEN, "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0");
	if (!crypto_init())
		return -1;
	n = aead_choose_engines(NULL, all);
	for (size_t i = 0; i < n; i++) {
		if (all[i].passed)
			engines[engines_len++] = all[i];
	}
	return 0;
}

#define for_each_engine(key)                                                                       \
	for (size_t i_ = 0; i_ < engines_len && begin_with(&engines[i_], (key));                   \
	     i_++, aead_key_wipe(key))

#define for_each_suite(suite)                                                                      \
	for (enum aead_suite suite = 0; suite < AEAD_SUITES && aead_has(suite); suite++)

static bool begin_with(const struct aead_engine_report *engine, struct aead_key *key)
{
	assert_true(aead_use_engine(engine->suite, engine->name));
	assert_string_equal(aead_engine(engine->suite), engine->name);
	assert_true(aead_key_init(key, engine->suite, key_bytes));
	assert_string_equal(key->engine->name, engine->name);
	return true;
}

static void seal_pattern(struct aead_key *key, uint8_t *text, size_t len, uint64_t counter)
{
	struct aead_job job = {.text = text, .len = len, .counter = counter};

	memcpy(text, pattern, len);
	aead_seal(key, &job, 1);
}

static bool opens(struct aead_key *key, uint8_t *text, size_t len, uint64_t counter)
{
	struct aead_job job = {.text = text, .len = len, .counter = counter};

	aead_open(key, &job, 1);
	return job.ok;
}

/* RFC 8439 appendix A.5, whose nonce is 00000000 and a counter like ours. */
static const char a5_text[] =
	"Internet-Drafts are draft documents valid for a maximum of six months and may be "
	"updated, replaced, or obsoleted by other documents at any time. It is inappropriate "
	"to use Internet-Drafts as reference material or to cite them other than as "
	"/\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
static const char a5_sealed[] =
	"64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
	"4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
	"332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
	"9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
	"b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
	"af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
	"0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
	"49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
	"a6ad5cb4022b02709b"
	"eead9d67890cbb22392336fea1851f38";	/* the tag */
static const char a5_ad[] = "f33388860000000000004e91";
static const uint64_t a5_counter = 0x0807060504030201;

static void one_message_seals_and_opens_as_in_the_rfc(void **state)
{
	struct bytes plain = bytes_of(a5_text, 265);
	uint8_t want[281], sealed[281], opened[265], ad[12];

	(void)state;
	from_hex(want, sizeof(want), a5_sealed);
	from_hex(ad, sizeof(ad), a5_ad);
	aead_seal_once(sealed, AEAD_CHACHA20POLY1305, key_bytes, a5_counter, plain,
		       bytes_of(ad, sizeof(ad)));
	assert_memory_equal(sealed, want, sizeof(want));
	assert_true(aead_open_once(opened, AEAD_CHACHA20POLY1305, key_bytes, a5_counter,
				   bytes_of(want, sizeof(want)), bytes_of(ad, sizeof(ad))));
	assert_memory_equal(opened, a5_text, sizeof(opened));
}

/* The ciphertext does not depend on the associated data; the tag does. */
static void chacha_engines_encrypt_as_in_the_rfc(void **state)
{
	struct aead_key key;
	uint8_t want[281], text[281];
	struct aead_job job = {.text = text, .len = 265, .counter = a5_counter};

	(void)state;
	from_hex(want, sizeof(want), a5_sealed);
	for_each_engine(&key) {
		memcpy(text, a5_text, 265);
		aead_seal(&key, &job, 1);
		if (key.engine->suite == AEAD_CHACHA20POLY1305)
			assert_memory_equal(text, want, 265);
		else
			assert_memory_not_equal(text, want, 265);
	}
}

/* The GCM specification's test case 14 (NIST's "gcmEncryptExtIV256" too): all zero. */
static void aes_engines_seal_as_in_the_gcm_specification(void **state)
{
	static const uint8_t zero[KEY_LEN];
	uint8_t want[16 + AEAD_TAG_LEN], text[16 + AEAD_TAG_LEN];
	struct aead_job job = {.text = text, .len = 16};
	struct aead_key key;

	(void)state;
	from_hex(want, sizeof(want),
		 "cea7403d4d606b6e074ec5d3baf39d18"
		 "d0d1c8a799996bf0265b98b5d48ab919");
	for_each_engine(&key) {
		struct aead_key zero_key;

		if (key.engine->suite != AEAD_AES256GCM)
			continue;
		assert_true(aead_key_init(&zero_key, AEAD_AES256GCM, zero));
		memset(text, 0, sizeof(text));
		aead_seal(&zero_key, &job, 1);
		assert_memory_equal(text, want, sizeof(want));
		aead_key_wipe(&zero_key);
	}
}

/* Each sealed message is hashed into a chain; its end comes from Python
 * implementations written after RFC 8439, FIPS 197 and SP 800-38D. */
static void engines_seal_every_length_as_python_does(void **state)
{
	static const char *const ends[AEAD_SUITES] = {
		[AEAD_CHACHA20POLY1305] = "3b7e1491b5a44f026ccdb2f524446807095a07683be4380d10267fb0e45de1e7",
		[AEAD_AES256GCM] = "8e57e987ccb371c3a3c8bbc6f6dbe495de744f867d7fdc22c759be0814593674",
	};
	struct aead_key key;
	uint8_t want[HASH_LEN];

	(void)state;
	for_each_engine(&key) {
		uint8_t chain[HASH_LEN] = {0};

		for (size_t len = 0; len <= LONGEST; len = len == 300 ? LONGEST : len + 1) {
			uint8_t text[LONGEST + AEAD_TAG_LEN];

			seal_pattern(&key, text, len, (uint64_t)len << 32 | len);
			blake2s(chain, bytes_of(chain, HASH_LEN), bytes_of(text, len + AEAD_TAG_LEN));
		}
		from_hex(want, HASH_LEN, ends[key.engine->suite]);
		assert_memory_equal(chain, want, HASH_LEN);
	}
}

static void engines_open_what_aead_seal_once_sealed(void **state)
{
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		for (size_t len = 0; len <= LONGEST; len = len == 1100 ? LONGEST : len + 1) {
			uint8_t text[LONGEST + AEAD_TAG_LEN], opened[LONGEST + 1], tag[AEAD_TAG_LEN];

			aead_seal_once(text, key.engine->suite, key_bytes, len,
				       bytes_of(pattern, len), nothing);
			assert_true(aead_open_once(opened, key.engine->suite, key_bytes, len,
						   bytes_of(text, len + AEAD_TAG_LEN), nothing));
			assert_memory_equal(opened, pattern, len);
			memcpy(tag, text + len, AEAD_TAG_LEN);
			assert_true(opens(&key, text, len, len));
			assert_memory_equal(text, pattern, len);
			assert_memory_equal(text + len, tag, AEAD_TAG_LEN);
		}
	}
}

/* Blocks are counted in more than one byte. */
static void engines_seal_and_open_the_longest_message(void **state)
{
	enum { LEN = UINT16_MAX };
	static uint8_t plain[LEN], want[LEN + AEAD_TAG_LEN], text[LEN + AEAD_TAG_LEN];
	struct aead_job job = {.text = text, .len = LEN, .counter = UINT64_MAX};
	struct aead_key key;

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		plain[i] = (uint8_t)(i * i >> 3);
	for_each_engine(&key) {
		aead_seal_once(want, key.engine->suite, key_bytes, job.counter, bytes_of(plain, LEN), nothing);
		memcpy(text, plain, LEN);
		aead_seal(&key, &job, 1);
		assert_memory_equal(text, want, sizeof(want));
		aead_open(&key, &job, 1);
		assert_true(job.ok);
		assert_memory_equal(text, plain, LEN);
	}
}

static void sealing_touches_nothing_beyond_the_tag(void **state)
{
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		for (size_t len = 0; len <= 130; len++) {
			uint8_t text[1 + 130 + AEAD_TAG_LEN + 1];

			memset(text, 0xaa, sizeof(text));
			seal_pattern(&key, text + 1, len, 0);
			assert_int_equal(text[0], 0xaa);
			assert_int_equal(text[1 + len + AEAD_TAG_LEN], 0xaa);
		}
	}
}

/* The message fills the page up to its end, or from its beginning, between two
 * that nobody may touch. */
static void only_the_message_and_its_tag_are_touched(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *three = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *begin = three + page, *end = begin + page;
	struct aead_key key;

	(void)state;
	assert_ptr_not_equal(three, MAP_FAILED);
	assert_int_equal(mprotect(begin, page, PROT_READ | PROT_WRITE), 0);
	for_each_engine(&key) {
		for (size_t len = 0; len <= LONGEST; len = len == 600 ? LONGEST : len + 1) {
			seal_pattern(&key, begin, len, 0);
			assert_true(opens(&key, begin, len, 0));
			seal_pattern(&key, end - len - AEAD_TAG_LEN, len, 0);
			assert_true(opens(&key, end - len - AEAD_TAG_LEN, len, 0));
		}
	}
	munmap(three, 3 * page);
}

/* -- all engines of a suite, side by side -------------------------------- */

enum {
	BURST = 32,
	LEN_MAX = 9000,
	SHORT_MAX = 200,	/* of which several may be worked on at once */
	PLACES = 64,
	SLOT_LEN = PLACES + LEN_MAX + AEAD_TAG_LEN + PLACES,
};

struct burst {
	struct aead_job jobs[BURST];
	size_t n;
	uint8_t slots[BURST][SLOT_LEN];
};

static uint32_t next_random(void)
{
	static uint64_t x = 42;

	x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(x >> 33);
}

static void fill(struct burst *b)
{
	b->n = 1 + next_random() % BURST;
	for (size_t i = 0; i < b->n; i++) {
		b->jobs[i] = (struct aead_job){
			.text = b->slots[i] + next_random() % PLACES,
			.len = next_random() % (1 + (next_random() % 2 ? LEN_MAX : SHORT_MAX)),
			.counter = (uint64_t)next_random() << 32 | next_random(),
		};
		for (size_t j = 0; j < SLOT_LEN; j++)
			b->slots[i][j] = (uint8_t)next_random();
	}
}

/* As `from`, at the same places in slots of its own. */
static void copy(struct burst *b, const struct burst *from)
{
	*b = *from;
	for (size_t i = 0; i < b->n; i++)
		b->jobs[i].text = b->slots[i] + (from->jobs[i].text - from->slots[i]);
}

static void assert_same(const struct burst *a, const struct burst *b)
{
	for (size_t i = 0; i < a->n; i++)
		assert_memory_equal(a->slots[i], b->slots[i], SLOT_LEN);
}

static void assert_opened(const struct burst *b, const struct burst *plain)
{
	for (size_t i = 0; i < b->n; i++) {
		assert_true(b->jobs[i].ok);
		assert_memory_equal(b->jobs[i].text, plain->jobs[i].text, plain->jobs[i].len);
	}
}

static void engines_agree_on_bursts_of_any_length_and_place(void **state)
{
	static struct burst plain, sealed[AEAD_ENGINES_MAX], opened;
	struct aead_key keys[AEAD_ENGINES_MAX];

	(void)state;
	for (size_t i = 0; i < engines_len; i++)
		begin_with(&engines[i], &keys[i]);
	for (int round = 0; round < 50; round++) {
		size_t first[AEAD_SUITES] = {SIZE_MAX, SIZE_MAX};

		fill(&plain);
		for (size_t i = 0; i < engines_len; i++) {
			size_t *one = &first[engines[i].suite];

			if (*one == SIZE_MAX)
				*one = i;
			copy(&sealed[i], &plain);
			aead_seal(&keys[i], sealed[i].jobs, plain.n);
			assert_same(&sealed[i], &sealed[*one]);
			copy(&opened, &sealed[*one]);
			aead_open(&keys[i], opened.jobs, plain.n);
			assert_opened(&opened, &plain);
		}
	}
	for (size_t i = 0; i < engines_len; i++)
		aead_key_wipe(&keys[i]);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		for (size_t len = 0; len <= 500; len += 100) {
			uint8_t sealed[500 + AEAD_TAG_LEN], text[500 + AEAD_TAG_LEN];

			seal_pattern(&key, sealed, len, 5);
			for (size_t bit = 0; bit < 8 * (len + AEAD_TAG_LEN); bit++) {
				memcpy(text, sealed, len + AEAD_TAG_LEN);
				text[bit / 8] ^= (uint8_t)(1 << bit % 8);
				if (opens(&key, text, len, 5))
					fail_msg("bit %zu of %zu bytes", bit, len);
			}
			assert_true(opens(&key, sealed, len, 5));
		}
	}
}

static void another_counter_is_refused(void **state)
{
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		for (int bit = 0; bit < 64; bit++) {
			uint8_t text[20 + AEAD_TAG_LEN];

			seal_pattern(&key, text, 20, 7);
			assert_false(opens(&key, text, 20, 7 ^ UINT64_C(1) << bit));
		}
	}
}

static void another_key_is_refused(void **state)
{
	struct aead_key key, other;
	uint8_t other_bytes[KEY_LEN], text[20 + AEAD_TAG_LEN];

	(void)state;
	memcpy(other_bytes, key_bytes, KEY_LEN);
	other_bytes[31] ^= 0x80;
	for_each_engine(&key) {
		assert_true(aead_key_init(&other, key.engine->suite, other_bytes));
		seal_pattern(&key, text, 20, 0);
		assert_false(opens(&other, text, 20, 0));
		aead_key_wipe(&other);
	}
}

static void a_bad_message_does_not_spoil_its_burst(void **state)
{
	enum { N = 8, BAD = 3 };
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		uint8_t text[N][N * 50 + AEAD_TAG_LEN];
		struct aead_job jobs[N];

		for (size_t i = 0; i < N; i++) {
			jobs[i] = (struct aead_job){.text = text[i], .len = 50 * i, .counter = 100 + i};
			memcpy(text[i], pattern, jobs[i].len);
		}
		aead_seal(&key, jobs, N);
		text[BAD][0] ^= 1;
		aead_open(&key, jobs, N);
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(jobs[i].ok, i != BAD);
			if (i != BAD)
				assert_memory_equal(text[i], pattern, jobs[i].len);
		}
	}
}

/* Not its plaintext, and not the keystream either. Libraries leave what they like. */
static void our_engines_leave_nothing_of_what_they_refuse(void **state)
{
	static const uint8_t zeroes[LONGEST];
	uint8_t text[LONGEST + AEAD_TAG_LEN];
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		if (strcmp(key.engine->name, "avx2") != 0 && strcmp(key.engine->name, "vaes") != 0)
			continue;
		for (size_t len = 20; len <= LONGEST; len += 100) {
			seal_pattern(&key, text, len, 5);
			text[len] ^= 1;
			assert_false(opens(&key, text, len, 5));
			assert_memory_equal(text, zeroes, len);
		}
	}
}

static void a_burst_of_none_is_fine(void **state)
{
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		aead_seal(&key, NULL, 0);
		aead_open(&key, NULL, 0);
	}
}

static void a_key_turns_between_sealing_and_opening(void **state)
{
	struct aead_key key;

	(void)state;
	for_each_engine(&key) {
		uint8_t first[20 + AEAD_TAG_LEN], text[20 + AEAD_TAG_LEN];

		seal_pattern(&key, first, 20, 9);
		for (int i = 0; i < 3; i++) {
			seal_pattern(&key, text, 20, 9);
			assert_memory_equal(text, first, sizeof(text));
			assert_true(opens(&key, text, 20, 9));
			assert_false(opens(&key, text, 20, 9));		/* no longer sealed */
		}
	}
}

static void a_key_stays_with_the_engine_that_made_it(void **state)
{
	struct aead_key key;
	uint8_t text[20 + AEAD_TAG_LEN];

	(void)state;
	if (!aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"))
		skip();		/* built without */
	assert_true(aead_key_init(&key, AEAD_CHACHA20POLY1305, key_bytes));
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"));
	seal_pattern(&key, text, 20, 0);
	assert_true(opens(&key, text, 20, 0));
	assert_string_equal(key.engine->name, "openssl");
	aead_key_wipe(&key);
}

static void a_wiped_key_holds_nothing(void **state)
{
	static const struct aead_key nothing_at_all;
	struct aead_key key = {0};

	(void)state;
	aead_key_wipe(&key);
	for_each_engine(&key) {
		aead_key_wipe(&key);
		assert_memory_equal(&key, &nothing_at_all, sizeof(key));
	}
}

static bool no_memory(struct aead_key *key)
{
	(void)key;
	return false;
}

static void a_key_that_finds_no_memory_is_wiped(void **state)
{
	static const struct aead_engine full = {.name = "full", .key_init = no_memory};
	static const struct aead_key nothing_at_all;
	struct aead_key key;

	(void)state;
	assert_false(aead_key_init_with(&full, &key, key_bytes));
	assert_memory_equal(&key, &nothing_at_all, sizeof(key));
}

static bool opens_once(enum aead_suite suite, uint64_t counter, struct bytes sealed, struct bytes ad)
{
	uint8_t opened[30];

	return aead_open_once(opened, suite, key_bytes, counter, sealed, ad);
}

static void one_message_is_refused_when_it_or_its_ad_changed(void **state)
{
	uint8_t sealed[30 + AEAD_TAG_LEN] = {0}, ad[8] = "ad";
	struct bytes whole = bytes_of(sealed, sizeof(sealed)), with = bytes_of(ad, sizeof(ad));

	(void)state;
	for_each_suite(suite) {
		aead_seal_once(sealed, suite, key_bytes, 1, bytes_of(pattern, 30), with);
		for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
			sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(opens_once(suite, 1, whole, with));
			sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = 0; bit < 8 * sizeof(ad); bit++) {
			ad[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(opens_once(suite, 1, whole, with));
			ad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t len = 0; len < sizeof(sealed); len++)
			assert_false(opens_once(suite, 1, bytes_of(sealed, len), with));
		assert_false(opens_once(suite, 2, whole, with));
		assert_true(opens_once(suite, 1, whole, with));
	}
}

static void the_suites_have_nothing_in_common(void **state)
{
	uint8_t sealed[30 + AEAD_TAG_LEN] = {0};
	struct bytes whole = bytes_of(sealed, sizeof(sealed));

	(void)state;
	if (!aead_has(AEAD_AES256GCM))
		skip();
	aead_seal_once(sealed, AEAD_AES256GCM, key_bytes, 0, bytes_of(pattern, 30), nothing);
	assert_false(opens_once(AEAD_CHACHA20POLY1305, 0, whole, nothing));
	aead_seal_once(sealed, AEAD_CHACHA20POLY1305, key_bytes, 0, bytes_of(pattern, 30), nothing);
	assert_false(opens_once(AEAD_AES256GCM, 0, whole, nothing));
}

/* draft-irtf-cfrg-xchacha-03 appendix A.3.1 */
static const char x_text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only "
			     "one tip for the future, sunscreen would be it.";
static const char x_sealed[] =
	"bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
	"731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
	"2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
	"21f9664c97637da9768812f615c68b13b52e"
	"c0875924c1c7987947deafd8780acf49";	/* the tag */

static void cookies_seal_as_in_the_xchacha_draft(void **state)
{
	enum { LEN = sizeof(x_text) - 1 };
	uint8_t key[KEY_LEN], nonce[XAEAD_NONCE_LEN], ad[12];
	uint8_t want[LEN + AEAD_TAG_LEN], sealed[LEN + AEAD_TAG_LEN], opened[LEN];

	(void)state;
	from_hex(key, KEY_LEN, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
	from_hex(nonce, XAEAD_NONCE_LEN, "404142434445464748494a4b4c4d4e4f5051525354555657");
	from_hex(ad, sizeof(ad), "50515253c0c1c2c3c4c5c6c7");
	assert_int_equal(from_hex(want, sizeof(want), x_sealed), sizeof(want));
	xaead_seal(sealed, key, nonce, bytes_of(x_text, LEN), bytes_of(ad, sizeof(ad)));
	assert_memory_equal(sealed, want, sizeof(want));
	assert_true(xaead_open(opened, key, nonce, bytes_of(want, sizeof(want)),
			       bytes_of(ad, sizeof(ad))));
	assert_memory_equal(opened, x_text, LEN);
}

static void a_changed_cookie_is_refused(void **state)
{
	uint8_t nonce[XAEAD_NONCE_LEN] = {0}, sealed[16 + AEAD_TAG_LEN] = {0}, opened[16];
	struct bytes whole = bytes_of(sealed, sizeof(sealed));
	uint8_t ad[16] = {0};

	(void)state;
	xaead_seal(sealed, key_bytes, nonce, bytes_of(pattern, 16), bytes_of(ad, 16));
	for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(xaead_open(opened, key_bytes, nonce, whole, bytes_of(ad, 16)));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * XAEAD_NONCE_LEN; bit++) {
		nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(xaead_open(opened, key_bytes, nonce, whole, bytes_of(ad, 16)));
		nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof(sealed); len++)
		assert_false(xaead_open(opened, key_bytes, nonce, bytes_of(sealed, len), bytes_of(ad, 16)));
	assert_false(xaead_open(opened, key_bytes, nonce, whole, bytes_of(ad, 15)));
	assert_true(xaead_open(opened, key_bytes, nonce, whole, bytes_of(ad, 16)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_seals_and_opens_as_in_the_rfc),
		cmocka_unit_test(chacha_engines_encrypt_as_in_the_rfc),
		cmocka_unit_test(aes_engines_seal_as_in_the_gcm_specification),
		cmocka_unit_test(engines_seal_every_length_as_python_does),
		cmocka_unit_test(engines_open_what_aead_seal_once_sealed),
		cmocka_unit_test(engines_seal_and_open_the_longest_message),
		cmocka_unit_test(sealing_touches_nothing_beyond_the_tag),
		cmocka_unit_test(only_the_message_and_its_tag_are_touched),
		cmocka_unit_test(engines_agree_on_bursts_of_any_length_and_place),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(another_counter_is_refused),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(a_bad_message_does_not_spoil_its_burst),
		cmocka_unit_test(our_engines_leave_nothing_of_what_they_refuse),
		cmocka_unit_test(a_burst_of_none_is_fine),
		cmocka_unit_test(a_key_turns_between_sealing_and_opening),
		cmocka_unit_test(a_key_stays_with_the_engine_that_made_it),
		cmocka_unit_test(a_wiped_key_holds_nothing),
		cmocka_unit_test(a_key_that_finds_no_memory_is_wiped),
		cmocka_unit_test(one_message_is_refused_when_it_or_its_ad_changed),
		cmocka_unit_test(the_suites_have_nothing_in_common),
		cmocka_unit_test(cookies_seal_as_in_the_xchacha_draft),
		cmocka_unit_test(a_changed_cookie_is_refused),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
