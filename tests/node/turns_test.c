/* turns_test.c -- TURN servers of a node: who is asked, when, by what, and what comes of it. */
#include "node/turn_server.h"

static const struct node_local_address here = {{.family = IP_V4, .bytes = {192, 0, 2, 77}}, 1};
static const struct endpoint second = {{IP_V4, {198, 51, 100, 8}}, 3478, 0};

static struct node_turn_server any = {.host = "turn.example", .port = 3478, .udp = true, .tcp = true};
static struct node_turn_server udp = {.host = "turn.example", .port = 3478, .udp = true};
static struct node_turn_server tls = {.host = "turn.example", .port = 443, .tls = true};

/* far[0] has no endpoint and is looked for on the LAN, in vain. */
static struct lab *with_server(const struct node_turn_server *how)
{
	struct lab *lab = lab_new();

	lab->peers[0].endpoint_host = NULL;
	lab->settings.peers_len = 1;
	lab->settings.lan = true;
	lab->settings.turn = how;
	lab->settings.turn_len = 1;
	lab->settings.turn_user = "user";
	lab->settings.turn_password = "pass";
	lab_start(lab);
	node_set_wall(lab->us.node, UINT64_C(1700000000000000000));
	node_set_locals(lab->us.node, &here, 1, lab->now);
	lab_poll(lab, &lab->us);
	return lab;
}

static void resolve(struct lab *lab)
{
	const struct endpoint both[] = {turn_server_at, second};

	node_resolved(lab->us.node, "turn.example", 3478, both, 2, lab->now);
	lab_poll(lab, &lab->us);
}

/* It is wanted, and the server's name is known. */
static struct lab *searching(const struct node_turn_server *how)
{
	struct lab *lab = with_server(how);

	lab_say(lab, &lab->us, &lab->far[0], 100);
	resolve(lab);
	return lab;
}

static const struct turns_server *server_of(const struct lab *lab)
{
	return &lab->us.node->signalling.turns.servers[0];
}

static const struct gather *gather_of(const struct lab *lab)
{
	return &lab->us.node->signalling.gather;
}

static struct lab *relayed_lab(void)
{
	struct lab *lab = searching(&udp);

	turn_server_demand(lab);
	turn_server_grant(lab);
	assert_non_null(server_of(lab)->used);
	return lab;
}

/* -- when ------------------------------------------------------------------------------ */

static void who_looks_for_nobody_asks_nobody(void **state)
{
	struct lab *lab = with_server(&any);

	(void)state;
	lab_pass(lab, SECONDS(3600));
	node_resumed(lab->us.node, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.asked_len, 0);
	assert_int_equal(turn_server_requests(lab), 0);
	assert_int_equal(lab->us.streams_len, 0);
	lab_free(lab);
}

static void a_search_asks_by_udp_and_400_ms_later_by_tcp(void **state)
{
	struct lab *lab = searching(&any);

	(void)state;
	assert_int_equal(lab->us.asked_len, 1);
	assert_int_equal(turn_server_requests(lab), 1);
	lab_pass(lab, TURNS_STREAM_AFTER - 1);
	assert_int_equal(lab->us.streams_len, 0);
	lab_pass(lab, 2);
	assert_int_equal(lab->us.streams_len, 1);
	assert_int_equal(lab->us.streams[0].target.framing, FRAMING_TURN);
	assert_false(lab->us.streams[0].target.tls);
	lab_free(lab);
}

static void tcp_is_not_asked_while_udp_answers(void **state)
{
	struct lab *lab = searching(&any);

	(void)state;
	turn_server_demand(lab);
	lab_pass(lab, SECONDS(1));
	assert_int_equal(lab->us.streams_len, 0);
	turn_server_grant(lab);
	lab_pass(lab, SECONDS(1));
	assert_int_equal(lab->us.streams_len, 0);
	lab_free(lab);
}

/* Nor is a name needed before: io/ looks it up. */
static void tls_is_asked_at_once_and_nothing_else(void **state)
{
	struct lab *lab = with_server(&tls);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 0);
	assert_int_equal(lab->us.streams_len, 1);
	assert_true(lab->us.streams[0].target.tls);
	assert_string_equal(lab->us.streams[0].target.host, "turn.example");
	lab_free(lab);
}

static void who_is_silent_is_asked_again_later_and_later_at_the_next_address(void **state)
{
	struct lab *lab = searching(&udp);
	struct stun_msg msg;

	(void)state;
	lab_pass(lab, SECONDS(8));
	assert_string_equal(server_of(lab)->problem, "no answer");
	assert_true(endpoint_equal(&turn_server_last(lab, &msg)->path.remote, &turn_server_at));
	assert_in_range(server_of(lab)->retry_at - lab->now, 500, TURNS_RETRY);
	lab_pass(lab, TURNS_RETRY);
	assert_true(endpoint_equal(&turn_server_last(lab, &msg)->path.remote, &second));
	lab_pass(lab, SECONDS(8));
	assert_in_range(server_of(lab)->retry_at - lab->now, TURNS_RETRY, 2 * TURNS_RETRY);
	lab_free(lab);
}

static void another_network_is_a_reason_to_ask_at_once(void **state)
{
	const struct node_local_address there = {{.family = IP_V4, .bytes = {192, 0, 2, 99}}, 1};
	struct lab *lab = searching(&udp);
	unsigned before;

	(void)state;
	turn_server_demand(lab);
	turn_server_refuse(lab, STUN_ALLOCATION_QUOTA);
	lab_pass(lab, SECONDS(5));
	before = turn_server_requests(lab);
	node_set_locals(lab->us.node, &there, 1, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(turn_server_requests(lab), before + 1);
	lab_free(lab);
}

/* -- what comes of it -------------------------------------------------------------------- */

static void what_is_granted_is_a_candidate_that_the_peer_is_told(void **state)
{
	struct lab *lab = relayed_lab();
	const struct gather *g = gather_of(lab);
	const struct reach *r = lab_peer(lab, 0)->reach;
	struct turn_status status;

	(void)state;
	assert_int_equal(g->candidates_len, 2);
	assert_int_equal(g->candidates[1].c.type, CANDIDATE_RELAY);
	assert_true(endpoint_equal(&g->candidates[1].c.at, &turn_server_relayed));
	assert_true(endpoint_equal(&g->candidates[1].c.related, &turn_server_seen));
	assert_true(via_is_turn(g->candidates[1].base.via));
	assert_int_equal(r->offered[1].type, DESC_RELAY);
	node_turn_status(lab->us.node, 0, &status, lab->now);
	assert_int_equal(status.state, NODE_TURN_UP);
	assert_string_equal(status.name, "turn:turn.example");
	assert_true(endpoint_equal(&status.relayed, &turn_server_relayed));
	lab_free(lab);
}

static void a_server_without_ipv4_is_asked_for_ipv6(void **state)
{
	struct lab *lab = searching(&udp);
	struct stun_msg msg;

	(void)state;
	turn_server_demand(lab);
	turn_server_last(lab, &msg);
	assert_null(stun_find(&msg, ATTR_REQUESTED_ADDRESS_FAMILY));
	turn_server_refuse(lab, STUN_FAMILY_NOT_SUPPORTED);
	turn_server_demand(lab);
	turn_server_last(lab, &msg);
	assert_non_null(stun_find(&msg, ATTR_REQUESTED_ADDRESS_FAMILY));
	turn_server_refuse(lab, STUN_FAMILY_NOT_SUPPORTED);
	assert_true(server_of(lab)->retry_at == NEVER);
	lab_free(lab);
}

static void an_allocation_that_is_in_the_way_is_left_for_another_port_once(void **state)
{
	struct lab *lab = searching(&udp);
	struct stun_msg msg;
	uint16_t via = turn_server_last(lab, &msg)->path.via;

	(void)state;
	turn_server_demand(lab);
	turn_server_refuse(lab, STUN_ALLOCATION_MISMATCH);
	assert_int_not_equal(turn_server_last(lab, &msg)->path.via, via);
	turn_server_refuse(lab, STUN_ALLOCATION_MISMATCH);
	assert_in_range(server_of(lab)->retry_at - lab->now, SECONDS(50), SECONDS(60));
	lab_free(lab);
}

static void the_same_settings_again_change_nothing_and_others_end_it(void **state)
{
	struct lab *lab = relayed_lab();
	const struct turn_link *used = server_of(lab)->used;
	struct stun_msg msg;

	(void)state;
	assert_true(lab_reconfigure(lab));
	assert_ptr_equal(server_of(lab)->used, used);
	lab->settings.turn_password = "another";
	assert_true(lab_reconfigure(lab));
	assert_null(server_of(lab)->used);
	assert_int_equal(gather_of(lab)->candidates_len, 1);
	resolve(lab);
	assert_true(turn_server_requests(lab) > 3);		/* it is given back, and asked for anew */
	turn_server_last(lab, &msg);
	lab_free(lab);
}

static void at_a_stop_it_is_given_back(void **state)
{
	struct lab *lab = relayed_lab();
	struct stun_msg msg;
	uint32_t lifetime = 1;

	(void)state;
	assert_false(node_is_over(lab->us.node));
	node_stop(lab->us.node, lab->now);
	lab_poll(lab, &lab->us);
	turn_server_last(lab, &msg);
	assert_int_equal(msg.method, STUN_REFRESH);
	assert_true(stun_get_u32(&msg, ATTR_LIFETIME, &lifetime));
	assert_int_equal(lifetime, 0);
	turn_server_grant(lab);
	assert_true(node_is_over(lab->us.node));
	lab_free(lab);
}

static struct turn_credential made_now(const struct lab *lab)
{
	uint64_t now = lab->us.node->shared.wall_ns / 1000000000;
	struct turn_credential made;

	assert_true(turn_credential_make(&made, bytes_of("pass", 4), "user",
					 now + TURNS_SECRET_LIFE / 1000));
	return made;
}

/* Its successor comes first, and for a while there are both. */
static void a_password_made_of_a_secret_is_renewed_before_it_ends(void **state)
{
	struct lab *lab = with_server(&udp);
	struct turn_credential made;
	struct turn_link *old;

	(void)state;
	lab->settings.turn_is_secret = true;
	assert_true(lab_reconfigure(lab));
	lab_say(lab, &lab->us, &lab->far[0], 100);
	resolve(lab);
	made = made_now(lab);
	turn_server_demand(lab);
	turn_server_answer(lab, 0, made.user, made.password);
	old = lab->us.node->signalling.turns.servers[0].used;
	assert_non_null(old);
	old->began -= TURNS_SECRET_RENEW;	/* as if so much time had passed */
	lab->us.node->signalling.touched = true;
	lab_poll(lab, &lab->us);
	made = made_now(lab);
	turn_server_demand(lab);
	turn_server_answer(lab, 0, made.user, made.password);
	assert_ptr_not_equal(server_of(lab)->used, old);
	assert_true(turn_link_is_up(old));
	assert_int_equal(gather_of(lab)->candidates_len, 3);
	lab_pass(lab, TURNS_HANDOVER);
	assert_int_equal(gather_of(lab)->candidates_len, 2);
	lab_free(lab);
}

static void what_comes_from_there_and_is_no_answer_is_counted(void **state)
{
	struct lab *lab = relayed_lab();
	struct stun_msg msg;
	struct mail m = {.from = turn_server_at, .via = turn_server_last(lab, &msg)->path.via, .len = 40};

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_RELAYED, 1);
	m.from = second;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_RELAYED, 2);
	lab_free(lab);
}

/* -- path = ------------------------------------------------------------------------------ */

static void an_initiation_by_a_way_that_is_forbidden_is_counted_and_not_answered(void **state)
{
	struct lab *lab = lab_new();
	size_t before;
	struct mail m;

	(void)state;
	lab->peers[0].path = PEER_PATH_RELAY_ONLY;
	lab_start(lab);
	m = lab_initiation(lab, 0);
	before = lab->us.sent_len;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_WRONG_WAY, 1);
	assert_int_equal(lab->us.sent_len, before);
	lab_free(lab);
}

static void who_is_to_be_met_directly_needs_no_server(void **state)
{
	struct lab *lab = with_server(&udp);

	(void)state;
	lab->peers[0].path = PEER_PATH_DIRECT_ONLY;
	assert_true(lab_reconfigure(lab));
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_pass(lab, SECONDS(10));
	assert_int_equal(lab->us.asked_len, 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_looks_for_nobody_asks_nobody),
		cmocka_unit_test(a_search_asks_by_udp_and_400_ms_later_by_tcp),
		cmocka_unit_test(tcp_is_not_asked_while_udp_answers),
		cmocka_unit_test(tls_is_asked_at_once_and_nothing_else),
		cmocka_unit_test(who_is_silent_is_asked_again_later_and_later_at_the_next_address),
		cmocka_unit_test(another_network_is_a_reason_to_ask_at_once),
		cmocka_unit_test(what_is_granted_is_a_candidate_that_the_peer_is_told),
		cmocka_unit_test(a_server_without_ipv4_is_asked_for_ipv6),
		cmocka_unit_test(an_allocation_that_is_in_the_way_is_left_for_another_port_once),
		cmocka_unit_test(the_same_settings_again_change_nothing_and_others_end_it),
		cmocka_unit_test(at_a_stop_it_is_given_back),
		cmocka_unit_test(a_password_made_of_a_secret_is_renewed_before_it_ends),
		cmocka_unit_test(what_comes_from_there_and_is_no_answer_is_counted),
		cmocka_unit_test(an_initiation_by_a_way_that_is_forbidden_is_counted_and_not_answered),
		cmocka_unit_test(who_is_to_be_met_directly_needs_no_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
