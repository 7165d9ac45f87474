/* send_test.c -- from the TUN device: sealed for the owner, kept for a key, or refused. */
#include "base/ecn.h"
#include "node/lab.h"

enum { SEQ = 40 };	/* where a test marks its packet */

static const struct endpoint elsewhere = {
	.ip = {.family = IP_V4, .bytes = {198, 51, 100, 7}}, .port = 777};

static struct packet marked(struct lab *lab, size_t buffer, size_t to, uint8_t mark)
{
	struct packet p = lab_packet(lab, buffer, &lab->us.inner4, &lab->far[to].inner4, 100);

	p.data[SEQ] = mark;
	return p;
}

/* -- no way ---------------------------------------------------------------------------- */

static void send_to(struct lab *lab, const struct ip *from, const struct ip *to)
{
	struct packet p = lab_packet(lab, 0, from, to, 80);

	lab_send(lab, &lab->us, &p, 1);
}

static void a_destination_that_nobody_owns_is_refused_at_once(void **state)
{
	static const uint8_t nowhere6[16] = {0x20, 0x01, 0x0d, 0xb8};
	const struct ip v4 = ip_v4(8, 8, 8, 8), v6 = ip_v6(nowhere6);
	struct lab *lab = lab_ready();

	(void)state;
	send_to(lab, &lab->us.inner4, &v4);
	send_to(lab, &lab->us.inner6, &v6);
	lab_assert_only(lab, COUNT_NO_PEER, 2);
	assert_int_equal(lab->us.sent_len, 0);
	assert_int_equal(lab->us.got_len, 2);
	assert_int_equal(lab->us.got[0].bytes[20], 3);	/* destination unreachable */
	assert_memory_equal(lab->us.got[0].bytes + 12, lab->us.inner4.bytes, 4);
	assert_int_equal(lab->us.got[1].bytes[40], 1);	/* the same, of ICMPv6 */
	assert_memory_equal(lab->us.got[1].bytes + 8, lab->us.inner6.bytes, 16);
	lab_free(lab);
}

static void a_peer_that_has_not_called_and_has_no_endpoint_is_refused(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	for (size_t i = 0; i < 3; i++)	/* nor is there anybody to ask for him */
		lab->peers[i].endpoint_host = NULL;
	lab->settings.peers_len = 3;
	lab_start(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_assert_only(lab, COUNT_NO_ENDPOINT, 1);
	assert_int_equal(lab->us.got_len, 1);
	assert_int_equal(lab_status(lab, 0).queued, 0);
	assert_int_equal(node_due(lab->us.node), NEVER);
	lab_free(lab);
}

static void without_an_address_of_that_family_nothing_is_said(void **state)
{
	const struct ip nowhere = ip_v4(8, 8, 8, 8);
	struct lab *lab = lab_new();

	(void)state;
	lab->settings.addresses = lab->addresses + 1;
	lab->settings.addresses_len = 1;
	lab_start(lab);
	send_to(lab, &lab->us.inner4, &nowhere);
	lab_assert_only(lab, COUNT_NO_PEER, 1);
	assert_int_equal(lab->us.got_len, 0);
	lab_free(lab);
}

static void what_is_no_ip_packet_goes_nowhere(void **state)
{
	static uint8_t buffer[HEADROOM + 100 + TAILROOM] = {[HEADROOM] = 0x50};
	struct lab *lab = lab_ready();

	(void)state;
	for (size_t len = 0; len < 3; len++) {
		struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len * 50);

		lab_send(lab, &lab->us, &p, 1);
	}
	lab_assert_only(lab, COUNT_NO_PEER, 3);
	assert_int_equal(lab->us.got_len + lab->us.sent_len, 0);
	lab_free(lab);
}

static void no_more_than_a_hundred_errors_are_sent_in_a_second(void **state)
{
	const struct ip nowhere = ip_v4(8, 8, 8, 8);
	struct lab *lab = lab_ready();

	(void)state;
	for (int i = 0; i < ICMP_PER_SECOND + 10; i++)
		send_to(lab, &lab->us.inner4, &nowhere);
	assert_int_equal(lab->us.got_len, ICMP_PER_SECOND);
	lab_assert_only(lab, COUNT_NO_PEER, ICMP_PER_SECOND + 10);
	lab->now += 999;
	send_to(lab, &lab->us.inner4, &nowhere);
	assert_int_equal(lab->us.got_len, ICMP_PER_SECOND);
	lab->now += 1;
	send_to(lab, &lab->us.inner4, &nowhere);
	assert_int_equal(lab->us.got_len, ICMP_PER_SECOND + 1);
	lab_free(lab);
}

/* -- loops ------------------------------------------------------------------------------- */

static size_t header_len(const struct ip *ip)
{
	return ip->family == IP_V4 ? 20 : 40;
}

/* A UDP packet in buffer 0 with a message of 32 bytes inside. */
static struct packet udp_packet(struct lab *lab, const struct ip *to, uint16_t from_port,
				uint16_t to_port, uint8_t type)
{
	bool is_v4 = to->family == IP_V4;
	size_t header = header_len(to);
	struct packet p = lab_packet(lab, 0, is_v4 ? &lab->us.inner4 : &lab->us.inner6, to,
				     header + 8 + 32);

	p.data[is_v4 ? 9 : 6] = 17;
	store_be16(p.data + header, from_port);
	store_be16(p.data + header + 2, to_port);
	memset(p.data + header + 8, 0, 32);
	p.data[header + 8] = type;
	return p;
}

/* Whether such a packet is taken for a datagram of ours. */
static bool loops(struct lab *lab, const struct ip *to, uint16_t from_port, uint16_t to_port,
		  uint8_t type)
{
	struct packet p = udp_packet(lab, to, from_port, to_port, type);
	uint64_t before = lab_count(lab, COUNT_LOOP);

	lab_send(lab, &lab->us, &p, 1);
	return lab_count(lab, COUNT_LOOP) > before;
}

/* far[0] is reached through far[1], or so the routes say. */
static struct lab *looped(struct ip far0)
{
	struct lab *lab = lab_new();

	lab->far[0].at.ip = far0;
	lab->peers[0].endpoint_host = ip_format(lab->hosts[0], &far0);
	lab->allowed[1][0] = (struct cidr){.ip = {.family = IP_V4}};
	lab->allowed[1][1] = (struct cidr){.ip = {.family = IP_V6}};
	lab_start(lab);
	return lab;
}

static void our_own_datagram_to_a_peer_is_counted_as_a_loop_and_dropped(void **state)
{
	static const uint8_t bytes6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};
	const struct ip v4 = ip_v4(192, 0, 2, 0), v6 = ip_v6(bytes6);
	struct lab *lab = looped(v4);

	(void)state;
	assert_true(loops(lab, &v4, LAB_PORT, LAB_PORT, MESSAGE_DATA));
	lab_assert_only(lab, COUNT_LOOP, 1);
	assert_int_equal(lab->us.sent_len + lab->us.got_len, 0);
	lab_free(lab);

	lab = looped(v6);
	assert_true(loops(lab, &v6, LAB_PORT, LAB_PORT, MESSAGE_DATA));
	assert_int_equal(lab->us.sent_len + lab->us.got_len, 0);
	lab_free(lab);
}

static void other_ports_addresses_and_payloads_are_no_loop(void **state)
{
	const struct ip far = ip_v4(192, 0, 2, 0), other = ip_v4(192, 0, 2, 55);
	struct lab *lab = looped(far);

	(void)state;
	assert_false(loops(lab, &far, LAB_PORT + 1, LAB_PORT, MESSAGE_DATA));
	assert_false(loops(lab, &far, LAB_PORT, LAB_PORT + 1, MESSAGE_DATA));
	assert_false(loops(lab, &other, LAB_PORT, LAB_PORT, MESSAGE_DATA));
	assert_false(loops(lab, &far, LAB_PORT, LAB_PORT, 77));
	lab_free(lab);
}

/* What would make it one lies behind its end. */
static void a_udp_header_that_is_cut_off_is_no_loop(void **state)
{
	static const uint8_t bytes6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};
	const struct ip ends[] = {ip_v4(192, 0, 2, 0), ip_v6(bytes6)};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab *lab = looped(ends[i]);
		struct packet p = udp_packet(lab, &ends[i], LAB_PORT, LAB_PORT, MESSAGE_DATA);

		p.len = header_len(&ends[i]) + 7;
		lab_send(lab, &lab->us, &p, 1);
		lab_assert_only(lab, COUNT_LOOP, 0);
		assert_int_equal(lab_status(lab, 1).queued, 1);
		lab_free(lab);
	}
}

/* The session has moved its peer to an address that no config knows. */
static void a_loop_is_found_where_the_peer_has_roamed_to(void **state)
{
	struct lab *lab = looped(ip_v4(192, 0, 2, 0));
	struct mail m = lab_initiation(lab, 2);

	(void)state;
	m.from = elsewhere;
	lab_feed(lab, &lab->us, &m);
	lab_forget(lab);
	assert_true(loops(lab, &elsewhere.ip, LAB_PORT, elsewhere.port, MESSAGE_DATA));
	lab_free(lab);
}

/* -- sealed ------------------------------------------------------------------------------- */

static void a_full_burst_is_sealed_in_order(void **state)
{
	struct packet burst[BURST_MAX];
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (unsigned i = 0; i < BURST_MAX; i++)
		burst[i] = marked(lab, i, 0, (uint8_t)i);
	lab_send(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, BURST_MAX);
	for (unsigned i = 0; i < BURST_MAX; i++)
		assert_int_equal(lab->far[0].got[i].bytes[SEQ], i);
	lab_free(lab);
}

/* 0 1 2 3 nobody 0 1 2 3 nobody ...: each goes its way, and the last gets an error. */
static void a_burst_for_several_peers_and_nobody_keeps_the_order_of_each(void **state)
{
	const struct ip nowhere = ip_v4(8, 8, 8, 8);
	struct packet burst[BURST_MAX];
	struct lab *lab = lab_ready();

	(void)state;
	for (size_t i = 0; i < LAB_FARS; i++)
		lab_connect(lab, i);
	for (unsigned i = 0; i < BURST_MAX; i++)
		burst[i] = i % 5 < LAB_FARS ? marked(lab, i, i % 5, (uint8_t)i)
			: lab_packet(lab, i, &lab->us.inner4, &nowhere, 100);
	lab_send(lab, &lab->us, burst, BURST_MAX);
	lab_assert_only(lab, COUNT_NO_PEER, BURST_MAX / 5);
	assert_int_equal(lab->us.got_len, BURST_MAX / 5);
	lab_exchange(lab);
	for (size_t i = 0; i < LAB_FARS; i++) {
		assert_int_equal(lab->far[i].got_len, (BURST_MAX + 4 - i) / 5);
		for (size_t k = 0; k < lab->far[i].got_len; k++)
			assert_int_equal(lab->far[i].got[k].bytes[SEQ], 5 * k + i);
	}
	lab_free(lab);
}

static void runs_of_one_peer_in_a_burst_stay_together(void **state)
{
	static const uint8_t owners[] = {0, 0, 0, 1, 1, 0, 2, 2, 2, 2, 0, 0};
	struct packet burst[sizeof(owners)];
	struct lab *lab = lab_ready();

	(void)state;
	for (size_t i = 0; i < 3; i++)
		lab_connect(lab, i);
	for (uint8_t i = 0; i < sizeof(owners); i++)
		burst[i] = marked(lab, i, owners[i], i);
	lab_send(lab, &lab->us, burst, sizeof(owners));
	assert_int_equal(lab->us.sent_len, sizeof(owners));
	for (size_t i = 0; i < sizeof(owners); i++)
		assert_true(endpoint_equal(&lab->us.sent[i].path.remote, &lab->far[owners[i]].at));
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 6);
	assert_int_equal(lab->far[1].got_len, 2);
	assert_int_equal(lab->far[2].got_len, 4);
	lab_free(lab);
}

static void the_outer_header_gets_the_ecn_bits_and_no_dscp(void **state)
{
	struct lab *lab = lab_ready();
	struct packet p;

	(void)state;
	lab_connect(lab, 0);
	p = lab_packet(lab, 0, &lab->us.inner4, &lab->far[0].inner4, 100);
	p.data[1] = 0x22 << 2 | ECN_ECT0;
	lab_send(lab, &lab->us, &p, 1);
	assert_int_equal(lab->us.sent[0].ecn, ECN_ECT0);
	assert_int_equal(lab->us.sent[0].dscp, 0);
	lab_free(lab);
}

static void each_packet_of_a_burst_gets_its_own_ecn_bits(void **state)
{
	struct packet burst[BURST_MAX];
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (unsigned i = 0; i < BURST_MAX; i++) {
		burst[i] = marked(lab, i, 0, (uint8_t)i);
		burst[i].data[1] = i % 4;
	}
	lab_send(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	for (unsigned i = 0; i < BURST_MAX; i++)
		assert_int_equal(lab->us.sent[i].ecn, i % 4);
	lab_free(lab);
}

static void padding_never_makes_a_packet_larger_than_the_mtu(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab_say(lab, &lab->us, &lab->far[0], LAB_MTU - 1);
	lab_say(lab, &lab->us, &lab->far[0], LAB_MTU);
	assert_int_equal(lab->us.sent[0].len, LAB_MTU + 32);
	assert_int_equal(lab->us.sent[1].len, LAB_MTU + 32);
	lab_free(lab);
}

/* -- kept for a key -------------------------------------------------------------------------- */

static void packets_that_wait_go_in_order_once_there_is_a_key(void **state)
{
	struct packet burst[10];
	struct lab *lab = lab_ready();

	(void)state;
	for (uint8_t i = 0; i < 10; i++)
		burst[i] = marked(lab, i, 0, (uint8_t)i);
	burst[3].data[1] = ECN_ECT1;
	lab_send(lab, &lab->us, burst, 10);
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_INITIATION);
	assert_int_equal(lab->us.sent[0].dscp, HANDSHAKE_DSCP);
	assert_int_equal(lab_status(lab, 0).queued, 10);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).queued, 0);
	assert_int_equal(lab->us.sent_len, 11);
	assert_int_equal(lab->us.sent[1 + 3].ecn, ECN_ECT1);
	assert_int_equal(lab->far[0].got_len, 10);
	for (uint8_t i = 0; i < 10; i++)
		assert_int_equal(lab->far[0].got[i].bytes[SEQ], i);
	lab_free(lab);
}

static void the_oldest_of_too_many_is_counted_and_dropped(void **state)
{
	struct packet burst[QUEUE_PACKETS];
	struct lab *lab = lab_ready();

	(void)state;
	for (uint8_t i = 0; i < QUEUE_PACKETS; i++)
		burst[i] = marked(lab, i, 0, i);
	lab_send(lab, &lab->us, burst, QUEUE_PACKETS);
	lab_assert_only(lab, COUNT_QUEUE_FULL, 0);
	for (uint8_t i = 0; i < 3; i++)
		burst[i] = marked(lab, i, 0, QUEUE_PACKETS + i);
	lab_send(lab, &lab->us, burst, 3);
	lab_assert_only(lab, COUNT_QUEUE_FULL, 3);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, QUEUE_PACKETS);
	assert_int_equal(lab->far[0].got[0].bytes[SEQ], 3);
	lab_free(lab);
}

static void what_waits_is_counted_and_dropped_after_90_s_without_an_answer(void **state)
{
	struct lab *lab = lab_ready();
	struct packet burst[] = {marked(lab, 0, 0, 0), marked(lab, 1, 0, 1)};

	(void)state;
	lab_send(lab, &lab->us, burst, 2);
	lab_pass(lab, SECONDS(90) - 1);
	lab_assert_only(lab, COUNT_GAVE_UP, 0);
	lab_pass(lab, SECONDS(10));
	lab_assert_only(lab, COUNT_GAVE_UP, 2);
	assert_int_equal(lab->us.sent_len, 18);
	assert_int_equal(lab_status(lab, 0).queued, 0);
	assert_int_equal(lab_status(lab, 0).state, PEER_IDLE);
	lab_free(lab);
}

/* Packet 1 waits, the response has come, and before anybody polls there are 2 and 3. */
static struct lab *caught_between(void)
{
	struct lab *lab = lab_ready();
	struct packet first = marked(lab, 0, 0, 1), next[2];

	lab_send(lab, &lab->us, &first, 1);
	lab_feed(lab, &lab->far[0], &lab->us.sent[0]);
	lab_receive(lab, &lab->us, &lab->far[0].sent[0], 1);
	lab_forget(lab);
	next[0] = marked(lab, 0, 0, 2);
	next[1] = marked(lab, 1, 0, 3);
	lab_send(lab, &lab->us, next, 2);
	return lab;
}

static void nothing_overtakes_what_waits(void **state)
{
	struct lab *lab = caught_between();

	(void)state;
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 3);
	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(lab->far[0].got[i].bytes[SEQ], i + 1);
	lab_free(lab);
}

static void to_wait_behind_others_is_no_reason_for_a_handshake(void **state)
{
	struct lab *lab = caught_between();

	(void)state;
	lab_exchange(lab);
	lab_pass(lab, REKEY_TIMEOUT + POSTPONE_JITTER);
	for (size_t i = 0; i < lab->us.sent_len; i++)
		assert_int_equal(lab->us.sent[i].bytes[0], MESSAGE_DATA);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_destination_that_nobody_owns_is_refused_at_once),
		cmocka_unit_test(a_peer_that_has_not_called_and_has_no_endpoint_is_refused),
		cmocka_unit_test(without_an_address_of_that_family_nothing_is_said),
		cmocka_unit_test(what_is_no_ip_packet_goes_nowhere),
		cmocka_unit_test(no_more_than_a_hundred_errors_are_sent_in_a_second),
		cmocka_unit_test(our_own_datagram_to_a_peer_is_counted_as_a_loop_and_dropped),
		cmocka_unit_test(other_ports_addresses_and_payloads_are_no_loop),
		cmocka_unit_test(a_udp_header_that_is_cut_off_is_no_loop),
		cmocka_unit_test(a_loop_is_found_where_the_peer_has_roamed_to),
		cmocka_unit_test(a_full_burst_is_sealed_in_order),
		cmocka_unit_test(a_burst_for_several_peers_and_nobody_keeps_the_order_of_each),
		cmocka_unit_test(runs_of_one_peer_in_a_burst_stay_together),
		cmocka_unit_test(the_outer_header_gets_the_ecn_bits_and_no_dscp),
		cmocka_unit_test(each_packet_of_a_burst_gets_its_own_ecn_bits),
		cmocka_unit_test(padding_never_makes_a_packet_larger_than_the_mtu),
		cmocka_unit_test(packets_that_wait_go_in_order_once_there_is_a_key),
		cmocka_unit_test(the_oldest_of_too_many_is_counted_and_dropped),
		cmocka_unit_test(what_waits_is_counted_and_dropped_after_90_s_without_an_answer),
		cmocka_unit_test(nothing_overtakes_what_waits),
		cmocka_unit_test(to_wait_behind_others_is_no_reason_for_a_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
