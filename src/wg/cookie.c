/* cookie.c -- mac1, mac2 and the cookies that tame a flood (paper, 5.4.4 to 5.4.7).
 *
 *   | what the message says ... | mac1 | mac2 |
 *   |<------- mac1 covers ----->|
 *   |<---------- mac2 covers --------->|
 */
#include "wg/cookie.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { LABEL_LEN = 8 };

/* So the sender is found without asking which of the two it is. */
_Static_assert(offsetof(struct message_initiation, sender) ==
		       offsetof(struct message_response, sender),
	       "initiation and response begin alike");

static void labelled_key(uint8_t out[static KEY_LEN], const char *label,
			 const uint8_t public_key[static KEY_LEN])
{
	blake2s(out, bytes_of(label, LABEL_LEN), bytes_of(public_key, KEY_LEN));
}

/* The two sizes that carry macs; nothing else is looked into. */
static bool has_macs(size_t len)
{
	return len == sizeof(struct message_initiation) || len == sizeof(struct message_response);
}

static struct bytes before_mac1(struct bytes message)
{
	return bytes_of(message.data, message.len - 2 * MAC_LEN);
}

static struct bytes before_mac2(struct bytes message)
{
	return bytes_of(message.data, message.len - MAC_LEN);
}

static const uint8_t *mac1_of(struct bytes message)
{
	return message.data + before_mac1(message).len;
}

static const uint8_t *mac2_of(struct bytes message)
{
	return message.data + before_mac2(message).len;
}

/* -- the receiver's side ------------------------------------------------- */

void cookie_checker_init(struct cookie_checker *c, const uint8_t public_key[static KEY_LEN])
{
	memset(c, 0, sizeof(*c));
	labelled_key(c->mac1_key, "mac1----", public_key);
	labelled_key(c->cookie_key, "cookie--", public_key);
}

static void renew_secret(struct cookie_checker *c, struct rng *rng, msec now)
{
	if (c->has_secret && now - c->secret_born < COOKIE_LIFE)
		return;
	rng->fill(rng, c->secret, sizeof(c->secret));
	c->secret_born = now;
	c->has_secret = true;
}

static void make_cookie(uint8_t out[static COOKIE_LEN], const struct cookie_checker *c,
			const struct endpoint *from)
{
	uint8_t source[16 + 2];
	struct writer w = writer_over(source, sizeof(source));

	put_bytes(&w, bytes_of(from->ip.bytes, ip_bits(&from->ip) / 8));
	put_be16(&w, from->port);
	blake2s_mac(out, c->secret, sizeof(c->secret), writer_bytes(&w));
}

/* Without a cookie mac2 is zeroes (paper, 5.4.4); then there is nothing to compute. */
static bool claims_cookie(struct bytes message)
{
	static const uint8_t none[MAC_LEN];

	return memcmp(mac2_of(message), none, MAC_LEN) != 0;
}

static bool mac2_is_right(const struct cookie_checker *c, struct bytes message,
			  const struct endpoint *from)
{
	uint8_t mac[MAC_LEN], cookie[COOKIE_LEN];

	make_cookie(cookie, c, from);
	blake2s_mac(mac, cookie, sizeof(cookie), before_mac2(message));
	wipe(cookie, sizeof(cookie));
	return secret_equal(mac, mac2_of(message), MAC_LEN);
}

/* Nothing of a message counts, not even for our secret's age, before mac1. */
enum cookie_verdict cookie_check(struct cookie_checker *c, struct bytes message,
				 const struct endpoint *from, struct rng *rng, msec now)
{
	uint8_t mac[MAC_LEN];

	if (!has_macs(message.len))
		return COOKIE_BAD_MAC1;
	blake2s_mac(mac, c->mac1_key, sizeof(c->mac1_key), before_mac1(message));
	if (!secret_equal(mac, mac1_of(message), MAC_LEN))
		return COOKIE_BAD_MAC1;
	if (!claims_cookie(message))
		return COOKIE_MAC1_ONLY;
	renew_secret(c, rng, now);
	return mac2_is_right(c, message, from) ? COOKIE_MAC2_TOO : COOKIE_MAC1_ONLY;
}

/* It goes to whoever sent the message and is shorter than any message that
 * asks for it, so nobody gains by faking his address. */
void cookie_reply_create(struct message_cookie *out, struct cookie_checker *c, struct bytes message,
			 const struct endpoint *from, struct rng *rng, msec now)
{
	uint8_t cookie[COOKIE_LEN];

	assert(has_macs(message.len));
	renew_secret(c, rng, now);
	make_cookie(cookie, c, from);
	memset(out, 0, sizeof(*out));
	store_le32(out->type, MESSAGE_COOKIE);
	memcpy(out->receiver, message.data + offsetof(struct message_response, sender),
	       sizeof(out->receiver));
	rng->fill(rng, out->nonce, sizeof(out->nonce));
	xaead_seal(out->cookie, c->cookie_key, out->nonce, bytes_of(cookie, COOKIE_LEN),
		   bytes_of(mac1_of(message), MAC_LEN));
	wipe(cookie, sizeof(cookie));
}

/* -- the sender's side --------------------------------------------------- */

void cookie_jar_init(struct cookie_jar *jar, const uint8_t peer_public[static KEY_LEN])
{
	memset(jar, 0, sizeof(*jar));
	jar->peer_public = peer_public;
}

static bool cookie_is_fresh(const struct cookie_jar *jar, msec now)
{
	return jar->has_cookie && now - jar->cookie_born < COOKIE_LIFE;
}

void cookie_jar_sign(struct cookie_jar *jar, uint8_t *message, size_t len, msec now)
{
	struct bytes whole = bytes_of(message, len);
	uint8_t key[KEY_LEN];
	uint8_t *mac1, *mac2;

	assert(has_macs(len));
	labelled_key(key, "mac1----", jar->peer_public);
	mac1 = message + before_mac1(whole).len;
	mac2 = message + before_mac2(whole).len;
	blake2s_mac(mac1, key, sizeof(key), before_mac1(whole));
	memcpy(jar->last_mac1, mac1, MAC_LEN);
	jar->sent_mac1 = true;

	if (cookie_is_fresh(jar, now)) {
		blake2s_mac(mac2, jar->cookie, sizeof(jar->cookie), before_mac2(whole));
		return;
	}
	memset(mac2, 0, MAC_LEN);
	wipe(jar->cookie, sizeof(jar->cookie));
	jar->has_cookie = false;
}

/* One reply per message of ours: a copy of it, sent again later, must not make
 * an old cookie look young. */
bool cookie_jar_consume(struct cookie_jar *jar, const struct message_cookie *reply, msec now)
{
	uint8_t cookie[COOKIE_LEN], key[KEY_LEN];
	bool ok;

	if (!jar->sent_mac1)
		return false;
	labelled_key(key, "cookie--", jar->peer_public);
	ok = xaead_open(cookie, key, reply->nonce,
			bytes_of(reply->cookie, sizeof(reply->cookie)),
			bytes_of(jar->last_mac1, MAC_LEN));
	if (ok) {
		memcpy(jar->cookie, cookie, COOKIE_LEN);
		jar->cookie_born = now;
		jar->has_cookie = true;
		jar->sent_mac1 = false;
	}
	wipe(cookie, sizeof(cookie));
	return ok;
}
