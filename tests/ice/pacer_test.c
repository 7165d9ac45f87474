/* pacer_test.c -- how fast all agents of a node may ask, together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/pacer.h"

static void slots_are_five_milliseconds_apart(void **state)
{
	struct ice_pacer p;

	(void)state;
	ice_pacer_init(&p);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ice_pacer_reserve(&p, 1000), 1000 + i * PACER_GAP);
	assert_int_equal(ice_pacer_reserve(&p, 5000), 5000);
}

static void a_slot_is_not_good_before_its_time(void **state)
{
	struct ice_pacer p;

	(void)state;
	ice_pacer_init(&p);
	ice_pacer_reserve(&p, 0);
	assert_int_equal(ice_pacer_reserve(&p, 0), 5);
	assert_false(ice_pacer_take(&p, 5, 4));
	assert_true(ice_pacer_take(&p, 5, 5));
}

/* The loop was busy for a second; ten agents have slots that are long past. */
static void a_late_loop_makes_no_burst(void **state)
{
	struct ice_pacer p;
	msec slots[10], now = 1000;

	(void)state;
	ice_pacer_init(&p);
	for (int i = 0; i < 10; i++)
		slots[i] = ice_pacer_reserve(&p, 0);
	assert_true(ice_pacer_take(&p, slots[0], now));
	for (int i = 1; i < 10; i++) {
		assert_false(ice_pacer_take(&p, slots[i], now));
		slots[i] = ice_pacer_reserve(&p, now);
		assert_int_equal(slots[i], now + i * PACER_GAP);
	}
	for (int i = 1; i < 10; i++)
		assert_true(ice_pacer_take(&p, slots[i], slots[i]));
}

static void it_works_at_any_time(void **state)
{
	struct ice_pacer p;

	(void)state;
	ice_pacer_init(&p);
	assert_int_equal(ice_pacer_reserve(&p, 0), 0);
	assert_true(ice_pacer_take(&p, 0, 0));
	assert_int_equal(ice_pacer_reserve(&p, INT64_C(1) << 50), INT64_C(1) << 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_five_milliseconds_apart),
		cmocka_unit_test(a_slot_is_not_good_before_its_time),
		cmocka_unit_test(a_late_loop_makes_no_burst),
		cmocka_unit_test(it_works_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
