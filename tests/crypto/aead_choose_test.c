/* aead_choose_test.c -- who may do the work, and who does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/aead_engine.h"
#include "crypto/crypto.h"

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static struct aead_engine_report reports[AEAD_ENGINES_MAX];

static const struct aead_engine_report *report_on(enum aead_suite suite, const char *name)
{
	for (size_t i = 0; i < AEAD_ENGINES_MAX && reports[i].name; i++) {
		if (reports[i].suite == suite && strcmp(reports[i].name, name) == 0)
			return &reports[i];
	}
	return NULL;
}

static const struct aead_engine_report *chosen(enum aead_suite suite)
{
	const struct aead_engine_report *found = NULL;

	for (size_t i = 0; i < AEAD_ENGINES_MAX && reports[i].name; i++) {
		if (reports[i].suite == suite && reports[i].chosen) {
			assert_null(found);
			found = &reports[i];
		}
	}
	return found;
}

/* As the kernel says: the engines ask the CPU itself. */
static bool has_word(char *line, const char *flag)
{
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
		if (strcmp(word, flag) == 0)
			return true;
	}
	return false;
}

static bool cpu_has(const char *flag)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[8192];
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = has_word(line, flag);
	fclose(f);
	return found;
}

static bool is_called(const struct aead_engine_report *r, const char *name)
{
	return strcmp(r->name, name) == 0;
}

static bool has_to_pass(const struct aead_engine_report *r)
{
	if (is_called(r, "vaes") && !(cpu_has("avx2") && cpu_has("vaes") && cpu_has("vpclmulqdq")))
		return false;
	if (is_called(r, "avx2"))
		return cpu_has("avx2") && cpu_has("bmi2");
	return crypto_aead_aes256gcm_is_available() ||
	       (r->suite != AEAD_AES256GCM && !is_called(r, "ipsec-mb"));
}

static void engines_pass_where_the_cpu_allows_it(void **state)
{
	bool aes = crypto_aead_aes256gcm_is_available();
	size_t n = aead_choose_engines(NULL, reports);

	(void)state;
	for (int suite = 0; suite < AEAD_SUITES; suite++)
		assert_true(report_on(suite, "openssl") && report_on(suite, "libsodium"));
	for (size_t i = 0; i < n; i++) {
		if (reports[i].passed != has_to_pass(&reports[i]))
			fail_msg("%s, %s", reports[i].name, aead_suite_name(reports[i].suite));
	}
	assert_true(aead_has(AEAD_CHACHA20POLY1305));
	assert_int_equal(aead_has(AEAD_AES256GCM), aes);
	assert_true(report_on(AEAD_CHACHA20POLY1305, "libsodium")->passed);
}

/* -- who is the fastest -------------------------------------------------- */

/* A clock by which each engine that passes takes so many nanoseconds for 16
 * packets. A measurement reads it at its start, and then after each sealing
 * and each opening until 2 ms are over. */
static struct pace {
	uint64_t seal, open;
} paces[AEAD_ENGINES_MAX];

static const struct pace *pace;
static uint64_t time_ns, began;
static unsigned reading;

static uint64_t paced_clock(void)
{
	if (reading++ == 0) {
		began = time_ns;
		return time_ns;
	}
	time_ns += reading % 2 == 0 ? pace->seal : pace->open;
	if (reading % 2 == 1 && time_ns - began >= 2 * 1000 * 1000) {
		pace++;
		reading = 0;
	}
	return time_ns;
}

/* All alike, until somebody's pace is set. */
static void make_equal(void)
{
	aead_choose_engines(NULL, reports);
	for (size_t i = 0; i < AEAD_ENGINES_MAX; i++)
		paces[i] = (struct pace){32 * 1000, 32 * 1000};
}

static void set_pace(enum aead_suite suite, const char *name, uint64_t seal, uint64_t open)
{
	const struct aead_engine_report *whose = report_on(suite, name);
	size_t before = 0;

	assert_non_null(whose);
	for (const struct aead_engine_report *r = reports; r < whose; r++)
		before += r->passed;
	paces[before] = (struct pace){seal, open};
}

static void choose(void)
{
	pace = paces;
	aead_choose_engines(&(struct aead_clock){paced_clock, 2 * 1000 * 1000}, reports);
	assert_int_equal(reading, 0);
}

static void the_faster_engine_is_chosen(void **state)
{
	const struct aead_engine_report *r;

	(void)state;
	make_equal();
	set_pace(AEAD_CHACHA20POLY1305, "libsodium", 16 * 1000, 24 * 1000);
	choose();
	r = report_on(AEAD_CHACHA20POLY1305, "libsodium");
	assert_ptr_equal(chosen(AEAD_CHACHA20POLY1305), r);
	assert_int_equal(r->seal_ns, 1000 + 1);
	assert_int_equal(r->open_ns, 1500 + 1);
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");
	assert_memory_equal(aead_chosen(AEAD_CHACHA20POLY1305), r, sizeof(*r));

	make_equal();
	set_pace(AEAD_CHACHA20POLY1305, "openssl", 16 * 1000, 16 * 1000);
	choose();
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "openssl");
}

static void opening_counts_like_sealing(void **state)
{
	(void)state;
	make_equal();
	set_pace(AEAD_CHACHA20POLY1305, "openssl", 16 * 1000, 64 * 1000);
	set_pace(AEAD_CHACHA20POLY1305, "libsodium", 32 * 1000, 16 * 1000);
	choose();
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");
}

static void equal_engines_leave_the_preferred_one(void **state)
{
	(void)state;
	make_equal();
	choose();
	assert_ptr_equal(chosen(AEAD_CHACHA20POLY1305), &reports[0]);
	assert_string_equal(reports[0].name, "openssl");
}

static void each_suite_has_an_engine_of_its_own(void **state)
{
	(void)state;
	if (!aead_has(AEAD_AES256GCM))
		skip();
	make_equal();
	set_pace(AEAD_CHACHA20POLY1305, "openssl", 16 * 1000, 16 * 1000);
	set_pace(AEAD_AES256GCM, "libsodium", 16 * 1000, 16 * 1000);
	choose();
	assert_string_equal(chosen(AEAD_CHACHA20POLY1305)->name, "openssl");
	assert_string_equal(chosen(AEAD_AES256GCM)->name, "libsodium");
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "openssl");
	assert_string_equal(aead_engine(AEAD_AES256GCM), "libsodium");
}

static void a_suite_is_fast_if_none_is_faster(void **state)
{
	(void)state;
	assert_true(aead_fast(AEAD_CHACHA20POLY1305));
	if (!aead_has(AEAD_AES256GCM)) {
		assert_false(aead_fast(AEAD_AES256GCM));
		return;
	}
	make_equal();
	set_pace(AEAD_AES256GCM, "openssl", 16 * 1000, 16 * 1000);
	choose();
	assert_true(aead_fast(AEAD_AES256GCM) && !aead_fast(AEAD_CHACHA20POLY1305));

	make_equal();
	set_pace(AEAD_CHACHA20POLY1305, "libsodium", 16 * 1000, 16 * 1000);
	choose();
	assert_true(!aead_fast(AEAD_AES256GCM) && aead_fast(AEAD_CHACHA20POLY1305));

	aead_choose_engines(NULL, reports);
	assert_true(aead_fast(AEAD_AES256GCM) && aead_fast(AEAD_CHACHA20POLY1305));
}

static uint64_t stopped_clock(void)
{
	return 42;
}

static void a_clock_that_stands_still_does_not_hang_the_choice(void **state)
{
	(void)state;
	aead_choose_engines(&(struct aead_clock){stopped_clock, 2 * 1000 * 1000}, reports);
	assert_ptr_equal(chosen(AEAD_CHACHA20POLY1305), &reports[0]);
}

static void without_a_clock_the_first_is_taken_unmeasured(void **state)
{
	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"));
	for (size_t n = aead_choose_engines(NULL, reports); n-- > 0;)
		assert_true(reports[n].seal_ns == 0 && reports[n].open_ns == 0);
	assert_ptr_equal(chosen(AEAD_CHACHA20POLY1305), &reports[0]);
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "openssl");
}

static void an_unknown_engine_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"));
	assert_false(aead_use_engine(AEAD_CHACHA20POLY1305, "quantum"));
	assert_false(aead_use_engine(AEAD_CHACHA20POLY1305, ""));
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");
	assert_int_equal(aead_chosen(AEAD_CHACHA20POLY1305)->seal_ns, 0);
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

static void seal_with_wrong_nonce(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct aead_job job = jobs[i];

		job.counter = __builtin_bswap64(job.counter);
		aead_sodium.seal(key, lane, &job, 1);
	}
}

static void seal_with_wrong_tag_when_long(struct aead_key *key, unsigned lane,
					  struct aead_job *jobs, size_t n)
{
	aead_sodium.seal(key, lane, jobs, n);
	for (size_t i = 0; i < n; i++)
		jobs[i].text[jobs[i].len] ^= jobs[i].len > 1400;
}

static void seal_with_wrong_tag_when_together(struct aead_key *key, unsigned lane,
					      struct aead_job *jobs, size_t n)
{
	aead_sodium.seal(key, lane, jobs, n);
	if (n > 1)
		jobs[n - 1].text[jobs[n - 1].len] ^= 1;
}

static void open_nothing(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)key;
	(void)lane;
	for (size_t i = 0; i < n; i++)
		jobs[i].ok = false;
}

static void open_anything(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	aead_sodium.open(key, lane, jobs, n);
	for (size_t i = 0; i < n; i++)
		jobs[i].ok = true;
}

static void open_to_another_text(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	aead_sodium.open(key, lane, jobs, n);
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].len == 64)
			jobs[i].text[63] ^= 1;
	}
}

static void open_all_or_nothing(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	bool ok = true;

	aead_sodium.open(key, lane, jobs, n);
	for (size_t i = 0; i < n; i++)
		ok &= jobs[i].ok;
	for (size_t i = 0; i < n; i++)
		jobs[i].ok = ok;
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
	e.seal = seal_with_wrong_tag_when_together;
	assert_false(aead_engine_works(&e));
	e = aead_sodium;
	e.open = open_nothing;
	assert_false(aead_engine_works(&e));
	e.open = open_anything;
	assert_false(aead_engine_works(&e));
	e.open = open_to_another_text;
	assert_false(aead_engine_works(&e));
	e.open = open_all_or_nothing;
	assert_false(aead_engine_works(&e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_pass_where_the_cpu_allows_it),
		cmocka_unit_test(the_faster_engine_is_chosen),
		cmocka_unit_test(opening_counts_like_sealing),
		cmocka_unit_test(equal_engines_leave_the_preferred_one),
		cmocka_unit_test(each_suite_has_an_engine_of_its_own),
		cmocka_unit_test(a_suite_is_fast_if_none_is_faster),
		cmocka_unit_test(a_clock_that_stands_still_does_not_hang_the_choice),
		cmocka_unit_test(without_a_clock_the_first_is_taken_unmeasured),
		cmocka_unit_test(an_unknown_engine_is_refused_and_changes_nothing),
		cmocka_unit_test(an_engine_that_is_wrong_anywhere_does_not_pass),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
