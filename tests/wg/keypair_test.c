/* keypair_test.c -- the pool wipes what it gets; keys end by age and by count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/crypto.h"
#include "wg/keypair.h"
#include "wg/timers.h"

static const uint8_t secret[KEY_LEN] = "a key which must not stay behind";

static void an_empty_pool_gives_nothing(void **state)
{
	struct keypair_pool pool = {0};

	(void)state;
	assert_null(keypair_pool_take(&pool));
	keypair_pool_give(&pool, NULL);
	assert_int_equal(pool.free_count, 0);
}

static void the_pool_counts_what_it_holds(void **state)
{
	struct keypair_pool pool = {0};
	struct keypair a = {0}, b = {0};
	struct keypair *first, *second;

	(void)state;
	keypair_pool_add(&pool, &a);
	keypair_pool_add(&pool, &b);
	assert_int_equal(pool.free_count, 2);
	first = keypair_pool_take(&pool);
	second = keypair_pool_take(&pool);
	assert_true((first == &a && second == &b) || (first == &b && second == &a));
	assert_int_equal(pool.free_count, 0);
	assert_null(keypair_pool_take(&pool));
}

static void what_is_given_back_is_wiped(void **state)
{
	struct keypair_pool pool = {0};
	struct keypair kp = {0};
	static const struct keypair blank;

	(void)state;
	assert_true(aead_key_init(&kp.send, AEAD_CHACHA20POLY1305, secret));
	assert_true(aead_key_init(&kp.recv, AEAD_CHACHA20POLY1305, secret));
	kp.send_counter = 7;
	replay_accept(&kp.replay, 3);
	keypair_pool_give(&pool, &kp);
	assert_ptr_equal(keypair_pool_take(&pool), &kp);
	assert_memory_equal(&kp, &blank, sizeof(kp));
}

static void a_key_ends_at_reject_after_time(void **state)
{
	struct keypair kp = {.born = 1000};

	(void)state;
	assert_true(keypair_may_send(&kp, 1000 + REJECT_AFTER_TIME - 1));
	assert_true(keypair_may_receive(&kp, 1000 + REJECT_AFTER_TIME - 1));
	assert_false(keypair_may_send(&kp, 1000 + REJECT_AFTER_TIME));
	assert_false(keypair_may_receive(&kp, 1000 + REJECT_AFTER_TIME));
}

static void a_key_ends_at_reject_after_messages(void **state)
{
	struct keypair kp = {.send_counter = REJECT_AFTER_MESSAGES - 1};

	(void)state;
	assert_true(keypair_may_send(&kp, 0));
	kp.send_counter++;
	assert_false(keypair_may_send(&kp, 0));
	assert_true(keypair_may_receive(&kp, 0));
	replay_accept(&kp.replay, REJECT_AFTER_MESSAGES - 2);
	assert_true(keypair_may_receive(&kp, 0));
	replay_accept(&kp.replay, REJECT_AFTER_MESSAGES - 1);
	assert_false(keypair_may_receive(&kp, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_pool_gives_nothing),
		cmocka_unit_test(the_pool_counts_what_it_holds),
		cmocka_unit_test(what_is_given_back_is_wiped),
		cmocka_unit_test(a_key_ends_at_reject_after_time),
		cmocka_unit_test(a_key_ends_at_reject_after_messages),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
