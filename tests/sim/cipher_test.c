/* cipher_test.c -- two whole nodes, their settings, and which cipher suite they end in.
 *
 *   strangers   plain endpoints: nothing is known but what the handshakes say
 *   introduced  no endpoints: each has told its suites before the first handshake
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "node/demux.h"
#include "node/explain.h"
#include "sim/sim.h"

enum { A, B, LEN = 200, PACKETS = 4000 };

static const enum node_cipher ciphers[] = {NODE_CIPHER_AUTO, NODE_CIPHER_CHACHA20,
					   NODE_CIPHER_AES256GCM};

/* What goes over the wire, and what of it is lost. */
struct wire {
	unsigned calls[AEAD_SUITES];	/* initiations */
	unsigned data[AEAD_SUITES];
	bool lose_aes_calls;
	bool keep;			/* the next envelope to B */
	size_t kept_len;
	uint8_t kept[ENVELOPE_MAX + 1];
	struct endpoint kept_from;
};

static struct wire wire;
static struct sim *sim;

static bool watch(struct sim *s, struct sim_datagram *d, void *context)
{
	struct wire *w = context;
	enum demux_kind kind = demux(bytes_of(d->bytes, d->len), false);
	unsigned suite = d->bytes[1];

	if (kind == DEMUX_INITIATION)
		w->calls[suite]++;
	if (kind == DEMUX_DATA)
		w->data[suite]++;
	if (kind == DEMUX_ENVELOPE && w->keep && endpoint_equal(&d->to, &s->nodes[B].links[0].at)) {
		memcpy(w->kept, d->bytes, d->len);
		w->kept_len = d->len;
		w->kept_from = d->from;
		w->keep = false;
	}
	return !(kind == DEMUX_INITIATION && suite && w->lose_aes_calls);
}

static void observe(void)
{
	wire = (struct wire){0};
	sim->tap = watch;
	sim->tap_context = &wire;
}

static void skip_without_aes(void)
{
	if (!aead_has(AEAD_AES256GCM))
		skip();
}

/* Only A has an endpoint of the other. */
static void open_strangers(uint64_t seed, enum node_cipher a, enum node_cipher b)
{
	sim = sim_prepare(seed, 2);
	skip_without_aes();
	sim->nodes[A].cipher = a;
	sim->nodes[B].cipher = b;
	sim->nodes[B].calls = 0;
	observe();
	for (size_t i = A; i <= B; i++)
		sim_add_link(sim, i, ip_v4(192, 0, 2, (uint8_t)(i + 1)), NET_INTERNET);
	for (size_t i = A; i <= B; i++)
		sim_start(sim, i);
}

static void set_cipher(size_t i, enum node_cipher cipher)
{
	sim->nodes[i].cipher = cipher;
	sim_configure(sim, i, true, false, 0);
}

/* Behind NATs; the third node introduces them. */
static void open_introduced(uint64_t seed, enum node_cipher a, enum node_cipher b)
{
	static const enum sim_nat_kind kinds[] = {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED};

	sim = sim_new_behind_nats(seed, kinds, 3, 1);
	skip_without_aes();
	set_cipher(A, a);
	set_cipher(B, b);
	sim_run(sim, SECONDS(3));
	observe();
}

static const char *cipher(size_t of, size_t peer)
{
	return sim_status(sim, of, peer).cipher;
}

static void assert_ciphers(const char *name)
{
	if (name) {
		assert_non_null(cipher(A, B));
		assert_string_equal(cipher(A, B), name);
		assert_string_equal(cipher(B, A), name);
	} else {
		assert_null(cipher(A, B));
		assert_null(cipher(B, A));
	}
}

static struct peer *peer_of(size_t of, size_t peer)
{
	return node_find_peer(sim->nodes[of].node, sim->nodes[peer].public_key);
}

static struct explanation explain(size_t of, size_t peer)
{
	static struct explanation e;

	assert_true(node_explain(sim->nodes[of].node, sim->nodes[peer].public_key, &e, sim->now));
	return e;
}

/* Of packets in both directions. */
static unsigned lost(unsigned packets, msec step)
{
	uint32_t first = sim->sent;
	unsigned missing = 0;

	for (unsigned i = 0; i < packets; i++) {
		sim_packet(sim, A, B, LEN);
		sim_packet(sim, B, A, LEN);
		sim_run(sim, step);
	}
	sim_run(sim, SECONDS(1));
	for (uint32_t k = first; k < sim->sent; k++)
		missing += !sim_arrived(sim, k);
	return missing;
}

/* -- what they end in --------------------------------------------------------- */

static const char *expected(enum node_cipher a, enum node_cipher b)
{
	bool chacha = a == NODE_CIPHER_CHACHA20 || b == NODE_CIPHER_CHACHA20;
	bool aes = a == NODE_CIPHER_AES256GCM || b == NODE_CIPHER_AES256GCM;

	if (chacha)
		return aes ? NULL : "chacha20";
	return "aes256gcm";
}

static void strangers_end_as_their_settings_want_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < 9; i++) {
		open_strangers(i, ciphers[i / 3], ciphers[i % 3]);
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(1));
		assert_ciphers(expected(ciphers[i / 3], ciphers[i % 3]));
		sim_free(sim);
	}
}

static void those_who_were_introduced_as_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < 9; i++) {
		open_introduced(10 + i, ciphers[i / 3], ciphers[i % 3]);
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(5));
		assert_ciphers(expected(ciphers[i / 3], ciphers[i % 3]));
		sim_free(sim);
	}
}

/* Two handshakes, and nothing else that plain WireGuard would not say. */
static void strangers_need_no_frame_to_move_to_aes(void **state)
{
	(void)state;
	open_strangers(20, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(8));
	assert_ciphers("aes256gcm");
	assert_int_equal(wire.calls[AEAD_CHACHA20POLY1305], 1);
	assert_int_equal(wire.calls[AEAD_AES256GCM], 1);
	assert_int_equal(wire.data[AEAD_CHACHA20POLY1305], 1);
	assert_true(wire.data[AEAD_AES256GCM] >= 1);
	sim_free(sim);
}

static void those_who_were_introduced_begin_with_aes(void **state)
{
	(void)state;
	for (uint64_t seed = 30; seed < 50; seed++) {
		open_introduced(seed, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(5));
		assert_ciphers("aes256gcm");
		assert_int_equal(wire.calls[AEAD_CHACHA20POLY1305], 0);
		sim_free(sim);
	}
}

/* -- what does not lead them away from it ------------------------------------- */

static void who_drops_each_call_in_aes_gets_no_other(void **state)
{
	(void)state;
	for (uint64_t seed = 60; seed < 63; seed++) {
		open_introduced(seed, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(5));
		assert_ciphers("aes256gcm");
		observe();
		wire.lose_aes_calls = true;
		assert_true(lost(900, SECONDS(1)) > 1000);
		assert_ciphers(NULL);
		assert_true(wire.calls[AEAD_AES256GCM] > 50);
		assert_int_equal(wire.calls[AEAD_CHACHA20POLY1305], 0);
		assert_int_equal(wire.data[AEAD_CHACHA20POLY1305], 0);
		wire.lose_aes_calls = false;
		lost(20, SECONDS(1));
		assert_ciphers("aes256gcm");
		sim_free(sim);
	}
}

static void nor_does_who_drops_them_from_the_start_if_it_is_pinned(void **state)
{
	(void)state;
	open_strangers(70, NODE_CIPHER_AES256GCM, NODE_CIPHER_AUTO);
	wire.lose_aes_calls = true;
	assert_int_equal(lost(300, SECONDS(1)), 600);
	assert_int_equal(wire.calls[AEAD_CHACHA20POLY1305], 0);
	assert_ciphers(NULL);
	assert_int_equal(explain(A, B).verdict, VERDICT_AES_UNANSWERED);
	sim_free(sim);
}

/* A had no AES once, and said so. B has lost its disk since then. */
static void an_old_desc_says_nothing(void **state)
{
	(void)state;
	open_introduced(80, NODE_CIPHER_CHACHA20, NODE_CIPHER_AUTO);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(40));		/* they know where they are */
	assert_ciphers("chacha20");
	wire.keep = true;
	sim_restart(sim, A);
	sim_run(sim, SECONDS(20));
	assert_true(wire.kept_len > 0);
	set_cipher(A, NODE_CIPHER_AUTO);
	lost(20, SECONDS(1));
	assert_ciphers("aes256gcm");

	sim_stop(sim, B, false);
	sim->nodes[B].peers_len = 0;
	sim_start(sim, B);
	sim_run(sim, SECONDS(1));
	peer_of(B, A)->session.theirs = SUITE_CHACHA20 | SUITE_AES256GCM;
	sim_inject(sim, &wire.kept_from, B, bytes_of(wire.kept, wire.kept_len));
	sim_run(sim, 100);
	assert_int_equal(peer_of(B, A)->session.theirs, SUITE_CHACHA20 | SUITE_AES256GCM);
	assert_true(peer_of(B, A)->reach->exchange.heard_ms > 0);	/* it was read, and was authentic */
	sim_free(sim);
}

/* -- settings and lives that change -------------------------------------------- */

static void nothing_is_lost_on_the_way_to_aes(void **state)
{
	(void)state;
	for (int introduced = 0; introduced <= 1; introduced++) {
		if (introduced)
			open_introduced(90, NODE_CIPHER_CHACHA20, NODE_CIPHER_AUTO);
		else
			open_strangers(91, NODE_CIPHER_CHACHA20, NODE_CIPHER_AUTO);
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(10));
		assert_ciphers("chacha20");
		assert_int_equal(lost(100, 5), 0);
		set_cipher(A, NODE_CIPHER_AUTO);
		assert_int_equal(lost(PACKETS, 3), 0);
		assert_ciphers("aes256gcm");
		sim_free(sim);
	}
}

static void a_restart_begins_with_aes(void **state)
{
	(void)state;
	open_strangers(100, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(40));
	assert_ciphers("aes256gcm");
	for (size_t i = A; i <= B; i++) {
		sim_restart(sim, i);
		observe();
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(20));
		assert_ciphers("aes256gcm");
		assert_int_equal(wire.calls[AEAD_CHACHA20POLY1305], 0);
	}
	sim_free(sim);
}

/* The disk is lost as well: it begins as with a stranger. */
static void a_restart_without_memory_gets_there_too(void **state)
{
	(void)state;
	open_strangers(110, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(40));
	for (size_t i = A; i <= B; i++) {
		sim_stop(sim, i, false);
		sim->nodes[i].peers_len = 0;
		sim_start(sim, i);
		lost(30, SECONDS(1));
		assert_ciphers("aes256gcm");
	}
	sim_free(sim);
}

static const struct event *last_event(size_t of, enum event_kind kind)
{
	const struct events *events = node_events(sim->nodes[of].node);
	const struct event *found = NULL;

	for (uint64_t n = events_first(events); events_at(events, n); n++) {
		if (events_at(events, n)->kind == kind)
			found = events_at(events, n);
	}
	return found;
}

static void who_has_lost_aes_is_spoken_to_without_it_and_that_is_told(void **state)
{
	(void)state;
	for (size_t who = A; who <= B; who++) {
		open_strangers(120 + who, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(2));
		assert_ciphers("aes256gcm");
		assert_null(last_event(!who, EVENT_CIPHER_LOST));
		set_cipher(who, NODE_CIPHER_CHACHA20);
		sim_run(sim, SECONDS(1));
		assert_ciphers("chacha20");
		assert_non_null(last_event(!who, EVENT_CIPHER_LOST));
		assert_string_equal(last_event(!who, EVENT_CIPHER_LOST)->text, "aes256gcm");
		assert_string_equal(last_event(!who, EVENT_CIPHER)->text, "chacha20");
		assert_int_equal(lost(200, SECONDS(1)), 0);
		assert_ciphers("chacha20");
		sim_free(sim);
	}
}

/* While it could tell nobody: who knows it from before calls in vain, and is called back. */
static void who_has_lost_aes_while_it_was_off_is_reached_all_the_same(void **state)
{
	(void)state;
	open_strangers(130, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(40));
	sim_stop(sim, B, true);
	sim->nodes[B].cipher = NODE_CIPHER_CHACHA20;
	sim->nodes[B].peers_len = 0;
	sim_start(sim, B);
	observe();
	sim_restart(sim, A);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(1));
	assert_true(wire.calls[AEAD_AES256GCM] > 0);
	assert_int_equal(node_counter(sim->nodes[B].node, COUNT_WRONG_SUITE), 1);
	assert_ciphers("chacha20");
	sim_free(sim);
}

/* -- whatever carries it --------------------------------------------------------- */

/* Both in the same suite, behind NATs of that kind. */
static void open_behind(uint64_t seed, enum sim_nat_kind kind, enum node_cipher cipher, bool relays)
{
	const enum sim_nat_kind kinds[] = {kind, kind};

	sim = sim_new_behind_nats(seed, kinds, 3, 1);
	skip_without_aes();
	sim->relays = relays ? 1u << 2 : 0;
	for (size_t i = 0; i < sim->nodes_len; i++)
		set_cipher(i, cipher);
	sim_run(sim, SECONDS(10));
	lost(50, 100);			/* until they have met */
}

static void a_peer_that_relays_carries_either(void **state)
{
	(void)state;
	for (size_t i = 1; i < 3; i++) {
		open_behind(160 + i, SIM_SYMMETRIC, ciphers[i], true);
		assert_int_equal(sim_status(sim, A, B).state, PEER_RELAY);
		assert_int_equal(lost(1000, 10), 0);
		assert_ciphers(expected(ciphers[i], ciphers[i]));
		sim_free(sim);
	}
}

static void tcp_carries_either(void **state)
{
	(void)state;
	for (size_t i = 1; i < 3; i++) {
		open_behind(170 + i, SIM_UDP_BLOCKED, ciphers[i], false);
		assert_int_equal(sim_status(sim, A, B).way.transport, PATH_TCP);
		assert_int_equal(lost(1000, 10), 0);
		assert_ciphers(expected(ciphers[i], ciphers[i]));
		sim_free(sim);
	}
}

/* -- what is said of it --------------------------------------------------------- */

static void settings_that_contradict_each_other_are_explained(void **state)
{
	(void)state;
	for (int aes_calls = 0; aes_calls <= 1; aes_calls++) {
		open_strangers(140, aes_calls ? NODE_CIPHER_AES256GCM : NODE_CIPHER_CHACHA20,
			       aes_calls ? NODE_CIPHER_CHACHA20 : NODE_CIPHER_AES256GCM);
		assert_int_equal(lost(20, SECONDS(1)), 40);
		assert_int_equal(explain(B, A).verdict, VERDICT_CIPHERS_APART);
		assert_true(node_counter(sim->nodes[B].node, COUNT_WRONG_SUITE) >= 2);
		assert_non_null(last_event(B, EVENT_CIPHER_REFUSED));
		/* who was called has called as well */
		assert_int_equal(explain(A, B).verdict, VERDICT_CIPHERS_APART);
		set_cipher(A, NODE_CIPHER_AUTO);
		lost(20, SECONDS(1));
		assert_ciphers(aes_calls ? "chacha20" : "aes256gcm");
		assert_int_equal(explain(A, B).verdict, VERDICT_DIRECT);
		assert_int_equal(explain(B, A).verdict, VERDICT_DIRECT);
		sim_free(sim);
	}
}

/* The same between two that know each other. One still has keys that the other has dropped. */
static void so_are_those_that_come_to_it_later(void **state)
{
	(void)state;
	open_strangers(150, NODE_CIPHER_AUTO, NODE_CIPHER_AUTO);
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(2));
	set_cipher(B, NODE_CIPHER_CHACHA20);
	sim_run(sim, SECONDS(2));
	assert_ciphers("chacha20");
	set_cipher(A, NODE_CIPHER_AES256GCM);
	sim_run(sim, SECONDS(2));
	assert_null(cipher(A, B));
	assert_int_equal(explain(A, B).verdict, VERDICT_CIPHERS_APART);
	assert_int_equal(explain(B, A).verdict, VERDICT_CIPHERS_APART);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_end_as_their_settings_want_it),
		cmocka_unit_test(those_who_were_introduced_as_well),
		cmocka_unit_test(strangers_need_no_frame_to_move_to_aes),
		cmocka_unit_test(those_who_were_introduced_begin_with_aes),
		cmocka_unit_test(who_drops_each_call_in_aes_gets_no_other),
		cmocka_unit_test(nor_does_who_drops_them_from_the_start_if_it_is_pinned),
		cmocka_unit_test(an_old_desc_says_nothing),
		cmocka_unit_test(nothing_is_lost_on_the_way_to_aes),
		cmocka_unit_test(a_restart_begins_with_aes),
		cmocka_unit_test(a_restart_without_memory_gets_there_too),
		cmocka_unit_test(who_has_lost_aes_is_spoken_to_without_it_and_that_is_told),
		cmocka_unit_test(who_has_lost_aes_while_it_was_off_is_reached_all_the_same),
		cmocka_unit_test(a_peer_that_relays_carries_either),
		cmocka_unit_test(tcp_carries_either),
		cmocka_unit_test(settings_that_contradict_each_other_are_explained),
		cmocka_unit_test(so_are_those_that_come_to_it_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
