/* hostile_test.c -- 10^5 mutated datagrams from a server, seeded: it can keep packets back,
 * and no more.
 *
 *	what it has signed is damaged ----> dropped; only a damaged 401 or 438 may end it
 *	it signs whatever damage it did --> it may end it, and still cannot do anything else
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "stun/integrity.h"
#include "turn/played.h"

enum { ROUNDS = 100000, ROOM = 600 };

static struct rng dice;
static uint8_t bytes[ROOM];
static size_t len;
static struct endpoint friend_of_ours;
static unsigned seen[TURN_VERDICTS], lives;

/* -- what the server says ------------------------------------------------ */

static void keep(const struct writer *w)
{
	len = w->len;
	memcpy(bytes, w->data, len);
}

static void draw_attribute(struct writer *w)
{
	static const uint16_t types[] = {
		ATTR_XOR_RELAYED_ADDRESS, ATTR_XOR_MAPPED_ADDRESS, ATTR_LIFETIME,
		ATTR_ALTERNATE_SERVER, ATTR_UNKNOWN_ATTRIBUTES, ATTR_REALM, ATTR_NONCE,
		ATTR_CHANNEL_NUMBER, ATTR_XOR_PEER_ADDRESS, ATTR_DATA, ATTR_ICMP,
		ATTR_PASSWORD_ALGORITHMS,
	};
	uint8_t value[24];
	size_t n = rng_below(&dice, 2) ? 8 : rng_below(&dice, sizeof(value) + 1);

	rng_u32(&dice);
	dice.fill(&dice, value, sizeof(value));
	value[1] = 1;				/* often an IPv4 address */
	stun_put(w, types[rng_below(&dice, sizeof(types) / sizeof(*types))], bytes_of(value, n));
}

/* An answer to what was asked last, or a Data indication. */
static void draw_message(void)
{
	static const unsigned codes[] = {300, 401, 420, 437, 438, 441, 486, 508};
	enum stun_class class = rng_below(&dice, 3) ? STUN_SUCCESS : STUN_ERROR;
	struct writer *w;

	if (rng_below(&dice, 3) == 0) {
		request.method = STUN_DATA;
		class = STUN_INDICATION;
	}
	w = answer(class);
	if (class == STUN_ERROR)
		stun_put_error(w, codes[rng_below(&dice, 8)]);
	if (class == STUN_INDICATION) {
		stun_put_xor_address(w, ATTR_XOR_PEER_ADDRESS, &friend_of_ours);
		stun_put(w, ATTR_DATA, text("hello"));
	} else {
		stun_put_xor_address(w, ATTR_XOR_RELAYED_ADDRESS, &relayed);
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, &us);
		stun_put_u32(w, ATTR_LIFETIME, rng_below(&dice, 2000));
		stun_put(w, ATTR_NONCE, text("drawn"));
	}
	for (unsigned n = rng_below(&dice, 3); n; n--)
		draw_attribute(w);
	keep(w);
}

static void draw_channel_data(void)
{
	len = 4 + rng_below(&dice, 40);
	dice.fill(&dice, bytes, len);
	store_be16(bytes, (uint16_t)(CHANNEL_MIN + rng_below(&dice, 4)));
	store_be16(bytes + 2, (uint16_t)(len - rng_below(&dice, 5)));
}

static void damage(void)
{
	for (unsigned n = 1 + rng_below(&dice, 6); n; n--)
		bytes[rng_below(&dice, (uint32_t)len)] ^= (uint8_t)(1u << rng_below(&dice, 8));
	if (rng_below(&dice, 4) == 0)
		len = rng_below(&dice, (uint32_t)len + 1);
}

static void sign(void)
{
	struct writer w = writer_over(bytes, sizeof(bytes));
	uint8_t key[MD5_LEN];

	if (len < STUN_HEADER_LEN)
		return;
	len = STUN_HEADER_LEN + (len - STUN_HEADER_LEN) / 4 * 4;
	w.len = len;
	store_be32(bytes + 4, STUN_COOKIE);
	stun_key_md5(key, text("user"), text("realm"), text("pass"));
	stun_put_integrity(&w, bytes_of(key, sizeof(key)));
	len = w.len;
}

/* -- what must hold ------------------------------------------------------ */

static void look(enum turn_verdict verdict)
{
	assert_in_range(verdict, 0, TURN_VERDICTS - 1);
	seen[verdict]++;
	if (verdict == TURN_PAYLOAD) {
		assert_true(ip_equal(&payload.peer.ip, &friend_of_ours.ip));
		assert_true(payload.data.len <= len);
		assert_true(payload.data.data >= bytes &&
			    payload.data.data + payload.data.len <= bytes + len);
	}
	if (a.state == TURN_UP) {
		assert_true(a.relayed.port && a.relayed.ip.family == IP_V4);
		assert_true(a.expires <= now + SECONDS(24 * 3600));
	}
	assert_int_equal(a.server.at.ip.family, IP_V4);
	assert_false(ip_is_loopback(&a.server.at.ip));
}

/* Everything that is owed; it never goes on for ever. */
static void drain(void)
{
	unsigned n = 0;

	turn_allocation_tick(&a, now);
	while (poll_request())
		assert_true(++n < TURN_PEERS_MAX + 4);
}

static void up_again(void)
{
	played_ready(NULL);
	play_until_up();
	assert_true(turn_allocation_want(&a, &friend_of_ours, true, now));
	turn_allocation_tick(&a, now);
	next_request();
	grant();
	lives++;
}

static void play_on(bool may_sign)
{
	struct endpoint other = friend_of_ours;

	if (a.state != TURN_UP)
		up_again();
	other.port = (uint16_t)(1 + rng_below(&dice, 40));
	turn_allocation_want(&a, &other, rng_below(&dice, 2), now);
	now += rng_below(&dice, 40) ? rng_below(&dice, 300) : rng_below(&dice, 200000);
	drain();
	if (rng_below(&dice, 4))
		draw_message();
	else
		draw_channel_data();
	damage();
	if (may_sign && !turn_is_channel_data(bytes_of(bytes, len)))
		sign();
	look(feed(bytes_of(bytes, len)));
	drain();
}

static void begin(uint64_t seed)
{
	rng_seed(&dice, seed);
	friend_of_ours = peer;
	memset(seen, 0, sizeof(seen));
	lives = 0;
	up_again();
}

static void all_was_tried(void)
{
	static const enum turn_verdict verdicts[] = {
		TURN_HANDLED, TURN_PAYLOAD, TURN_MALFORMED, TURN_UNEXPECTED, TURN_NO_TRANSACTION,
		TURN_BAD_INTEGRITY, TURN_BAD_ATTRIBUTES, TURN_NO_PERMISSION, TURN_NO_CHANNEL,
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		assert_true(seen[verdicts[i]] > 0);
}

static void damaged_datagrams_change_nothing(void **state)
{
	(void)state;
	begin(1);
	for (int i = 0; i < ROUNDS; i++) {
		play_on(false);
		/* 401 and 438 cannot be signed. */
		if (a.state == TURN_FAILED)
			assert_true(a.failure.kind == TURN_DENIED || a.failure.kind == TURN_LOST);
		if (a.state == TURN_UP)
			assert_true(endpoint_equal(&a.relayed, &relayed));
		assert_int_equal(ports, 0);
		assert_true(endpoint_equal(&a.server.at, &server));
	}
	all_was_tried();
	assert_true(seen[TURN_BAD_INTEGRITY] > 1000);
}

static void a_server_that_signs_anything_can_only_end_it(void **state)
{
	(void)state;
	begin(2);
	for (int i = 0; i < ROUNDS; i++)
		play_on(true);
	all_was_tried();
	assert_true(lives > 1000);		/* it did */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_datagrams_change_nothing),
		cmocka_unit_test(a_server_that_signs_anything_can_only_end_it),
	};

	return cmocka_run_group_tests(tests, played_ready, NULL);
}
