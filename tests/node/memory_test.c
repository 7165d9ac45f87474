/* memory_test.c -- who may make us allocate, how much, and what if there is none.
 *
 * The linker puts our own malloc, calloc and free before the real ones, for the
 * project's code in this program (not inside OpenSSL and cmocka).
 */
#include <malloc.h>
#include <stdio.h>

#include "node/lab.h"

static const uint64_t no_marks[NODE_MARKS];

/* -- the heap as we watch it ------------------------------------------------------- */

static struct {
	size_t calls;
	size_t live;		/* bytes */
	size_t fail_at;		/* this call and all after it fail; 0: none */
} heap_watch;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

static bool may_allocate(void)
{
	heap_watch.calls++;
	return !heap_watch.fail_at || heap_watch.calls < heap_watch.fail_at;
}

static void *watched(void *p)
{
	heap_watch.live += p ? malloc_usable_size(p) : 0;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? watched(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return may_allocate() ? watched(__real_calloc(n, size)) : NULL;
}

void __wrap_free(void *p)
{
	heap_watch.live -= p ? malloc_usable_size(p) : 0;
	__real_free(p);
}

/* From now on the nth allocation fails, and all after it. */
static void fail_from(size_t nth)
{
	heap_watch.calls = 0;
	heap_watch.fail_at = nth;
}

static void fail_no_more(void)
{
	heap_watch.fail_at = 0;
}

/* -- strangers ------------------------------------------------------------------------ */

enum { FLOOD = 400 };	/* over the threshold of load, too */

/* The nth datagram of a flood. */
typedef struct mail stranger(struct lab *lab, unsigned n);

/* Nothing is allocated, nobody but the sender is answered, and with no more than it sent. */
static void assert_cheap(struct lab *lab, stranger *next)
{
	for (unsigned n = 0; n < FLOOD; n++) {
		struct mail m = next(lab, n);
		size_t answered = 0;

		lab_forget(lab);
		heap_watch.calls = 0;
		lab_feed(lab, &lab->us, &m);
		assert_int_equal(heap_watch.calls, 0);
		assert_int_equal(lab->us.got_len, 0);
		for (size_t i = 0; i < lab->us.sent_len; i++) {
			assert_true(endpoint_equal(&lab->us.sent[i].path.remote, &m.from));
			answered += lab->us.sent[i].len;
		}
		assert_true(answered <= m.len);
		lab->now += n % 3;
	}
	lab_forget(lab);
}

/* Two peers have sessions, we are calling a third, and packets wait for him. */
static struct lab *busy(void)
{
	struct lab *lab = lab_ready();

	lab_connect(lab, 0);
	lab_connect(lab, 1);
	lab_say(lab, &lab->us, &lab->far[2], 100);
	return lab;
}

static void flood(stranger *next)
{
	struct lab *lab = busy();
	uint32_t index = lab_peer(lab, 2)->session.handshake.local_index;

	assert_int_not_equal(index, 0);
	assert_cheap(lab, next);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	assert_int_equal(lab_peer(lab, 2)->session.handshake.local_index, index);
	lab_free(lab);
}

static struct mail random_bytes(struct lab *lab, size_t len)
{
	struct mail m = lab_stray(NULL, 0);

	m.len = len;
	lab->rng.fill(&lab->rng, m.bytes, len);
	m.from.port = (uint16_t)rng_u32(&lab->rng);
	return m;
}

static struct mail random_message(struct lab *lab, enum message_type type, size_t len)
{
	struct mail m = random_bytes(lab, len);

	store_le32(m.bytes, type);
	return m;
}

static struct mail junk(struct lab *lab, unsigned n)
{
	(void)n;
	return random_bytes(lab, rng_below(&lab->rng, 1400));
}

static struct mail wrong_mac1(struct lab *lab, unsigned n)
{
	return n % 2 ? random_message(lab, MESSAGE_INITIATION, sizeof(struct message_initiation))
		     : random_message(lab, MESSAGE_RESPONSE, sizeof(struct message_response));
}

static struct mail right_mac1(struct lab *lab, unsigned n)
{
	struct mail m = wrong_mac1(lab, n);

	lab_sign(&lab->us, &m);
	return m;
}

static struct mail data_for_nobody(struct lab *lab, unsigned n)
{
	return random_message(lab, MESSAGE_DATA, 32 + n);
}

static struct mail stun(struct lab *lab, unsigned n)
{
	/* shorter ones have a budget: tests/stun/responder_test.c */
	struct mail m = random_bytes(lab, 48 + n / 4 * 4);

	store_be16(m.bytes, 1);
	store_be16(m.bytes + 2, (uint16_t)(m.len - 20));
	store_be32(m.bytes + 4, 0x2112a442);
	return m;
}

static struct mail cookie_for_nobody(struct lab *lab, unsigned n)
{
	(void)n;
	return random_message(lab, MESSAGE_COOKIE, sizeof(struct message_cookie));
}

/* Who listens on the wire knows our indices. */
static struct mail forged_for_a_live_index(struct lab *lab, unsigned n)
{
	static const struct { enum message_type type; size_t len; } kinds[] = {
		{MESSAGE_RESPONSE, sizeof(struct message_response)},
		{MESSAGE_COOKIE, sizeof(struct message_cookie)},
		{MESSAGE_DATA, 32},
		{MESSAGE_DATA, 1400},
	};
	const struct peer *peer = lab_peer(lab, n % 2 ? 2 : 0);
	struct mail m = random_message(lab, kinds[n % 4].type, kinds[n % 4].len);
	uint32_t index = peer->session.current ? peer->session.current->local_index
					       : peer->session.handshake.local_index;

	store_le32(m.bytes + (m.bytes[0] == MESSAGE_RESPONSE ? 8 : 4), index);
	if (m.bytes[0] == MESSAGE_RESPONSE)
		lab_sign(&lab->us, &m);
	return m;
}

static void junk_costs_no_memory_and_is_not_answered_with_more(void **state)
{
	(void)state;
	flood(junk);
}

static void a_wrong_mac1_costs_no_memory_and_is_not_answered_with_more(void **state)
{
	(void)state;
	flood(wrong_mac1);
}

static void a_right_mac1_costs_no_memory_and_is_not_answered_with_more(void **state)
{
	(void)state;
	flood(right_mac1);
}

static void data_for_nobody_cost_no_memory_and_are_not_answered_with_more(void **state)
{
	(void)state;
	flood(data_for_nobody);
}

static void stun_costs_no_memory_and_is_not_answered_with_more(void **state)
{
	(void)state;
	flood(stun);
}

static void cookies_for_nobody_cost_no_memory_and_are_not_answered_with_more(void **state)
{
	(void)state;
	flood(cookie_for_nobody);
}

static void a_live_index_in_a_forgery_costs_no_memory_and_is_not_answered_with_more(void **state)
{
	(void)state;
	flood(forged_for_a_live_index);
}

/* Right in everything, but nobody we know; it is made by a node of its own. */
static void a_stranger_who_is_right_in_everything_costs_no_memory(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->settings.peers_len = 3;
	lab_start(lab);
	for (unsigned n = 0; n < FLOOD; n++) {
		struct mail m = lab_initiation(lab, 3);

		heap_watch.calls = 0;
		lab_feed(lab, &lab->us, &m);
		assert_int_equal(heap_watch.calls, 0);
		lab->now += 2;		/* no load */
		lab_restart(lab, 3);
	}
	assert_int_equal(lab->us.sent_len, 0);
	lab_assert_only(lab, COUNT_STRANGER, FLOOD);
	lab_free(lab);
}

/* -- how much a peer costs ---------------------------------------------------------------- */

enum { CROWD = 1000, BYTES_PER_SILENT_PEER = 1400 };

/* A thousand peers with an endpoint and a prefix each. */
static struct node *crowd(struct lab *lab, size_t n)
{
	static struct node_peer_settings peers[CROWD];
	static struct cidr prefixes[CROWD];

	for (size_t i = 0; i < n; i++) {
		prefixes[i] = cidr_host(ip_v4(10, 77, (uint8_t)(i >> 8), (uint8_t)i));
		peers[i] = (struct node_peer_settings){.name = "one-of-many",
			.allowed_ips = &prefixes[i], .allowed_ips_len = 1,
			.endpoint_host = "198.51.100.17", .endpoint_port = (uint16_t)(i + 1)};
		lab->rng.fill(&lab->rng, peers[i].public_key, KEY_LEN);
	}
	lab->settings.peers = peers;
	lab->settings.peers_len = n;
	lab_start(lab);
	return lab->us.node;
}

static size_t cost(size_t n)
{
	struct lab *lab = lab_new();
	size_t before = heap_watch.live, live;

	crowd(lab, n);
	live = heap_watch.live - before;
	lab_free(lab);
	return live;
}

static void a_silent_peer_costs_less_than_1400_bytes(void **state)
{
	size_t each = (cost(CROWD) - cost(0)) / CROWD;

	(void)state;
	print_message("%zu bytes for each silent peer, %zu for a node without any\n", each, cost(0));
	assert_in_range(each, sizeof(struct peer), BYTES_PER_SILENT_PEER);
}

static void for_a_thousand_silent_peers_nothing_is_planned(void **state)
{
	struct lab *lab = lab_new();
	struct node *node = crowd(lab, CROWD);

	(void)state;
	assert_int_equal(node_due(node), NEVER);
	lab_free(lab);
}

/* More receiver indices than the table has at first. */
static void a_thousand_peers_may_be_called_at_once(void **state)
{
	size_t before = heap_watch.live;
	struct lab *lab = lab_new();
	struct node *node = crowd(lab, CROWD);
	struct action action;
	unsigned sent = 0;

	(void)state;
	node_connect_all(node, lab->now);
	while (node_poll(node, &action, lab->now) != ACTION_NONE)
		sent += action.kind == ACTION_SEND;
	assert_int_equal(sent, CROWD);
	assert_int_equal(node->shared.indices.len, CROWD);
	assert_in_range(node_due(node), lab->now + REKEY_TIMEOUT,
			lab->now + REKEY_TIMEOUT + REKEY_JITTER);
	lab_free(lab);
	assert_int_equal(heap_watch.live, before);
}

static void keypairs_that_are_left_over_are_given_back(void **state)
{
	struct lab *lab = lab_new();
	size_t before;

	(void)state;
	lab_start(lab);
	before = heap_watch.live;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < LAB_FARS; i++)
			lab_connect(lab, i);
		lab_pass(lab, SECONDS(150));	/* the old keys still live */
		lab_forget(lab);
	}
	lab_pass(lab, 4 * REJECT_AFTER_TIME);
	assert_true(lab->us.node->shared.keypairs.free_count <= SPARE_KEYPAIRS);
	assert_true(heap_watch.live - before < (1 + LAB_FARS) * SPARE_KEYPAIRS * sizeof(struct keypair));
	lab_free(lab);
}

/* -- when there is none ---------------------------------------------------------------------- */

static void a_packet_that_cannot_be_kept_is_counted_as_no_memory(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	fail_from(1);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	fail_no_more();
	lab_assert_only(lab, COUNT_NO_MEMORY, 1);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 1);
	lab_free(lab);
}

/* The one spare keypair is used up, and there is no other. */
static void a_handshake_without_memory_is_counted_and_may_be_tried_again(void **state)
{
	struct lab *lab = lab_ready();
	struct mail first = lab_initiation(lab, 0), second = lab_initiation(lab, 1);

	(void)state;
	fail_from(1);
	lab_receive(lab, &lab->us, &first, 1);
	lab_receive(lab, &lab->us, &second, 1);
	fail_no_more();
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.sent_len, 1);
	lab_assert_only(lab, COUNT_NO_MEMORY, 1);
	lab_feed(lab, &lab->us, &second);
	assert_int_equal(lab->us.sent_len, 2);
	lab_free(lab);
}

static void a_response_without_memory_is_counted_and_may_be_tried_again(void **state)
{
	struct lab *lab = lab_ready();
	struct mail initiation = lab_initiation(lab, 1);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_feed(lab, &lab->far[0], &lab->us.sent[0]);
	fail_from(1);
	lab_receive(lab, &lab->us, &initiation, 1);
	lab_receive(lab, &lab->us, &lab->far[0].sent[0], 1);
	fail_no_more();
	lab_assert_only(lab, COUNT_NO_MEMORY, 1);
	assert_int_equal(lab_status(lab, 0).state, PEER_CONNECTING);
	lab_feed(lab, &lab->us, &lab->far[0].sent[0]);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_free(lab);
}

static void a_node_is_made_whole_or_not_at_all(void **state)
{
	struct lab *lab = lab_new();
	struct node *node = NULL;
	size_t nth = 0;

	(void)state;
	while (!node) {
		size_t before = heap_watch.live;

		fail_from(++nth);
		lab->error[0] = '\0';
		node = node_new(&lab->settings, &lab->rng, no_marks, lab->now, lab->error);
		fail_no_more();
		if (node)
			break;
		assert_non_null(strstr(lab->error, "out of memory"));
		assert_int_equal(heap_watch.live, before);
	}
	assert_true(nth > 2 * LAB_FARS);
	node_free(node);
	lab_free(lab);
}

/* One peer goes, one comes, one changes: all of it or nothing. */
static void a_node_is_reconfigured_whole_or_not_at_all(void **state)
{
	struct lab *lab = lab_ready();
	size_t nth = 0;
	bool done = false;

	(void)state;
	lab_connect(lab, 0);
	lab->peers[0].keepalive = 25000;
	memset(lab->peers[2].public_key, 9, KEY_LEN);
	while (!done) {
		size_t before = heap_watch.live;

		fail_from(++nth);
		done = node_reconfigure(lab->us.node, &lab->settings, lab->now, lab->error);
		fail_no_more();
		if (done)
			break;
		assert_non_null(strstr(lab->error, "out of memory"));
		assert_int_equal(heap_watch.live, before);
		assert_int_equal(lab_status(lab, 0).keepalive, 0);
		assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
		assert_non_null(lab_peer(lab, 2));
		assert_int_equal(lab->us.sent_len, 0);
	}
	assert_true(nth > 2 * LAB_FARS);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab_status(lab, 0).keepalive, 25000);
	assert_null(lab_peer(lab, 2));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(junk_costs_no_memory_and_is_not_answered_with_more),
		cmocka_unit_test(a_wrong_mac1_costs_no_memory_and_is_not_answered_with_more),
		cmocka_unit_test(a_right_mac1_costs_no_memory_and_is_not_answered_with_more),
		cmocka_unit_test(data_for_nobody_cost_no_memory_and_are_not_answered_with_more),
		cmocka_unit_test(stun_costs_no_memory_and_is_not_answered_with_more),
		cmocka_unit_test(cookies_for_nobody_cost_no_memory_and_are_not_answered_with_more),
		cmocka_unit_test(a_live_index_in_a_forgery_costs_no_memory_and_is_not_answered_with_more),
		cmocka_unit_test(a_stranger_who_is_right_in_everything_costs_no_memory),
		cmocka_unit_test(a_silent_peer_costs_less_than_1400_bytes),
		cmocka_unit_test(for_a_thousand_silent_peers_nothing_is_planned),
		cmocka_unit_test(a_thousand_peers_may_be_called_at_once),
		cmocka_unit_test(keypairs_that_are_left_over_are_given_back),
		cmocka_unit_test(a_packet_that_cannot_be_kept_is_counted_as_no_memory),
		cmocka_unit_test(a_handshake_without_memory_is_counted_and_may_be_tried_again),
		cmocka_unit_test(a_response_without_memory_is_counted_and_may_be_tried_again),
		cmocka_unit_test(a_node_is_made_whole_or_not_at_all),
		cmocka_unit_test(a_node_is_reconfigured_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
