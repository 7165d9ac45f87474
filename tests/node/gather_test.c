/* gather_test.c -- our own addresses become candidates. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/gather.h"

static const struct node_local_address locals[] = {
	{{.family = IP_V4, .bytes = {192, 168, 1, 5}}, 2},
	{{.family = IP_V6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 5}}, 2},
};

static struct gather *gathered(void)
{
	static struct gather g;

	gather_init(&g, 27000);
	assert_true(gather_set_locals(&g, locals, 2));
	return &g;
}

/* The observer at 198.51.100.n saw us at 203.0.113.9:port. */
static bool observe(struct gather *g, uint8_t n, uint16_t port, msec now)
{
	struct path by = {.remote = {ip_v4(198, 51, 100, n), 27001, 0}, .local = locals[0].ip};
	struct endpoint mapped = {ip_v4(203, 0, 113, 9), port, 0};

	return gather_observe(g, &mapped, &by, now);
}

static void each_address_is_a_host_candidate_with_our_port(void **state)
{
	struct gather *g = gathered();

	(void)state;
	assert_int_equal(g->candidates_len, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(g->candidates[i].c.type, CANDIDATE_HOST);
		assert_int_equal(g->candidates[i].c.at.port, 27000);
		assert_true(ip_equal(&g->candidates[i].c.at.ip, &locals[i].ip));
		assert_int_equal(g->candidates[i].base.ifindex, 2);
	}
}

static void the_same_addresses_again_are_no_change(void **state)
{
	struct gather *g = gathered();

	(void)state;
	assert_false(gather_set_locals(g, locals, 2));
	assert_true(gather_set_locals(g, locals, 1));
	assert_int_equal(g->candidates_len, 1);
	assert_true(gather_set_locals(g, NULL, 0));
	assert_int_equal(g->candidates_len, 0);
}

static void what_an_observer_sees_is_a_reflexive_candidate_with_its_base(void **state)
{
	struct gather *g = gathered();
	const struct local_candidate *c = &g->candidates[2];

	(void)state;
	assert_true(observe(g, 1, 40000, 1000));
	assert_false(observe(g, 1, 40000, 2000));	/* no news */
	assert_int_equal(g->candidates_len, 3);
	assert_int_equal(c->c.type, CANDIDATE_SRFLX);
	assert_int_equal(c->c.at.port, 40000);
	assert_true(ip_equal(&c->base.at.ip, &locals[0].ip));
	assert_true(c->c.priority < g->candidates[0].c.priority);
}

static void who_is_not_behind_a_nat_has_no_reflexive_candidate(void **state)
{
	struct gather *g = gathered();
	struct path by = {.remote = {ip_v4(198, 51, 100, 1), 27001, 0}, .local = locals[0].ip};
	struct endpoint own = {locals[0].ip, 27000, 0};

	(void)state;
	gather_observe(g, &own, &by, 1000);
	assert_int_equal(g->candidates_len, 2);
}

static void an_observation_of_an_address_that_is_not_ours_is_ignored(void **state)
{
	struct gather *g = gathered();
	struct path by = {.remote = {ip_v4(198, 51, 100, 1), 27001, 0},
			  .local = ip_v4(10, 0, 0, 1)};
	struct endpoint mapped = {ip_v4(203, 0, 113, 9), 40000, 0};
	struct endpoint other_family = {locals[1].ip, 40000, 0};

	(void)state;
	assert_false(gather_observe(g, &mapped, &by, 1000));
	by.local = locals[0].ip;
	assert_false(gather_observe(g, &other_family, &by, 1000));
	assert_int_equal(g->candidates_len, 2);
}

static void with_the_address_go_its_reflexive_ones(void **state)
{
	struct gather *g = gathered();

	(void)state;
	observe(g, 1, 40000, 1000);
	assert_true(gather_set_locals(g, locals + 1, 1));
	assert_int_equal(g->candidates_len, 1);
	assert_true(gather_set_locals(g, locals, 2));
	assert_int_equal(g->candidates_len, 2);
}

static void who_sees_the_same_as_another_is_no_news(void **state)
{
	struct gather *g = gathered();

	(void)state;
	assert_true(observe(g, 1, 40000, 1000));
	assert_false(observe(g, 2, 40000, 1001));
	assert_true(observe(g, 1, 40001, 1002));
	assert_true(observe(g, 2, 40001, 1003));	/* 40000 is nobody's any more */
	assert_int_equal(g->candidates_len, 3);
}

static void two_ports_of_an_observer_are_two_observers(void **state)
{
	struct gather *g = gathered();
	struct path other = {.remote = {ip_v4(198, 51, 100, 1), 27002, 0}, .local = locals[0].ip};
	struct endpoint mapped = {ip_v4(203, 0, 113, 9), 40001, 0};

	(void)state;
	observe(g, 1, 40000, 1000);
	assert_true(gather_observe(g, &mapped, &other, 1001));
	assert_int_equal(g->candidates_len, 4);
}

static void what_was_seen_before_can_be_forgotten(void **state)
{
	struct gather *g = gathered();

	(void)state;
	observe(g, 1, 40000, 1000);
	observe(g, 2, 40001, 2000);
	assert_false(gather_forget_before(g, 1000));
	assert_true(gather_forget_before(g, 2000));
	assert_int_equal(g->candidates_len, 3);
	assert_int_equal(g->candidates[2].c.at.port, 40001);
}

static void the_oldest_observation_makes_room(void **state)
{
	struct gather *g = gathered();

	(void)state;
	for (uint8_t i = 0; i < GATHER_OBSERVED_MAX + 2; i++)
		observe(g, i, (uint16_t)(40000 + i), 1000 + i);
	assert_int_equal(g->candidates_len, 2 + GATHER_OBSERVED_MAX);
	assert_int_equal(g->candidates[2 + GATHER_OBSERVED_MAX - 1].c.at.port >= 40002, 1);
}

static void a_path_of_ours_has_a_base_and_another_none(void **state)
{
	struct gather *g = gathered();
	struct path path = {.local = locals[1].ip};
	struct ice_base base;

	(void)state;
	assert_true(gather_base(g, &path, &base));
	assert_int_equal(base.at.port, 27000);
	path.local = ip_v4(127, 0, 0, 1);
	assert_false(gather_base(g, &path, &base));
}

static void the_offer_leaves_out_what_nobody_else_can_use(void **state)
{
	struct gather *g = gathered();
	struct desc_candidate offer[DESC_CANDIDATES_MAX];
	struct local_candidate from[4];

	(void)state;
	observe(g, 1, 40000, 1000);
	memcpy(from, g->candidates, 3 * sizeof(*from));
	from[3] = from[0];
	from[3].c.type = CANDIDATE_PRFLX;	/* the peer knows it better */
	from[0].c.type = CANDIDATE_NONE;
	assert_int_equal(gather_offer(offer, from, 4), 2);
	assert_int_equal(offer[0].type, DESC_HOST);
	assert_int_equal(offer[1].type, DESC_SRFLX);
	assert_int_not_equal(offer[0].foundation, offer[1].foundation);
}

static struct node_mapped mapped_to(uint16_t port, bool is_public)
{
	return (struct node_mapped){
		.external = {ip_v4(203, 0, 113, 9), port, 0},
		.base = locals[0].ip,
		.is_public = is_public,
	};
}

static void a_port_that_the_router_opened_is_the_best_of_the_reflexive_ones(void **state)
{
	struct gather *g = gathered();
	struct node_mapped mapped = mapped_to(27000, true);

	(void)state;
	observe(g, 1, 40000, 1000);
	assert_true(gather_set_mapped(g, &mapped));
	assert_false(gather_set_mapped(g, &mapped));	/* no news */
	assert_int_equal(g->candidates_len, 4);
	assert_int_equal(g->candidates[2].c.type, CANDIDATE_SRFLX);
	assert_int_equal(g->candidates[2].c.at.port, 27000);
	assert_true(ip_equal(&g->candidates[2].base.at.ip, &locals[0].ip));
	assert_true(g->candidates[2].c.priority > g->candidates[3].c.priority);
}

static void behind_two_nats_it_is_the_last(void **state)
{
	struct gather *g = gathered();
	struct node_mapped mapped = mapped_to(27000, false);

	(void)state;
	observe(g, 1, 40000, 1000);
	gather_set_mapped(g, &mapped);
	assert_true(g->candidates[2].c.priority < g->candidates[3].c.priority);
	assert_true(g->candidates[2].c.priority > 0);
}

static void it_goes_with_the_mapping_and_with_the_address(void **state)
{
	struct gather *g = gathered();
	struct node_mapped mapped = mapped_to(27000, true), none = {.base = locals[0].ip};

	(void)state;
	gather_set_mapped(g, &mapped);
	assert_int_equal(g->candidates_len, 3);
	assert_true(gather_set_mapped(g, &none));
	assert_int_equal(g->candidates_len, 2);
	gather_set_mapped(g, &mapped);
	gather_set_locals(g, locals + 1, 1);
	assert_int_equal(g->candidates_len, 1);
}

static void a_firewall_that_is_open_is_no_other_address(void **state)
{
	struct gather *g = gathered();
	struct node_mapped own = {
		.external = {locals[1].ip, 27000, 0}, .base = locals[1].ip, .is_public = true};

	(void)state;
	gather_set_mapped(g, &own);
	assert_int_equal(g->candidates_len, 2);
}

static void a_mapped_one_is_told_as_such(void **state)
{
	struct gather *g = gathered();
	struct node_mapped mapped = mapped_to(27000, true);
	struct desc_candidate offer[DESC_CANDIDATES_MAX];

	(void)state;
	observe(g, 1, 40000, 1000);
	gather_set_mapped(g, &mapped);
	assert_int_equal(gather_offer(offer, g->candidates, g->candidates_len), 4);
	assert_int_equal(offer[2].type, DESC_MAPPED);
	assert_int_equal(offer[2].endpoint.port, 27000);
	assert_int_equal(offer[3].type, DESC_SRFLX);
}

/* -- TCP --------------------------------------------------------------------- */

static bool observe_tcp(struct gather *g, uint8_t n, uint16_t port, msec now)
{
	struct path by = {.remote = {ip_v4(198, 51, 100, n), 27001, 0}, .local = locals[0].ip,
			  .via = VIA_TCP};
	struct endpoint mapped = {ip_v4(203, 0, 113, 9), port, 0};

	return gather_observe(g, &mapped, &by, now);
}

static void where_tcp_is_allowed_hosts_wait_for_calls(void **state)
{
	struct gather *g = gathered();

	(void)state;
	assert_int_equal(g->tcp_candidates_len, 0);
	assert_true(gather_allow_tcp(g, true));
	assert_false(gather_allow_tcp(g, true));
	assert_int_equal(g->tcp_candidates_len, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(g->tcp_candidates[i].c.type, CANDIDATE_HOST);
		assert_int_equal(g->tcp_candidates[i].c.proto, CANDIDATE_TCP_PASSIVE);
		assert_int_equal(g->tcp_candidates[i].base.via, VIA_TCP);
		assert_true(gather_has(g, &g->tcp_candidates[i]));
	}
	assert_int_equal(g->candidates_len, 2);		/* of UDP, as ever */
	assert_true(gather_allow_tcp(g, false));
	assert_int_equal(g->tcp_candidates_len, 0);
}

static void what_is_seen_of_tcp_is_kept_apart(void **state)
{
	struct gather *g = gathered();

	(void)state;
	gather_allow_tcp(g, true);
	observe(g, 1, 40000, 1000);
	assert_true(observe_tcp(g, 1, 50000, 1000));
	assert_false(observe_tcp(g, 2, 50000, 1000));
	assert_int_equal(g->candidates_len, 3);
	assert_int_equal(g->candidates[2].c.at.port, 40000);
	assert_int_equal(g->tcp_candidates_len, 3);
	assert_int_equal(g->tcp_candidates[0].c.type, CANDIDATE_SRFLX);
	assert_int_equal(g->tcp_candidates[0].c.proto, CANDIDATE_TCP_SO);
	assert_int_equal(g->tcp_candidates[0].c.at.port, 50000);
	assert_true(gather_forget_before(g, 2000));
	assert_int_equal(g->candidates_len, 2);
	assert_int_equal(g->tcp_candidates_len, 3);
	assert_true(gather_set_locals(g, locals + 1, 1));
	assert_int_equal(g->tcp_candidates_len, 1);
}

/* Where no NAT is, a firewall may let in only whom we call. */
static void who_is_seen_as_it_is_waits_and_calls(void **state)
{
	struct path by = {.remote = {ip_v4(198, 51, 100, 1), 27001, 0}, .local = locals[0].ip,
			  .via = VIA_TCP};
	struct gather *g = gathered();
	struct endpoint own;

	(void)state;
	gather_allow_tcp(g, true);
	own = g->candidates[0].c.at;
	assert_true(gather_observe(g, &own, &by, 1000));
	assert_int_equal(g->tcp_candidates_len, 3);
	assert_int_equal(g->tcp_candidates[0].c.proto, CANDIDATE_TCP_SO);
	assert_true(endpoint_equal(&g->tcp_candidates[0].c.at, &own));
	assert_int_equal(g->tcp_candidates[1].c.proto, CANDIDATE_TCP_PASSIVE);
}

static void a_port_of_tcp_that_the_router_opened_comes_first_and_waits(void **state)
{
	struct node_mapped mapped = mapped_to(27000, true), none = {.base = locals[0].ip, .tcp = true};
	struct desc_candidate offer[DESC_CANDIDATES_MAX];
	struct gather *g = gathered();

	(void)state;
	mapped.tcp = true;
	assert_false(gather_set_mapped(g, &mapped));	/* not used */
	gather_allow_tcp(g, true);
	observe_tcp(g, 1, 27000, 1000);
	assert_int_equal(g->candidates_len, 2);
	assert_int_equal(g->tcp_candidates_len, 4);
	assert_int_equal(g->tcp_candidates[0].c.proto, CANDIDATE_TCP_PASSIVE);
	assert_int_equal(g->tcp_candidates[0].base.via, VIA_TCP);
	assert_int_equal(g->tcp_candidates[1].c.proto, CANDIDATE_TCP_SO);
	gather_offer(offer, g->tcp_candidates, g->tcp_candidates_len);
	assert_int_equal(offer[0].type, DESC_MAPPED);
	assert_int_equal(offer[0].transport, DESC_TCP_PASSIVE);
	assert_int_equal(offer[0].endpoint.port, 27000);
	assert_int_equal(offer[1].type, DESC_SRFLX);
	assert_true(gather_set_mapped(g, &none));
	assert_int_equal(g->tcp_candidates_len, 3);
}

static void a_port_of_tcp_behind_two_nats_is_worth_less(void **state)
{
	struct node_mapped mapped = mapped_to(27000, true);
	struct gather *g = gathered();
	uint32_t best;

	(void)state;
	mapped.tcp = true;
	gather_allow_tcp(g, true);
	gather_set_mapped(g, &mapped);
	best = g->tcp_candidates[0].c.priority;
	mapped.is_public = false;
	gather_set_mapped(g, &mapped);
	assert_int_equal(g->tcp_candidates_len, 3);
	assert_true(g->tcp_candidates[0].c.priority < best);
	assert_true(g->tcp_candidates[0].c.priority > 0);
}

static void each_port_goes_by_itself(void **state)
{
	struct node_mapped udp = mapped_to(27000, true), tcp = mapped_to(27000, true);
	struct gather *g = gathered();

	(void)state;
	tcp.tcp = true;
	gather_allow_tcp(g, true);
	gather_set_mapped(g, &udp);
	gather_set_mapped(g, &tcp);
	udp.external = (struct endpoint){0};
	assert_true(gather_set_mapped(g, &udp));
	assert_int_equal(g->candidates_len, 2);
	assert_int_equal(g->tcp_candidates_len, 3);
	gather_set_locals(g, locals + 1, 1);
	assert_int_equal(g->tcp_candidates_len, 1);
}

static void what_is_seen_by_a_relay_is_not_us(void **state)
{
	struct path by = {.remote = {ip_v4(198, 51, 100, 1), 27001, 0}, .local = locals[0].ip,
			  .via = VIA_TURN};
	struct endpoint mapped = {ip_v4(203, 0, 113, 9), 40000, 0};
	struct gather *g = gathered();

	(void)state;
	assert_false(gather_observe(g, &mapped, &by, 1000));
	assert_int_equal(g->candidates_len, 2);
}

static void tcp_has_its_room_and_no_more(void **state)
{
	struct node_local_address many[NODE_LOCALS_MAX];
	struct desc_candidate offer[DESC_CANDIDATES_MAX];
	struct gather *g = gathered();

	(void)state;
	for (uint8_t i = 0; i < NODE_LOCALS_MAX; i++)
		many[i] = (struct node_local_address){ip_v4(192, 168, 1, (uint8_t)(5 + i)), 2};
	gather_allow_tcp(g, true);
	gather_set_locals(g, many, NODE_LOCALS_MAX);
	for (uint8_t i = 0; i < 10; i++)
		observe_tcp(g, i, (uint16_t)(50000 + i), 1000 + i);
	assert_int_equal(g->tcp_candidates_len, GATHER_TCP_MAX);
	assert_int_equal(gather_offer(offer, g->tcp_candidates, g->tcp_candidates_len),
			 GATHER_TCP_MAX);
	assert_int_equal(offer[0].transport, DESC_TCP_SO);
	assert_int_equal(offer[0].type, DESC_SRFLX);
	assert_int_equal(offer[GATHER_OBSERVED_TCP_MAX].transport, DESC_TCP_PASSIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_is_a_host_candidate_with_our_port),
		cmocka_unit_test(the_same_addresses_again_are_no_change),
		cmocka_unit_test(what_an_observer_sees_is_a_reflexive_candidate_with_its_base),
		cmocka_unit_test(who_is_not_behind_a_nat_has_no_reflexive_candidate),
		cmocka_unit_test(an_observation_of_an_address_that_is_not_ours_is_ignored),
		cmocka_unit_test(with_the_address_go_its_reflexive_ones),
		cmocka_unit_test(who_sees_the_same_as_another_is_no_news),
		cmocka_unit_test(two_ports_of_an_observer_are_two_observers),
		cmocka_unit_test(what_was_seen_before_can_be_forgotten),
		cmocka_unit_test(the_oldest_observation_makes_room),
		cmocka_unit_test(a_path_of_ours_has_a_base_and_another_none),
		cmocka_unit_test(the_offer_leaves_out_what_nobody_else_can_use),
		cmocka_unit_test(a_port_that_the_router_opened_is_the_best_of_the_reflexive_ones),
		cmocka_unit_test(behind_two_nats_it_is_the_last),
		cmocka_unit_test(it_goes_with_the_mapping_and_with_the_address),
		cmocka_unit_test(a_firewall_that_is_open_is_no_other_address),
		cmocka_unit_test(a_mapped_one_is_told_as_such),
		cmocka_unit_test(where_tcp_is_allowed_hosts_wait_for_calls),
		cmocka_unit_test(what_is_seen_of_tcp_is_kept_apart),
		cmocka_unit_test(who_is_seen_as_it_is_waits_and_calls),
		cmocka_unit_test(a_port_of_tcp_that_the_router_opened_comes_first_and_waits),
		cmocka_unit_test(a_port_of_tcp_behind_two_nats_is_worth_less),
		cmocka_unit_test(each_port_goes_by_itself),
		cmocka_unit_test(what_is_seen_by_a_relay_is_not_us),
		cmocka_unit_test(tcp_has_its_room_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
