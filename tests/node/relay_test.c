/* relay_test.c -- a node that relays for its peers, and one that has a relay.
 *
 *   anna (far[0]) --[session]--> us --[session]--> bert (far[1])
 *   us --[session]--> anna, who relays for us --> cleo (far[2]), who cannot be called
 */
#include "node/relaying.h"

enum { ANNA, BERT, CLEO };

static const uint8_t bert[MAILBOX_LEN] = {0xbe, 0x27, 1, 2, 3};

static struct lab *lab;

/* -- we relay ------------------------------------------------------------------ */

static void open_relay(bool relay, uint32_t rate)
{
	lab = lab_new();
	lab->settings.relay = relay;
	lab->settings.relay_rate = rate;
	lab_start(lab);
	lab_connect(lab, ANNA);
	lab_connect(lab, BERT);
	relaying_register(lab, BERT, bert);
}

static uint64_t count(enum forward_counter counter)
{
	struct relaying_status status;

	node_relaying_status(lab->us.node, &status);
	return status.counters[counter];
}

static void a_burst_goes_to_who_registered_the_tag(void **state)
{
	static struct mail burst[BURST_MAX];

	(void)state;
	open_relay(true, 0);
	for (unsigned n = 0; n < BURST_MAX; n++)
		burst[n] = relaying_frame(lab, ANNA, bert, n, n % 2 ? RELAYING_LEN : 100);
	lab_receive(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	for (unsigned n = 0; n < BURST_MAX; n++) {
		/* what came, and no padding */
		assert_int_equal(lab->us.sent[n].len, burst[n].len);
		relaying_assert(lab, BERT, &lab->us.sent[n], bert, n, n % 2 ? RELAYING_LEN : 100);
	}
	assert_int_equal(lab->us.got_len, 0);
	assert_int_equal(count(FORWARD_FRAMES), BURST_MAX);
	lab_assert_only(lab, 0, 0);
	lab_free(lab);
}

/* So that they can leave by few calls; and each in its order. */
static void what_is_for_one_leaves_together(void **state)
{
	static const uint8_t cleo[MAILBOX_LEN] = {0xc1, 0xe0};
	static struct mail burst[BURST_MAX];
	enum { HALF = BURST_MAX / 2, ALL = 2 * HALF };

	(void)state;
	open_relay(true, 0);
	lab_connect(lab, CLEO);
	relaying_register(lab, CLEO, cleo);
	for (unsigned n = 0; n < ALL; n++)
		burst[n] = relaying_frame(lab, ANNA, n % 2 ? cleo : bert, n, RELAYING_LEN);
	lab_receive(lab, &lab->us, burst, ALL);
	assert_int_equal(lab->us.sent_len, ALL);
	for (unsigned n = 0; n < HALF; n++) {
		relaying_assert(lab, BERT, &lab->us.sent[n], bert, 2 * n, RELAYING_LEN);
		relaying_assert(lab, CLEO, &lab->us.sent[HALF + n], cleo, 2 * n + 1, RELAYING_LEN);
	}
	assert_int_equal(count(FORWARD_FRAMES), ALL);
	lab_free(lab);
}

static void those_who_ask_are_told_what_was_relayed(void **state)
{
	struct relaying_status status;
	struct relayed_status one;
	struct mail mail;
	size_t i = 0;

	(void)state;
	open_relay(true, 7);
	mail = relaying_frame(lab, ANNA, bert, 1, 100);
	lab_feed(lab, &lab->us, &mail);
	assert_true(node_relaying_status(lab->us.node, &status));
	assert_int_equal(status.rate, 7);
	assert_true(node_next_relayed(lab->us.node, &i, &one, lab->now + 5));
	assert_string_equal(one.from, "anna");
	assert_string_equal(one.to, "bert");
	assert_int_equal(one.packets, 1);
	assert_int_equal(one.bytes, 100 + RELAY_HEADER);
	assert_int_equal(one.idle, 5);
	assert_false(node_next_relayed(lab->us.node, &i, &one, lab->now));
	i = 0;
	assert_false(node_next_relayed(lab->us.node, &i, &one, lab->now + SECONDS(60)));
	lab_free(lab);
}

static void who_is_not_told_to_relays_nothing(void **state)
{
	struct relaying_status status;
	struct mail mail;

	(void)state;
	open_relay(false, 0);
	mail = relaying_frame(lab, ANNA, bert, 1, 100);
	lab_feed(lab, &lab->us, &mail);
	assert_int_equal(lab->us.sent_len, 0);
	lab_assert_only(lab, COUNT_NO_RELAY, 1);
	assert_false(node_relaying_status(lab->us.node, &status));
	lab_free(lab);
}

static void nothing_goes_to_nobody_or_back(void **state)
{
	static const uint8_t nobody[MAILBOX_LEN] = {1};
	struct mail mail;

	(void)state;
	open_relay(true, 0);
	mail = relaying_frame(lab, ANNA, nobody, 1, 100);
	lab_feed(lab, &lab->us, &mail);
	assert_int_equal(count(FORWARD_NOBODY), 1);
	mail = relaying_frame(lab, BERT, bert, 1, 100);
	lab_feed(lab, &lab->us, &mail);
	assert_int_equal(count(FORWARD_TO_SOURCE), 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_malformed_one_is_dropped(void **state)
{
	static const uint8_t frame[] = {FRAME_RELAY, 0, 4, 0xbe, 0x27, 1, 2};
	struct mail mail;

	(void)state;
	open_relay(true, 0);
	mail = lab_seal(lab, ANNA, frame, sizeof(frame));
	lab_feed(lab, &lab->us, &mail);
	assert_int_equal(lab->us.sent_len, 0);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 1);
	lab_free(lab);
}

/* One hop: not out of a relay's datagram, nor into one. */
static void nothing_is_relayed_twice(void **state)
{
	static struct node_out out;
	struct mail mail;
	struct datagram d = {.path = {.via = VIA_RELAY}};

	(void)state;
	open_relay(true, 0);
	mail = relaying_frame(lab, ANNA, bert, 1, 100);
	d.packet = packet_in(mail.bytes, sizeof(mail.bytes), 0, mail.len);
	d.path.remote = lab->far[ANNA].at;
	node_receive(lab->us.node, &d, 1, &out, lab->now);
	assert_int_equal(out.to_net_len, 0);
	lab_assert_only(lab, COUNT_RELAYED_TWICE, 1);

	lab_peer(lab, BERT)->path.via = VIA_RELAY;
	lab_peer(lab, ANNA)->path = (struct path){.remote = lab->far[ANNA].at};
	mail = relaying_frame(lab, ANNA, bert, 1, 100);
	lab_receive(lab, &lab->us, &mail, 1);
	assert_int_equal(lab->us.sent_len, 0);
	assert_int_equal(count(FORWARD_UNREACHED), 1);
	lab_free(lab);
}

static void above_the_rate_they_wait_their_turn(void **state)
{
	unsigned at_once, n = 0;
	struct mail mail;

	(void)state;
	open_relay(true, 1);
	do {
		mail = relaying_frame(lab, ANNA, bert, n++, RELAYING_LEN);
		lab_receive(lab, &lab->us, &mail, 1);
	} while (lab->us.sent_len == n);
	at_once = (unsigned)lab->us.sent_len;
	assert_in_range(at_once, FORWARDER_BURST_MIN / RELAYING_LEN, FORWARDER_BURST_MIN / RELAYING_LEN + 2);
	mail = relaying_frame(lab, ANNA, bert, n++, RELAYING_LEN);
	lab_receive(lab, &lab->us, &mail, 1);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.sent_len, at_once);
	assert_true(node_due(lab->us.node) <= lab->now + 30);
	lab_pass(lab, SECONDS(1));
	assert_int_equal(lab->us.sent_len, n);
	for (unsigned i = 0; i < n; i++)
		relaying_assert(lab, BERT, &lab->us.sent[i], bert, i, RELAYING_LEN);
	lab_free(lab);
}

/* -- we have one -------------------------------------------------------------------- */

/* Anna relays, and cleo is behind her: there is a session with each. */
static void open_client(void)
{
	struct peer *cleo;

	lab = lab_new();
	lab_start(lab);
	lab_connect(lab, CLEO);
	lab->peers[CLEO].endpoint_host = NULL;	/* so that we need an introducer */
	lab->far[ANNA].node->relay = true;
	assert_true(lab_reconfigure(lab));
	lab_poll(lab, &lab->us);
	lab_exchange(lab);
	assert_ptr_equal(relays_peer(&lab->us.node->signalling.relays, VIA_RELAY),
			 lab_peer(lab, ANNA));
	cleo = lab_peer(lab, CLEO);
	cleo->path = (struct path){.remote = relays_endpoint(lab->far[ANNA].public_key),
				   .via = VIA_RELAY};
	cleo->path.remote.scope = relays_scope(lab->far[CLEO].public_key);
	lab_forget(lab);
}

/* The packet in a datagram of cleo's in a frame of anna's: byte k is k, and this long. */
static void assert_for_cleo(struct mail *mail, size_t len)
{
	struct peer *cleo = lab->far[CLEO].node->roster.peers[0];
	struct packet p = relaying_opened(lab, ANNA, mail), inside;
	enum session_verdict verdict;
	uint8_t tag[RELAY_TAG];

	assert_true(relay_read(&p, tag, &inside));
	assert_memory_equal(tag, mailboxes_tag(lab->us.node, lab_peer(lab, CLEO)), RELAY_TAG);
	session_open(&cleo->session, &inside, &verdict, 1, lab->now);
	assert_int_equal(verdict, SESSION_OK);
	assert_true(inside.len >= len);
	for (size_t k = 20; k < len; k++)
		assert_int_equal(inside.data[k], (uint8_t)k);
}

/* Each is sealed twice where it lies. */
static void a_burst_leaves_by_the_relay(void **state)
{
	struct packet packets[BURST_MAX];

	(void)state;
	open_client();
	for (size_t i = 0; i < BURST_MAX; i++)
		packets[i] = lab_packet(lab, i, &lab->us.inner4, &lab->far[CLEO].inner4, 100 + i * 9);
	lab_send(lab, &lab->us, packets, BURST_MAX);
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	assert_true(lab->us.by_relay);
	for (size_t i = 0; i < BURST_MAX; i++)
		assert_for_cleo(&lab->us.sent[i], 100 + i * 9);
	lab_say(lab, &lab->us, &lab->far[ANNA], 100);
	assert_false(lab->us.by_relay);
	lab_assert_only(lab, 0, 0);
	lab_free(lab);
}

static void a_relay_that_is_gone_takes_nothing(void **state)
{
	(void)state;
	open_client();
	lab->us.node->signalling.relays.by_number[0].peer = NULL;
	lab_say(lab, &lab->us, &lab->far[CLEO], 100);
	assert_int_equal(lab->us.sent_len, 0);
	assert_int_equal(lab_count(lab, COUNT_NO_RELAY), 1);
	lab_free(lab);
}

/* In a circle there is no way out. */
static void a_relay_is_not_reached_by_a_relay(void **state)
{
	(void)state;
	open_client();
	lab_peer(lab, ANNA)->path.via = VIA_RELAY + 1;
	lab_say(lab, &lab->us, &lab->far[CLEO], 100);
	assert_int_equal(lab->us.sent_len, 0);
	assert_true(lab_count(lab, COUNT_NO_RELAY) > 0);
	lab_free(lab);
}

/* The peer is taken out of the file, with its keys. */
static void a_relay_that_is_no_peer_any_more_is_none(void **state)
{
	struct endpoint at;

	(void)state;
	open_client();
	at = relays_endpoint(lab->far[ANNA].public_key);
	assert_true(gather_has_relay(&lab->us.node->signalling.gather, &at.ip));
	lab->settings.peers = &lab->peers[BERT];
	lab->settings.peers_len--;
	assert_true(lab_reconfigure(lab));
	assert_null(relays_peer(&lab->us.node->signalling.relays, VIA_RELAY));
	assert_false(gather_has_relay(&lab->us.node->signalling.gather, &at.ip));
	lab_free(lab);
}

/* A copy by the standby is made before the original is sealed once more. */
static void a_copy_by_another_way_has_bytes_of_its_own(void **state)
{
	struct packet p;
	struct datagram d = {0}, copies[BURST_MAX];
	struct path direct = {.remote = {.ip = ip_v4(192, 0, 2, 1), .port = 1}};

	(void)state;
	open_client();
	p = lab_packet(lab, 0, &lab->us.inner4, &lab->far[CLEO].inner4, 100);
	d.packet = p;
	d.path = lab_peer(lab, CLEO)->path;
	for (unsigned i = 0; i < BURST_MAX; i++) {
		p.data[1] = (uint8_t)i;
		assert_true(wrap_copy(lab->us.node, &copies[i], &d, &direct));
		assert_int_equal(copies[i].path.via, 0);
	}
	for (size_t i = 0; i < BURST_MAX; i++)
		assert_int_equal(copies[i].packet.data[1], i);
	d.packet.len = ROOMS_DATAGRAM + 1;
	assert_false(wrap_copy(lab->us.node, &copies[0], &d, &direct));
	d.path = direct;		/* neither is wrapped: the same bytes will do */
	assert_true(wrap_copy(lab->us.node, &copies[0], &d, &direct));
	assert_ptr_equal(copies[0].packet.data, p.data);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_goes_to_who_registered_the_tag),
		cmocka_unit_test(what_is_for_one_leaves_together),
		cmocka_unit_test(those_who_ask_are_told_what_was_relayed),
		cmocka_unit_test(who_is_not_told_to_relays_nothing),
		cmocka_unit_test(nothing_goes_to_nobody_or_back),
		cmocka_unit_test(a_malformed_one_is_dropped),
		cmocka_unit_test(nothing_is_relayed_twice),
		cmocka_unit_test(above_the_rate_they_wait_their_turn),
		cmocka_unit_test(a_burst_leaves_by_the_relay),
		cmocka_unit_test(a_relay_that_is_gone_takes_nothing),
		cmocka_unit_test(a_relay_is_not_reached_by_a_relay),
		cmocka_unit_test(a_relay_that_is_no_peer_any_more_is_none),
		cmocka_unit_test(a_copy_by_another_way_has_bytes_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
