/* credential.h -- a client's long-term credential, and what a server asks of it.
 *
 *   request -------------------------> server
 *           <-- 401, realm, nonce ----		feed: RETRY
 *   request, put() -----------------> server
 *           <-- success --------------		check: true
 *   ...
 *   request, put() -----------------> server
 *           <-- 438, another nonce ---		feed: RETRY, no failure
 *
 * RFC 8489 section 9.2. A server that lists PASSWORD-ALGORITHMS gets SHA-256 for
 * everything, and the list back, so that it notices if somebody shortened it. A
 * nonce that starts with the "nonce cookie" says what the server can do; what it
 * says and what stands in the message must agree (bid-down protection, 9.2.1).
 * The feature bits are counted from the right, as the errata have it.
 */
#ifndef STUN_CREDENTIAL_H
#define STUN_CREDENTIAL_H

#include "stun/integrity.h"

enum {
	CREDENTIAL_TEXT_MAX = 763,	/* bytes of a realm or a nonce (sections 14.9, 14.10) */
	CREDENTIAL_ALGORITHMS_MAX = 64,
	CREDENTIAL_STALE_MAX = 3,	/* nonces in a row that were stale at once */
};

enum credential_verdict {
	CREDENTIAL_NOT_ASKED,		/* the response is no 401 or 438 */
	CREDENTIAL_RETRY,		/* ask again, with a new transaction */
	CREDENTIAL_REFUSED,		/* give up: it is wrong, or the server is odd */
};

struct stun_credential {
	struct bytes user, password;	/* borrowed as long as this lives */
	uint8_t realm[CREDENTIAL_TEXT_MAX];
	size_t realm_len;
	uint8_t nonce[CREDENTIAL_TEXT_MAX];
	size_t nonce_len;
	uint8_t algorithms[CREDENTIAL_ALGORITHMS_MAX];	/* as the server listed them */
	size_t algorithms_len;		/* 0: it did not, so HMAC-SHA1 and an MD5 key */
	uint16_t algorithm;		/* of the key; 1 MD5, 2 SHA-256 */
	bool hides_user;		/* USERHASH in place of USERNAME */
	bool is_asked;			/* the above is known */
	unsigned stale;
	uint8_t key[SHA256_LEN];
	size_t key_len;
};

void stun_credential_init(struct stun_credential *c, struct bytes user, struct bytes password);
void stun_credential_wipe(struct stun_credential *c);

/* What does this error response, which answers a request of ours, ask for? */
enum credential_verdict stun_credential_feed(struct stun_credential *c, const struct stun_msg *msg);
/* Put everything that authenticates a request, after its other attributes; only
 * FINGERPRINT may follow. Nothing as long as no server has asked. */
void stun_credential_put(struct stun_credential *c, struct writer *w);
/* Is this response from who knows the password too? Ask before it is believed. */
bool stun_credential_check(struct stun_credential *c, const struct stun_msg *msg);

#endif
