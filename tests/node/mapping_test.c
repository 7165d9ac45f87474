/* mapping_test.c -- what the ports that several observers saw tell of a NAT. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/mapping.h"

static const struct node_local_address locals[] = {
	{{.family = IP_V4, .bytes = {192, 168, 1, 5}}, 2},
	{{.family = IP_V4, .bytes = {192, 168, 2, 5}}, 3},
};

/* The observer at 198.51.100.n saw the nth of our addresses at this port. */
static void observe(struct gather *g, uint8_t n, size_t base, uint16_t port)
{
	struct path by = {.remote = {ip_v4(198, 51, 100, n), 27001, 0}, .local = locals[base].ip};
	struct endpoint mapped = {ip_v4(203, 0, 113, 9), port, 0};

	gather_observe(g, &mapped, &by, n);
}

static struct mapping ours(const uint16_t *ports, size_t n)
{
	struct gather g;

	gather_init(&g, 27000);
	gather_set_locals(&g, locals, 2);
	for (size_t i = 0; i < n; i++)
		observe(&g, (uint8_t)(i + 1), 0, ports[i]);
	return mapping_of_ours(&g);
}

static void nobody_who_saw_us_is_nothing_known(void **state)
{
	struct mapping m = ours(NULL, 0);

	(void)state;
	assert_false(m.is_hard || m.is_sequential);
	assert_int_equal(m.last.ip.family, IP_NONE);
}

static void one_port_for_all_is_easy(void **state)
{
	static const uint16_t ports[] = {40001, 40001, 40001};
	struct mapping m = ours(ports, 3);

	(void)state;
	assert_false(m.is_hard || m.is_sequential);
	assert_int_equal(m.last.port, 40001);
	assert_false(ours(ports, 1).is_hard);
}

static void ports_anywhere_are_hard(void **state)
{
	static const uint16_t ports[] = {40001, 11872};
	struct mapping m = ours(ports, 2);

	(void)state;
	assert_true(m.is_hard);
	assert_false(m.is_sequential);
}

static void ports_in_a_row_are_known_as_such_whoever_saw_them_first(void **state)
{
	static const uint16_t up[] = {40001, 40002, 40001 + MAPPING_GAP},
			      down[] = {40002 + MAPPING_GAP, 40002}, apart[] = {40003 + MAPPING_GAP, 40002};

	(void)state;
	assert_true(ours(up, 3).is_hard && ours(up, 3).is_sequential);
	assert_int_equal(ours(up, 3).last.port, 40001 + MAPPING_GAP);
	assert_true(ours(down, 2).is_sequential);
	assert_int_equal(ours(down, 2).last.port, 40002 + MAPPING_GAP);
	assert_false(ours(apart, 2).is_sequential);
}

static void a_row_is_one_of_ports_that_were_seen_at_one_time(void **state)
{
	static const struct endpoint mapped = {{IP_V4, {203, 0, 113, 9}}, 30000, 0};
	struct path by = {.remote = {ip_v4(198, 51, 100, 1), 27001, 0}, .local = locals[0].ip};
	struct gather g;
	struct mapping m;

	(void)state;
	gather_init(&g, 27000);
	gather_set_locals(&g, locals, 2);
	gather_observe(&g, &mapped, &by, 1000);
	for (uint8_t i = 0; i < 2; i++) {
		struct endpoint later = mapped;

		by.remote.port++;
		later.port = (uint16_t)(40001 + i);
		gather_observe(&g, &later, &by, 1001 + MAPPING_RECENT);
	}
	m = mapping_of_ours(&g);
	assert_true(m.is_hard && m.is_sequential);
	assert_int_equal(m.last.port, 40002);
}

static void a_word_says_what_two_have_seen(void **state)
{
	struct endpoint own = {locals[0].ip, 27000, 0};
	struct path by = {.remote = {ip_v4(198, 51, 100, 1), 27001, 0}, .local = locals[0].ip};
	struct gather g;

	(void)state;
	gather_init(&g, 27000);
	gather_set_locals(&g, locals, 2);
	assert_string_equal(mapping_word_of_ours(&g), "unknown");
	observe(&g, 1, 0, 40001);
	assert_string_equal(mapping_word_of_ours(&g), "unknown");
	observe(&g, 2, 0, 40001);
	assert_string_equal(mapping_word_of_ours(&g), "easy");
	observe(&g, 2, 0, 40002);
	assert_string_equal(mapping_word_of_ours(&g), "hard");
	gather_forget_before(&g, SECONDS(1));
	gather_observe(&g, &own, &by, SECONDS(1));
	assert_string_equal(mapping_word_of_ours(&g), "none");
}

static void two_bases_are_not_compared(void **state)
{
	struct gather g;

	(void)state;
	gather_init(&g, 27000);
	gather_set_locals(&g, locals, 2);
	observe(&g, 1, 0, 40001);
	observe(&g, 2, 1, 50001);
	assert_false(mapping_of_ours(&g).is_hard);
}

static void tell(struct checklist *l, enum candidate_type type, const char *at, uint16_t port,
		 uint8_t related)
{
	struct candidate c = {
		.type = (uint8_t)type, .component = COMPONENT, .priority = 1000u + port,
		.at.port = port, .related = {ip_v4(192, 168, 1, related), 27000, 0},
	};

	assert_true(ip_parse(&c.at.ip, at));
	assert_int_equal(checklist_add_remote(l, &c), REMOTE_ADDED);
}

static void a_peer_tells_its_ports_as_candidates_of_one_base(void **state)
{
	struct checklist l;
	struct mapping m;

	(void)state;
	checklist_init(&l, true);
	tell(&l, CANDIDATE_HOST, "192.168.1.9", 27000, 9);
	tell(&l, CANDIDATE_SRFLX, "2001:db8::9", 1, 9);
	tell(&l, CANDIDATE_SRFLX, "203.0.113.9", 40001, 9);
	m = mapping_of_peer(&l);
	assert_false(m.is_hard);
	assert_int_equal(m.last.port, 40001);
	tell(&l, CANDIDATE_SRFLX, "203.0.113.10", 50001, 10);
	assert_false(mapping_of_peer(&l).is_hard);
	tell(&l, CANDIDATE_SRFLX, "203.0.113.9", 40005, 9);
	m = mapping_of_peer(&l);
	assert_true(m.is_hard && m.is_sequential);
	assert_int_equal(m.last.port, 40005);
}

static void a_port_that_a_peer_had_opened_tells_nothing_of_the_others(void **state)
{
	struct candidate mapped = {
		.type = CANDIDATE_SRFLX, .component = COMPONENT, .priority = 90000,
		.at = {ip_v4(203, 0, 113, 9), 27000, 0},
	};
	struct checklist l;

	(void)state;
	checklist_init(&l, true);
	checklist_add_remote(&l, &mapped);
	tell(&l, CANDIDATE_SRFLX, "203.0.113.9", 40001, 9);
	assert_false(mapping_of_peer(&l).is_hard);
	tell(&l, CANDIDATE_SRFLX, "203.0.113.9", 52001, 9);
	assert_true(mapping_of_peer(&l).is_hard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_who_saw_us_is_nothing_known),
		cmocka_unit_test(one_port_for_all_is_easy),
		cmocka_unit_test(ports_anywhere_are_hard),
		cmocka_unit_test(ports_in_a_row_are_known_as_such_whoever_saw_them_first),
		cmocka_unit_test(a_row_is_one_of_ports_that_were_seen_at_one_time),
		cmocka_unit_test(a_word_says_what_two_have_seen),
		cmocka_unit_test(two_bases_are_not_compared),
		cmocka_unit_test(a_peer_tells_its_ports_as_candidates_of_one_base),
		cmocka_unit_test(a_port_that_a_peer_had_opened_tells_nothing_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
