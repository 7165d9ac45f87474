/* aead_choose_test.c -- who may do the work, and who does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/aead_engine.h"
#include "crypto/crypto.h"

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static void the_engines_pass_their_known_answers(void **state)
{
	(void)state;
	assert_true(aead_engine_works(&aead_openssl));
	assert_true(aead_engine_works(&aead_sodium));
	if (crypto_aead_aes256gcm_is_available())
		assert_true(aead_engine_works(&aead_openssl_aes));
	else
		assert_false(aead_engine_works(&aead_openssl_aes));
}

/* A clock that takes 2 ms for the first engine, read by read, and then goes on
 * at another pace. */
static uint64_t time_ns, first_step, later_step;

static uint64_t two_paced_clock(void)
{
	time_ns += time_ns < 2 * 1000 * 1000 + first_step ? first_step : later_step;
	return time_ns;
}

static void choose(struct aead_engine_report out[static AEAD_ENGINES_MAX], uint64_t first,
		   uint64_t later)
{
	time_ns = 0;
	first_step = first;
	later_step = later;
	assert_int_equal(aead_choose_engines(two_paced_clock, out), 3);
	assert_string_equal(out[0].name, "openssl");
	assert_string_equal(out[1].name, "libsodium");
	assert_true(out[0].passed && out[1].passed);
}

static void the_faster_engine_is_chosen(void **state)
{
	struct aead_engine_report out[AEAD_ENGINES_MAX];

	(void)state;
	choose(out, 160 * 1000, 16 * 1000);	/* for 16 packets */
	assert_int_equal(out[0].ns_per_packet, 10 * 1000 + 1);
	assert_int_equal(out[1].ns_per_packet, 1000 + 1);
	assert_true(!out[0].chosen && out[1].chosen);
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");

	choose(out, 16 * 1000, 160 * 1000);
	assert_true(out[0].chosen && !out[1].chosen);
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "openssl");
}

static void equal_engines_leave_the_preferred_one(void **state)
{
	struct aead_engine_report out[AEAD_ENGINES_MAX];

	(void)state;
	choose(out, 16 * 1000, 16 * 1000);
	assert_true(out[0].chosen && !out[1].chosen);
}

static uint64_t stopped_clock(void)
{
	return 42;
}

static void a_clock_that_stands_still_does_not_hang_the_choice(void **state)
{
	struct aead_engine_report out[AEAD_ENGINES_MAX];

	(void)state;
	assert_int_equal(aead_choose_engines(stopped_clock, out), 3);
	assert_true(out[0].chosen);
}

static void without_a_clock_the_first_is_taken_unmeasured(void **state)
{
	struct aead_engine_report out[AEAD_ENGINES_MAX];

	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"));
	assert_int_equal(aead_choose_engines(NULL, out), 3);
	assert_true(out[0].passed && out[0].chosen && out[0].ns_per_packet == 0);
	assert_true(out[1].passed && !out[1].chosen && out[1].ns_per_packet == 0);
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "openssl");
}

static void an_unknown_engine_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"));
	assert_false(aead_use_engine(AEAD_CHACHA20POLY1305, "quantum"));
	assert_false(aead_use_engine(AEAD_CHACHA20POLY1305, ""));
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");
}

/* Engines that are wrong in one thing, and libsodium in the others. */
static bool refuse(enum aead_suite suite)
{
	(void)suite;
	return false;
}

static bool refuse_key(struct aead_key *key)
{
	(void)key;
	return false;
}

static void seal_with_wrong_nonce(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct aead_job job = jobs[i];

		job.counter = __builtin_bswap64(job.counter);
		aead_sodium.seal(key, &job, 1);
	}
}

static void seal_with_wrong_tag_when_long(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	aead_sodium.seal(key, jobs, n);
	for (size_t i = 0; i < n; i++)
		jobs[i].text[jobs[i].len] ^= jobs[i].len > 1400;
}

static void open_nothing(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	(void)key;
	for (size_t i = 0; i < n; i++)
		jobs[i].ok = false;
}

static void open_anything(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	aead_sodium.open(key, jobs, n);
	for (size_t i = 0; i < n; i++)
		jobs[i].ok = true;
}

static void open_to_another_text(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	aead_sodium.open(key, jobs, n);
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].len == 64)
			jobs[i].text[63] ^= 1;
	}
}

static void an_engine_that_is_wrong_anywhere_does_not_pass(void **state)
{
	struct aead_engine e = aead_sodium;

	(void)state;
	assert_true(aead_engine_works(&e));
	e.init = refuse;
	assert_false(aead_engine_works(&e));
	e = aead_sodium;
	e.key_init = refuse_key;
	assert_false(aead_engine_works(&e));
	e = aead_sodium;
	e.seal = seal_with_wrong_nonce;
	assert_false(aead_engine_works(&e));
	e.seal = seal_with_wrong_tag_when_long;
	assert_false(aead_engine_works(&e));
	e = aead_sodium;
	e.open = open_nothing;
	assert_false(aead_engine_works(&e));
	e.open = open_anything;
	assert_false(aead_engine_works(&e));
	e.open = open_to_another_text;
	assert_false(aead_engine_works(&e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engines_pass_their_known_answers),
		cmocka_unit_test(the_faster_engine_is_chosen),
		cmocka_unit_test(equal_engines_leave_the_preferred_one),
		cmocka_unit_test(a_clock_that_stands_still_does_not_hang_the_choice),
		cmocka_unit_test(without_a_clock_the_first_is_taken_unmeasured),
		cmocka_unit_test(an_unknown_engine_is_refused_and_changes_nothing),
		cmocka_unit_test(an_engine_that_is_wrong_anywhere_does_not_pass),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
