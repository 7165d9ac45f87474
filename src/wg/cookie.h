/* cookie.h -- mac1, mac2 and the cookies that tame a flood (paper, 5.4.4 to 5.4.7).
 *
 * Every handshake message carries mac1, keyed with the receiver's public key:
 * who does not know whom he talks to gets no answer. Under load a receiver
 * answers with a cookie instead of doing the costly part; the sender must come
 * back with mac2, keyed with the cookie, which proves that it owns its address.
 *
 *   cookie = MAC(secret that changes every 120 s, source address and port)
 *
 * A cookie that arrives is only kept: it never causes a message to be sent
 * (the retry timer does that), else two nodes could be made to echo.
 */
#ifndef WG_COOKIE_H
#define WG_COOKIE_H

#include "base/addr.h"
#include "base/msec.h"
#include "base/rng.h"
#include "wg/messages.h"

enum { COOKIE_LIFE = 120 * 1000 };	/* msec: COOKIE_SECRET_MAX_AGE */

/* The receiver's side, one per node. */
struct cookie_checker {
	uint8_t mac1_key[KEY_LEN];	/* Hash("mac1----" || our public key) */
	uint8_t cookie_key[KEY_LEN];	/* Hash("cookie--" || our public key) */
	uint8_t secret[KEY_LEN];
	msec secret_born;
	bool has_secret;
};

enum cookie_verdict {
	COOKIE_BAD_MAC1,	/* drop, say nothing */
	COOKIE_MAC1_ONLY,	/* fine unless we are under load */
	COOKIE_MAC2_TOO,	/* the sender owns its address */
};

void cookie_checker_init(struct cookie_checker *c, const uint8_t public_key[static KEY_LEN]);

/* `message`: a whole initiation or response. The secret may be renewed here. */
enum cookie_verdict cookie_check(struct cookie_checker *c, struct bytes message,
				 const struct endpoint *from, struct rng *rng, msec now);

/* The reply to a message whose mac1 was right. */
void cookie_reply_create(struct message_cookie *out, struct cookie_checker *c, struct bytes message,
			 const struct endpoint *from, struct rng *rng, msec now);

/* The sender's side, one per peer. Its keys are made when they are needed, once or
 * twice in two minutes: a thousand silent peers shall not keep them. */
struct cookie_jar {
	const uint8_t *peer_public;	/* borrowed for as long as the jar lives */
	uint8_t cookie[COOKIE_LEN];
	uint8_t last_mac1[MAC_LEN];	/* of our last handshake message */
	msec cookie_born;
	bool has_cookie;
	bool sent_mac1;
};

void cookie_jar_init(struct cookie_jar *jar, const uint8_t peer_public[static KEY_LEN]);
/* Fill in mac1, and mac2 if a fresh cookie is there. */
void cookie_jar_sign(struct cookie_jar *jar, uint8_t *message, size_t len, msec now);
/* False: not an answer to our last message; nothing changes. */
bool cookie_jar_consume(struct cookie_jar *jar, const struct message_cookie *reply, msec now);

#endif
