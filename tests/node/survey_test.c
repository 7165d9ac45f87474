/* survey_test.c -- how others see us: when that is asked, of whom, and what comes of it. */
#include "node/brain.h"
#include "node/lab.h"
#include "node/mapping.h"

static const struct node_local_address here[] = {
	{{.family = IP_V4, .bytes = {192, 0, 2, 77}}, 1},
	{{.family = IP_V4, .bytes = {192, 0, 2, 78}}, 1},
};
static const struct node_stun_server servers[] = {{"stun.example", 3478}, {"198.51.100.9", 5000}};
static const struct endpoint server = {{IP_V4, {198, 51, 100, 7}}, 3478, 0};
static const struct endpoint second = {{IP_V4, {198, 51, 100, 9}}, 5000, 0};
static const struct endpoint mapped = {{IP_V4, {203, 0, 113, 5}}, 40001, 0};

/* far[0] has no endpoint, and the LAN may be asked for him; nobody answers there. */
static struct lab *with_servers(size_t n)
{
	struct lab *lab = lab_new();

	lab->peers[0].endpoint_host = NULL;
	lab->settings.peers_len = 1;
	lab->settings.lan = true;
	lab->settings.stun = servers;
	lab->settings.stun_len = n;
	lab_start(lab);
	node_set_wall(lab->us.node, UINT64_C(1700000000000000000));
	node_set_locals(lab->us.node, here, 1, lab->now);
	lab_poll(lab, &lab->us);
	return lab;
}

static struct gather *gather_of(struct lab *lab)
{
	return &lab->us.node->signalling.gather;
}

/* The last request to that server; NULL: there is none. */
static const struct mail *request_to(const struct lab *lab, const struct endpoint *to)
{
	for (size_t i = lab->us.sent_len; i-- > 0;) {
		if (endpoint_equal(&lab->us.sent[i].path.remote, to))
			return &lab->us.sent[i];
	}
	return NULL;
}

static size_t requests(const struct lab *lab, const struct endpoint *to)
{
	size_t n = 0;

	for (size_t i = 0; i < lab->us.sent_len; i++)
		n += endpoint_equal(&lab->us.sent[i].path.remote, to);
	return n;
}

static struct mail answer_to(const struct mail *request, const struct endpoint *seen,
			     const struct endpoint *other)
{
	struct mail m = {.from = request->path.remote};
	struct writer w = writer_over(m.bytes, sizeof(m.bytes));
	struct stun_msg msg;

	assert_true(stun_parse(&msg, bytes_of(request->bytes, request->len)));
	assert_int_equal(msg.class, STUN_REQUEST);
	stun_begin(&w, STUN_BINDING, STUN_SUCCESS, msg.id);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, seen);
	if (other)
		stun_put_address(&w, ATTR_OTHER_ADDRESS, other);
	m.len = w.len;
	return m;
}

/* As if it came to the nth of our addresses. */
static void feed(struct lab *lab, struct mail *m, size_t nth)
{
	struct endpoint at = lab->us.at;

	lab->us.at.ip = here[nth].ip;
	lab_feed(lab, &lab->us, m);
	lab->us.at = at;
}

static void answer(struct lab *lab, const struct endpoint *from, uint16_t port,
		   const struct endpoint *other)
{
	const struct mail *request = request_to(lab, from);
	struct endpoint seen = mapped;
	struct mail m;

	assert_non_null(request);
	seen.port = port;
	m = answer_to(request, &seen, other);
	feed(lab, &m, 0);
}

/* It is wanted, and the server's name is known. */
static struct lab *searching(void)
{
	struct lab *lab = with_servers(1);

	lab_say(lab, &lab->us, &lab->far[0], 100);
	node_resolved(lab->us.node, "stun.example", 3478, &server, 1, lab->now);
	lab_poll(lab, &lab->us);
	return lab;
}

/* -- when --------------------------------------------------------------------- */

static void who_looks_for_nobody_asks_nobody(void **state)
{
	struct lab *lab = with_servers(2);

	(void)state;
	lab_pass(lab, SECONDS(3600));
	node_set_locals(lab->us.node, here, 2, lab->now);
	node_resumed(lab->us.node, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.asked_len, 0);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_search_asks_each_server(void **state)
{
	struct lab *lab = with_servers(2);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 2);
	assert_string_equal(lab->us.asked[0].host, "stun.example");
	assert_int_equal(lab->us.asked[0].port, 3478);
	assert_int_equal(lab->us.sent_len, 0);
	node_resolved(lab->us.node, "stun.example", 3478, &server, 1, lab->now);
	node_resolved(lab->us.node, "198.51.100.9", 5000, &second, 1, lab->now);
	lab_poll(lab, &lab->us);
	lab_pass(lab, BINDING_PACE);
	assert_int_equal(requests(lab, &server), 1);
	assert_int_equal(requests(lab, &second), 1);
	assert_int_equal(request_to(lab, &server)->path.via, 0);
	lab_free(lab);
}

static void while_a_search_lasts_it_asks_again_and_then_never(void **state)
{
	struct lab *lab = searching();

	(void)state;
	for (unsigned i = 1; i <= 5; i++) {
		assert_int_equal(requests(lab, &server), i);
		answer(lab, &server, 40001, NULL);
		lab_pass(lab, SURVEY_AGAIN);
	}
	assert_null(lab_peer(lab, 0)->reach);	/* after 90 s */
	lab_forget(lab);
	lab_pass(lab, SECONDS(3600));
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void other_addresses_and_a_sleep_are_reasons_to_ask_at_once(void **state)
{
	struct lab *lab = searching();

	(void)state;
	answer(lab, &server, 40001, NULL);
	node_set_locals(lab->us.node, here, 2, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(requests(lab, &server), 2);
	answer(lab, &server, 40001, NULL);
	node_resumed(lab->us.node, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(requests(lab, &server), 3);
	lab_free(lab);
}

static void a_family_that_we_lack_is_not_asked(void **state)
{
	const struct endpoint six = {{IP_V6, {0x20, 0x01, 0x0d, 0xb8}}, 3478, 0};
	const struct endpoint both[] = {six, server};
	struct lab *lab = with_servers(1);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	node_resolved(lab->us.node, "stun.example", 3478, both, 2, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(requests(lab, &server), 1);
	assert_int_equal(requests(lab, &six), 0);
	lab_free(lab);
}

/* -- names ---------------------------------------------------------------------- */

static void a_name_without_an_address_is_tried_again(void **state)
{
	struct lab *lab = with_servers(1);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	node_resolved(lab->us.node, "stun.example", 3478, NULL, 0, lab->now);
	lab_pass(lab, SURVEY_NAMES_RETRY - 1);
	assert_int_equal(lab->us.asked_len, 1);
	lab_pass(lab, SURVEY_AGAIN);
	assert_int_equal(lab->us.asked_len, 2);
	lab_free(lab);
}

static void an_address_is_kept_when_the_config_changes(void **state)
{
	struct lab *lab = searching();

	(void)state;
	answer(lab, &server, 40001, NULL);
	lab->settings.stun_len = 2;
	assert_true(lab_reconfigure(lab));
	lab_forget(lab);
	lab_pass(lab, SURVEY_AGAIN);
	assert_int_equal(requests(lab, &server), 1);
	assert_int_equal(lab->us.asked_len, 1);
	assert_string_equal(lab->us.asked[0].host, "198.51.100.9");
	lab_free(lab);
}

/* -- answers -------------------------------------------------------------------- */

static void what_a_server_saw_becomes_a_candidate_that_the_peer_is_told(void **state)
{
	struct lab *lab = searching();
	const struct reach *r = lab_peer(lab, 0)->reach;

	(void)state;
	assert_int_equal(r->exchange.candidates_len, 1);
	answer(lab, &server, 40001, NULL);
	assert_int_equal(gather_of(lab)->candidates_len, 2);
	lab_pass(lab, SURVEY_TELL);
	assert_int_equal(r->exchange.candidates_len, 2);
	assert_int_equal(r->offered[1].type, DESC_SRFLX);
	assert_true(endpoint_equal(&r->offered[1].endpoint, &mapped));
	lab_free(lab);
}

static void an_answer_from_elsewhere_or_to_nothing_is_none(void **state)
{
	struct lab *lab = searching();
	struct mail m = answer_to(request_to(lab, &server), &mapped, NULL);

	(void)state;
	m.from = second;
	feed(lab, &m, 0);
	m.from = server;
	m.bytes[10] ^= 1;
	feed(lab, &m, 0);
	lab_assert_only(lab, COUNT_UNSUPPORTED, 2);
	m.bytes[10] ^= 1;
	feed(lab, &m, 0);
	feed(lab, &m, 0);			/* it is answered already */
	lab_assert_only(lab, COUNT_UNSUPPORTED, 3);
	assert_int_equal(gather_of(lab)->candidates_len, 2);
	lab_free(lab);
}

/* Whoever answers could name anybody: its address is not used, only its port. */
static void the_other_port_is_asked_at_the_address_of_the_server(void **state)
{
	const struct endpoint victim = {{IP_V4, {203, 0, 113, 99}}, 3479, 0};
	struct endpoint other = server;
	struct lab *lab = searching();

	(void)state;
	other.port = 3479;
	answer(lab, &server, 40001, &victim);
	assert_int_equal(requests(lab, &victim), 0);
	assert_int_equal(requests(lab, &other), 1);
	assert_string_equal(node_nat(lab->us.node), "unknown");
	answer(lab, &other, 40002, &victim);
	assert_int_equal(requests(lab, &server), 1);
	assert_string_equal(node_nat(lab->us.node), "hard");
	assert_true(mapping_of_ours(gather_of(lab)).is_sequential);
	assert_int_equal(mapping_of_ours(gather_of(lab)).last.port, 40002);
	lab_free(lab);
}

static void two_ports_that_see_the_same_make_it_easy(void **state)
{
	struct endpoint other = server;
	struct lab *lab = searching();

	(void)state;
	other.port = 3479;
	answer(lab, &server, 40001, &other);
	answer(lab, &other, 40001, &server);
	assert_string_equal(node_nat(lab->us.node), "easy");
	lab_free(lab);
}

/* Its router was rebooted: what was seen before the doubt is not held against what is seen now. */
static void after_a_doubt_what_nobody_sees_any_more_is_forgotten(void **state)
{
	struct endpoint other = server;
	struct lab *lab = searching();

	(void)state;
	other.port = 3479;
	answer(lab, &server, 40001, &other);
	answer(lab, &other, 40001, &server);
	lab_pass(lab, 1000);
	node_resumed(lab->us.node, lab->now);
	lab_poll(lab, &lab->us);
	answer(lab, &server, 50001, NULL);
	assert_string_equal(node_nat(lab->us.node), "hard");
	lab_pass(lab, SURVEY_SETTLE);
	assert_string_equal(node_nat(lab->us.node), "unknown");
	assert_int_equal(mapping_of_ours(gather_of(lab)).last.port, 50001);
	assert_int_equal(lab_peer(lab, 0)->reach->exchange.candidates_len, 2);
	lab_free(lab);
}

static void if_nobody_answers_nothing_is_forgotten(void **state)
{
	struct lab *lab = searching();

	(void)state;
	answer(lab, &server, 40001, NULL);
	lab_pass(lab, 1000);
	node_resumed(lab->us.node, lab->now);
	lab_pass(lab, 2 * SURVEY_SETTLE);
	assert_int_equal(gather_of(lab)->candidates_len, 2);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_looks_for_nobody_asks_nobody),
		cmocka_unit_test(a_search_asks_each_server),
		cmocka_unit_test(while_a_search_lasts_it_asks_again_and_then_never),
		cmocka_unit_test(other_addresses_and_a_sleep_are_reasons_to_ask_at_once),
		cmocka_unit_test(a_family_that_we_lack_is_not_asked),
		cmocka_unit_test(a_name_without_an_address_is_tried_again),
		cmocka_unit_test(an_address_is_kept_when_the_config_changes),
		cmocka_unit_test(what_a_server_saw_becomes_a_candidate_that_the_peer_is_told),
		cmocka_unit_test(an_answer_from_elsewhere_or_to_nothing_is_none),
		cmocka_unit_test(the_other_port_is_asked_at_the_address_of_the_server),
		cmocka_unit_test(two_ports_that_see_the_same_make_it_easy),
		cmocka_unit_test(after_a_doubt_what_nobody_sees_any_more_is_forgotten),
		cmocka_unit_test(if_nobody_answers_nothing_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
