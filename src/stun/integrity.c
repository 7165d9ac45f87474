/* integrity.c -- who wrote this message, and is it STUN at all.
 *
 *   | type | length* | cookie, id | attributes ... | header + value |
 *   |<------------ what is computed over --------->|
 *             * as if the message ended behind the value
 *
 * So the first four bytes are hashed from a copy, the rest where it lies.
 */
#include "stun/integrity.h"

#include "crypto/key.h"

#define FINGERPRINT_XOR UINT32_C(0x5354554e)	/* "STUN" */
#define CRC_POLYNOMIAL UINT32_C(0xedb88320)	/* of Ethernet, bits reversed */

enum {
	ATTR_HEADER_LEN = 4,
	START_LEN = 4,			/* type and length */
	FINGERPRINT_LEN = 4,
};

/* What an attribute at `at` with a value of `len` bytes is computed over. */
struct covered {
	uint8_t start[START_LEN];
	struct bytes parts[2];
};

static void cover(struct covered *c, const uint8_t *message, size_t at, size_t len)
{
	store_be16(c->start, load_be16(message));
	store_be16(c->start + 2, (uint16_t)(at + ATTR_HEADER_LEN + len - STUN_HEADER_LEN));
	c->parts[0] = bytes_of(c->start, START_LEN);
	c->parts[1] = bytes_of(message + START_LEN, at - START_LEN);
}

static uint32_t crc32_update(uint32_t crc, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		crc ^= b.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
	}
	return crc;
}

static uint32_t fingerprint(const struct covered *c)
{
	uint32_t crc = crc32_update(UINT32_MAX, c->parts[0]);

	return ~crc32_update(crc, c->parts[1]) ^ FINGERPRINT_XOR;
}

/* -- writing ------------------------------------------------------------- */

void stun_put_integrity(struct writer *w, struct bytes key)
{
	uint8_t mac[SHA1_LEN];
	struct covered c;

	if (w->bad)
		return;
	cover(&c, w->data, w->len, sizeof(mac));
	hmac_sha1(mac, key, c.parts, 2);
	stun_put(w, ATTR_MESSAGE_INTEGRITY, bytes_of(mac, sizeof(mac)));
}

void stun_put_integrity_sha256(struct writer *w, struct bytes key)
{
	uint8_t mac[SHA256_LEN];
	struct covered c;

	if (w->bad)
		return;
	cover(&c, w->data, w->len, sizeof(mac));
	hmac_sha256(mac, key, c.parts, 2);
	stun_put(w, ATTR_MESSAGE_INTEGRITY_SHA256, bytes_of(mac, sizeof(mac)));
}

void stun_put_fingerprint(struct writer *w)
{
	struct covered c;

	if (w->bad)
		return;
	cover(&c, w->data, w->len, FINGERPRINT_LEN);
	stun_put_u32(w, ATTR_FINGERPRINT, fingerprint(&c));
}

/* -- checking ------------------------------------------------------------ */

/* The attribute and what it covers; NULL if it is not there in full size. */
static const struct stun_attr *find_covering(const struct stun_msg *msg, uint16_t type, size_t len,
					     struct covered *c)
{
	const struct stun_attr *attr = stun_find(msg, type);

	if (!attr || attr->value.len != len)
		return NULL;
	cover(c, msg->datagram.data, attr->at, len);
	return attr;
}

bool stun_check_integrity(const struct stun_msg *msg, struct bytes key)
{
	struct covered c;
	uint8_t mac[SHA1_LEN];
	const struct stun_attr *attr = find_covering(msg, ATTR_MESSAGE_INTEGRITY, sizeof(mac), &c);
	bool ok = false;

	if (attr) {
		hmac_sha1(mac, key, c.parts, 2);
		ok = secret_equal(mac, attr->value.data, sizeof(mac));
		wipe(mac, sizeof(mac));		/* the answer to a forger's question */
	}
	return ok;
}

bool stun_check_integrity_sha256(const struct stun_msg *msg, struct bytes key)
{
	struct covered c;
	uint8_t mac[SHA256_LEN];
	const struct stun_attr *attr =
		find_covering(msg, ATTR_MESSAGE_INTEGRITY_SHA256, sizeof(mac), &c);
	bool ok = false;

	if (attr) {
		hmac_sha256(mac, key, c.parts, 2);
		ok = secret_equal(mac, attr->value.data, sizeof(mac));
		wipe(mac, sizeof(mac));
	}
	return ok;
}

bool stun_check_fingerprint(const struct stun_msg *msg)
{
	struct covered c;
	const struct stun_attr *attr = find_covering(msg, ATTR_FINGERPRINT, FINGERPRINT_LEN, &c);

	return attr && load_be32(attr->value.data) == fingerprint(&c);
}

/* -- long-term keys ------------------------------------------------------ */

static const struct bytes colon = {(const uint8_t *)":", 1};

void stun_key_md5(uint8_t out[static MD5_LEN], struct bytes user, struct bytes realm,
		  struct bytes password)
{
	const struct bytes parts[] = {user, colon, realm, colon, password};

	md5(out, parts, sizeof(parts) / sizeof(*parts));
}

void stun_key_sha256(uint8_t out[static SHA256_LEN], struct bytes user, struct bytes realm,
		     struct bytes password)
{
	const struct bytes parts[] = {user, colon, realm, colon, password};

	sha256(out, parts, sizeof(parts) / sizeof(*parts));
}

void stun_userhash(uint8_t out[static SHA256_LEN], struct bytes user, struct bytes realm)
{
	const struct bytes parts[] = {user, colon, realm};

	sha256(out, parts, sizeof(parts) / sizeof(*parts));
}
