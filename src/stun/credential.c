/* credential.c -- a client's long-term credential, and what a server asks of it. */
#include "stun/credential.h"

#include <string.h>

#include "crypto/key.h"

enum {
	ALGORITHM_MD5 = 1,		/* RFC 8489 section 18.5 */
	ALGORITHM_SHA256 = 2,
	FEATURE_ALGORITHMS = 1 << 0,	/* section 18.1, erratum: bit 0 is the rightmost */
	FEATURE_USERHASH = 1 << 1,
	FEATURE_CHARS = 4,		/* base64 of 24 bits */
};

static const char nonce_cookie[] = "obMatJos2";

/* What a 401 or 438 says; kept only if all of it is good. */
struct demand {
	struct bytes realm, nonce, algorithms;
	uint32_t features;
	uint16_t algorithm;
};

void stun_credential_init(struct stun_credential *c, struct bytes user, struct bytes password)
{
	memset(c, 0, sizeof(*c));
	c->user = user;
	c->password = password;
}

void stun_credential_wipe(struct stun_credential *c)
{
	wipe(c, sizeof(*c));
}

/* -- what the server asks for -------------------------------------------- */

static int base64_value(uint8_t c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The 24 bits behind the nonce cookie; 0: there is none. */
static uint32_t nonce_features(struct bytes nonce)
{
	struct reader r = reader_over(nonce);
	struct bytes cookie = get_bytes(&r, sizeof(nonce_cookie) - 1);
	struct bytes text = get_bytes(&r, FEATURE_CHARS);
	uint32_t bits = 0;

	if (r.bad || memcmp(cookie.data, nonce_cookie, cookie.len) != 0)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		int v = base64_value(text.data[i]);

		if (v < 0)
			return 0;
		bits = bits << 6 | (uint32_t)v;
	}
	return bits;
}

/* The strongest that both can do, from a list of number, length of parameters,
 * parameters (section 14.11); 0: none, or the list is malformed. */
static uint16_t choose_algorithm(struct bytes list)
{
	struct reader r = reader_over(list);
	uint16_t best = 0;

	while (!reader_done(&r)) {
		uint16_t algorithm = get_be16(&r);
		uint16_t len = get_be16(&r);

		get_bytes(&r, len);
		get_bytes(&r, -len & 3u);
		if (len == 0 && algorithm <= ALGORITHM_SHA256 && algorithm > best)
			best = algorithm;
	}
	return r.bad ? 0 : best;
}

static bool is_text(struct bytes b)
{
	return b.len > 0 && b.len <= CREDENTIAL_TEXT_MAX;
}

/* False: it is incomplete, contradicts itself, or asks for what we cannot do. */
static bool read_demand(struct demand *d, const struct stun_credential *c,
			const struct stun_msg *msg)
{
	*d = (struct demand){.realm = bytes_of(c->realm, c->realm_len), .algorithm = ALGORITHM_MD5};
	stun_get_bytes(msg, ATTR_REALM, &d->realm);
	if (!stun_get_bytes(msg, ATTR_NONCE, &d->nonce) || !is_text(d->nonce) || !is_text(d->realm))
		return false;
	d->features = nonce_features(d->nonce);
	if (stun_get_bytes(msg, ATTR_PASSWORD_ALGORITHMS, &d->algorithms)) {
		d->algorithm = choose_algorithm(d->algorithms);
		return d->algorithm && d->algorithms.len <= CREDENTIAL_ALGORITHMS_MAX;
	}
	return !(d->features & FEATURE_ALGORITHMS);
}

/* Once SHA-256 was agreed on, nobody talks us out of it. */
static bool is_weaker(const struct demand *d, const struct stun_credential *c)
{
	return c->is_asked &&
	       (d->algorithm < c->algorithm || (c->algorithms_len && !d->algorithms.len));
}

static void derive_key(struct stun_credential *c)
{
	struct bytes realm = bytes_of(c->realm, c->realm_len);

	if (c->algorithm == ALGORITHM_SHA256) {
		stun_key_sha256(c->key, c->user, realm, c->password);
		c->key_len = SHA256_LEN;
	} else {
		stun_key_md5(c->key, c->user, realm, c->password);
		c->key_len = MD5_LEN;
	}
}

static size_t keep(uint8_t *to, struct bytes from)
{
	if (from.len)
		memmove(to, from.data, from.len);	/* the realm may be our own */
	return from.len;
}

static void accept_demand(struct stun_credential *c, const struct demand *d)
{
	c->realm_len = keep(c->realm, d->realm);
	c->nonce_len = keep(c->nonce, d->nonce);
	c->algorithms_len = keep(c->algorithms, d->algorithms);
	c->algorithm = d->algorithm;
	c->hides_user = d->features & FEATURE_USERHASH;
	c->is_asked = true;
	derive_key(c);
}

enum credential_verdict stun_credential_feed(struct stun_credential *c, const struct stun_msg *msg)
{
	struct demand d;
	unsigned code;

	if (msg->class != STUN_ERROR || !stun_get_error(msg, &code) ||
	    (code != STUN_UNAUTHENTICATED && code != STUN_STALE_NONCE))
		return CREDENTIAL_NOT_ASKED;
	if (c->is_asked && code == STUN_UNAUTHENTICATED)
		return CREDENTIAL_REFUSED;		/* it has seen the credential */
	if (c->is_asked && ++c->stale > CREDENTIAL_STALE_MAX)
		return CREDENTIAL_REFUSED;
	if (!read_demand(&d, c, msg) || is_weaker(&d, c))
		return CREDENTIAL_REFUSED;
	accept_demand(c, &d);
	return CREDENTIAL_RETRY;
}

/* -- what we show it ----------------------------------------------------- */

static void put_user(const struct stun_credential *c, struct writer *w)
{
	uint8_t hash[SHA256_LEN];

	if (!c->hides_user) {
		stun_put(w, ATTR_USERNAME, c->user);
		return;
	}
	stun_userhash(hash, c->user, bytes_of(c->realm, c->realm_len));
	stun_put(w, ATTR_USERHASH, bytes_of(hash, sizeof(hash)));
}

void stun_credential_put(struct stun_credential *c, struct writer *w)
{
	struct bytes key = bytes_of(c->key, c->key_len);

	if (!c->is_asked)
		return;
	put_user(c, w);
	stun_put(w, ATTR_REALM, bytes_of(c->realm, c->realm_len));
	stun_put(w, ATTR_NONCE, bytes_of(c->nonce, c->nonce_len));
	if (!c->algorithms_len) {
		stun_put_integrity(w, key);
		return;
	}
	stun_put(w, ATTR_PASSWORD_ALGORITHMS, bytes_of(c->algorithms, c->algorithms_len));
	stun_put_u32(w, ATTR_PASSWORD_ALGORITHM, (uint32_t)c->algorithm << 16);
	stun_put_integrity_sha256(w, key);
}

bool stun_credential_check(struct stun_credential *c, const struct stun_msg *msg)
{
	struct bytes key = bytes_of(c->key, c->key_len);
	bool ok = c->is_asked && (c->algorithms_len ? stun_check_integrity_sha256(msg, key) :
						      stun_check_integrity(msg, key));

	if (ok)
		c->stale = 0;
	return ok;
}
