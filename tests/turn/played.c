/* played.c -- an allocation, and a TURN server that is played by hand. */
#include "turn/played.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "stun/integrity.h"

struct turn_allocation a;
struct rng rng;
msec now;
struct endpoint server, us, relayed, peer, news;
struct stun_msg request;
struct turn_payload payload;
unsigned ups, ends, ports, permitted, refused;

const struct turn_settings plain_settings = {
	.user = {(const uint8_t *)"user", 4},
	.password = {(const uint8_t *)"pass", 4},
	.family = IP_V4,
	.timing = {.rto = 500, .sends = 7, .last_wait = 16},
	.rng = &rng,
};

static uint8_t sent[TURN_MESSAGE_MAX], out[TURN_MESSAGE_MAX];
static struct writer writer;

struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

int played_ready(void **state)
{
	(void)state;
	assert_true(endpoint_parse(&server, "192.0.2.1:3478"));
	assert_true(endpoint_parse(&us, "203.0.113.7:40001"));
	assert_true(endpoint_parse(&relayed, "192.0.2.1:50001"));
	assert_true(endpoint_parse(&peer, "198.51.100.9:50900"));
	return crypto_init() ? 0 : -1;
}

void play(const struct turn_settings *settings)
{
	ups = ends = ports = permitted = refused = 0;
	now = 1000;
	rng_seed(&rng, 1);
	turn_allocation_init(&a, settings);
	turn_allocation_start(&a, &server, now);
}

void play_until_up(void)
{
	play(&plain_settings);
	next_request();
	assert_int_equal(demand(401, "nonce 1"), TURN_HANDLED);
	next_request();
	assert_int_equal(grant(), TURN_HANDLED);
	no_request();
	assert_int_equal(a.state, TURN_UP);
}

void play_until_permitted(bool channel)
{
	play_until_up();
	assert_true(turn_allocation_want(&a, &peer, channel, now));
	turn_allocation_tick(&a, now);
	next_request();
	assert_int_equal(grant(), TURN_HANDLED);
	no_request();
	assert_int_equal(permitted, 1);
}

bool poll_request(void)
{
	struct writer w = writer_over(sent, sizeof(sent));
	enum turn_action action;

	while ((action = turn_allocation_poll(&a, &w, &news, now)) != TURN_NOTHING) {
		ups += action == TURN_IS_UP;
		ends += action == TURN_ENDED;
		ports += action == TURN_CHANGE_PORT;
		permitted += action == TURN_PEER_PERMITTED;
		refused += action == TURN_PEER_REFUSED;
		if (action == TURN_SEND) {
			assert_true(stun_parse(&request, stun_finish(&w)));
			return true;
		}
	}
	return false;
}

void next_request(void)
{
	assert_true(poll_request());
	assert_int_equal(request.class, STUN_REQUEST);
}

void no_request(void)
{
	assert_false(poll_request());
}

void pass(msec until)
{
	now = msec_min(until, turn_allocation_due(&a));
	turn_allocation_tick(&a, now);
}

/* -- the server ---------------------------------------------------------- */

struct writer *answer(enum stun_class class)
{
	writer = writer_over(out, sizeof(out));
	stun_begin(&writer, request.method, class, request.id);
	return &writer;
}

enum turn_verdict feed(struct bytes datagram)
{
	return turn_allocation_feed(&a, &server, datagram, &payload, now);
}

enum turn_verdict send_bare(void)
{
	return feed(stun_finish(&writer));
}

enum turn_verdict send_signed(void)
{
	uint8_t key[MD5_LEN];

	stun_key_md5(key, text("user"), text("realm"), text("pass"));
	stun_put_integrity(&writer, bytes_of(key, sizeof(key)));
	return send_bare();
}

enum turn_verdict demand(unsigned code, const char *nonce)
{
	struct writer *w = answer(STUN_ERROR);

	stun_put_error(w, code);
	stun_put(w, ATTR_REALM, text("realm"));
	stun_put(w, ATTR_NONCE, text(nonce));
	return send_bare();
}

enum turn_verdict grant_for(uint32_t lifetime)
{
	struct writer *w = answer(STUN_SUCCESS);

	if (request.method == STUN_ALLOCATE) {
		stun_put_xor_address(w, ATTR_XOR_RELAYED_ADDRESS, &relayed);
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, &us);
	}
	if (request.method == STUN_ALLOCATE || request.method == STUN_REFRESH)
		stun_put_u32(w, ATTR_LIFETIME, lifetime);
	return send_signed();
}

enum turn_verdict grant(void)
{
	return grant_for(PLAYED_LIFETIME);
}

enum turn_verdict refuse(unsigned code)
{
	stun_put_error(answer(STUN_ERROR), code);
	return send_signed();
}

enum turn_verdict pass_on(const struct endpoint *from, const char *data)
{
	static const uint8_t id[STUN_ID_LEN] = {7};

	writer = writer_over(out, sizeof(out));
	stun_begin(&writer, STUN_DATA, STUN_INDICATION, id);
	stun_put_xor_address(&writer, ATTR_XOR_PEER_ADDRESS, from);
	if (data)
		stun_put(&writer, ATTR_DATA, text(data));
	return send_bare();
}
