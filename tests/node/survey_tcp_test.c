/* survey_tcp_test.c -- how others see us over TCP: who is asked, and what comes of it. */
#include "node/brain.h"
#include "node/lab.h"

static const struct node_local_address here = {{.family = IP_V4, .bytes = {192, 0, 2, 77}}, 1};
static const struct node_stun_server servers[] = {{"stun.example", 3478}};
static const struct endpoint server = {{IP_V4, {198, 51, 100, 7}}, 3478, 0};
static const struct endpoint mapped = {{IP_V4, {203, 0, 113, 5}}, 40001, 0};

/* far[0] has no endpoint and is looked for on the LAN, in vain. */
static struct lab *searching(void)
{
	struct lab *lab = lab_new();

	lab->peers[0].endpoint_host = NULL;
	lab->settings.peers_len = 1;
	lab->settings.lan = true;
	lab->settings.tcp = true;
	lab->settings.stun = servers;
	lab->settings.stun_len = 1;
	lab_start(lab);
	node_set_wall(lab->us.node, UINT64_C(1700000000000000000));
	node_set_locals(lab->us.node, &here, 1, lab->now);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	return lab;
}

static struct reach *reach_of(struct lab *lab)
{
	return lab_peer(lab, 0)->reach;
}

/* As if the peer had told of TCP. */
static struct lab *searching_by_tcp(void)
{
	struct lab *lab = searching();

	reach_of(lab)->tcp.by_peer = true;
	lab->us.node->signalling.touched = true;
	lab_poll(lab, &lab->us);
	return lab;
}

static uint16_t stream_of(const struct lab *lab)
{
	assert_true(lab->us.streams_len > 0);
	return lab->us.streams[lab->us.streams_len - 1].via;
}

static void open_stream(struct lab *lab)
{
	struct path path = {.remote = server, .local = here.ip, .via = stream_of(lab)};

	node_stream_opened(lab->us.node, &path, lab->now);
	lab_poll(lab, &lab->us);
}

static const struct mail *request_by(const struct lab *lab, uint16_t via)
{
	for (size_t i = lab->us.sent_len; i-- > 0;) {
		if (lab->us.sent[i].path.via == via)
			return &lab->us.sent[i];
	}
	return NULL;
}

static struct mail answer_to(const struct mail *request)
{
	struct mail m = {.from = request->path.remote, .via = request->path.via};
	struct writer w = writer_over(m.bytes, sizeof(m.bytes));
	struct stun_msg msg;

	assert_true(stun_parse(&msg, bytes_of(request->bytes, request->len)));
	stun_begin(&w, STUN_BINDING, STUN_SUCCESS, msg.id);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	m.len = w.len;
	return m;
}

static void feed_here(struct lab *lab, const struct mail *m)
{
	struct endpoint at = lab->us.at;

	lab->us.at.ip = here.ip;
	lab_feed(lab, &lab->us, m);
	lab->us.at = at;
}

static void who_needs_no_tcp_calls_no_server(void **state)
{
	struct lab *lab = searching();

	(void)state;
	lab_pass(lab, SECONDS(30));
	assert_int_equal(lab->us.streams_len, 0);
	lab_free(lab);
}

static void a_server_is_called_from_the_listen_port(void **state)
{
	struct lab *lab = searching_by_tcp();
	const struct node_stream_target *target = &lab->us.streams[0].target;

	(void)state;
	assert_int_equal(lab->us.streams_len, 1);
	assert_string_equal(target->host, "stun.example");
	assert_int_equal(target->port, 3478);
	assert_true(target->from_listen_port);
	assert_false(target->tls);
	assert_int_equal(target->framing, FRAMING_TURN);
	assert_null(request_by(lab, stream_of(lab)));	/* nobody is there yet */
	lab_free(lab);
}

static void what_it_sees_is_a_candidate_that_both_call(void **state)
{
	struct lab *lab = searching_by_tcp();
	const struct gather *g = &lab->us.node->signalling.gather;
	struct mail answer;

	(void)state;
	open_stream(lab);
	assert_non_null(request_by(lab, stream_of(lab)));
	answer = answer_to(request_by(lab, stream_of(lab)));
	assert_int_equal(g->tcp_candidates_len, 1);
	feed_here(lab, &answer);
	assert_int_equal(g->tcp_candidates_len, 2);
	assert_int_equal(g->tcp_candidates[0].c.proto, CANDIDATE_TCP_SO);
	assert_true(endpoint_equal(&g->tcp_candidates[0].c.at, &mapped));
	assert_int_equal(g->tcp_candidates[0].base.via, VIA_TCP);
	lab_pass(lab, SECONDS(1));
	assert_true(gather_has(g, &reach_of(lab)->agent.list.locals[checklist_find_base(
		&reach_of(lab)->agent.list, &g->tcp_candidates[0].base)]));
	lab_free(lab);
}

static void an_answer_by_another_way_is_none(void **state)
{
	struct lab *lab = searching_by_tcp();
	struct mail answer;

	(void)state;
	open_stream(lab);
	answer = answer_to(request_by(lab, stream_of(lab)));
	answer.via = VIA_LISTEN;
	feed_here(lab, &answer);
	answer.via = VIA_TCP;
	feed_here(lab, &answer);
	assert_int_equal(lab->us.node->signalling.gather.tcp_candidates_len, 1);
	assert_int_equal(lab_count(lab, COUNT_UNSUPPORTED), 2);
	lab_free(lab);
}

static void it_stays_open_as_long_as_the_peer_is_looked_for(void **state)
{
	struct lab *lab = searching_by_tcp();
	uint16_t via = stream_of(lab);

	(void)state;
	open_stream(lab);
	for (int i = 0; i < 60; i++) {
		lab_pass(lab, SECONDS(1));
		lab_say(lab, &lab->us, &lab->far[0], 100);
	}
	assert_int_equal(lab->us.closed_len, 0);
	lab_pass(lab, SECONDS(60));		/* nobody wants it any more */
	assert_int_equal(lab->us.closed_len, 1);
	assert_int_equal(lab->us.closed[0], via);
	lab_free(lab);
}

static void one_that_broke_is_called_again_after_a_minute(void **state)
{
	struct lab *lab = searching_by_tcp();

	(void)state;
	node_stream_closed(lab->us.node, stream_of(lab), STREAM_REFUSED, lab->now);
	for (int i = 0; i < 59; i++) {
		lab_pass(lab, SECONDS(1));
		lab_say(lab, &lab->us, &lab->far[0], 100);
	}
	assert_int_equal(lab->us.streams_len, 1);
	lab_pass(lab, SECONDS(2));
	assert_int_equal(lab->us.streams_len, 2);
	lab_free(lab);
}

static void other_servers_are_called_after_a_reload(void **state)
{
	static const struct node_stun_server others[] = {{"other.example", 3478}};
	struct lab *lab = searching_by_tcp();
	uint16_t via = stream_of(lab);

	(void)state;
	lab->settings.stun = others;
	assert_true(lab_reconfigure(lab));
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.closed_len, 1);
	assert_int_equal(lab->us.closed[0], via);
	assert_int_equal(lab->us.streams_len, 2);
	assert_string_equal(lab->us.streams[1].target.host, "other.example");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_needs_no_tcp_calls_no_server),
		cmocka_unit_test(a_server_is_called_from_the_listen_port),
		cmocka_unit_test(what_it_sees_is_a_candidate_that_both_call),
		cmocka_unit_test(an_answer_by_another_way_is_none),
		cmocka_unit_test(it_stays_open_as_long_as_the_peer_is_looked_for),
		cmocka_unit_test(one_that_broke_is_called_again_after_a_minute),
		cmocka_unit_test(other_servers_are_called_after_a_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
