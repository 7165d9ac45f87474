/* message.c -- a STUN message: read from a datagram, written into a buffer.
 *
 * The type field weaves the class (C) into the method (M), RFC 8489 section 5:
 *
 *   bit   13 12 11 10  9  8  7  6  5  4  3  2  1  0
 *          M  M  M  M  M  C  M  M  M  C  M  M  M  M
 */
#include "stun/message.h"

#include <assert.h>
#include <string.h>

enum {
	FAMILY_V4 = 0x01,
	FAMILY_V6 = 0x02,
	LENGTH_AT = 2,			/* in the header */
	COOKIE_AT = 4,			/* and the transaction id right behind it */
	XOR_LEN = 16,			/* cookie and id: what an IPv6 address is mixed with */
	ATTR_HEADER_LEN = 4,
	OPTIONAL = 0x8000,		/* types from here on need not be understood */
};

static uint16_t weave(uint16_t method, enum stun_class class)
{
	return (uint16_t)((method & 0x0f80) << 2 | (method & 0x0070) << 1 | (method & 0x000f) |
			  (class & 2) << 7 | (class & 1) << 4);
}

static enum stun_class class_of(uint16_t type)
{
	return (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
}

static uint16_t method_of(uint16_t type)
{
	return (uint16_t)((type >> 2 & 0x0f80) | (type >> 1 & 0x0070) | (type & 0x000f));
}

/* -- reading ------------------------------------------------------------- */

/* Behind MESSAGE-INTEGRITY only its successor and FINGERPRINT count, behind
 * that one only FINGERPRINT: nothing vouches for the rest. */
static bool is_covered(const struct stun_msg *msg, uint16_t type)
{
	if (type == ATTR_FINGERPRINT)
		return true;
	if (stun_find(msg, ATTR_MESSAGE_INTEGRITY_SHA256))
		return false;
	return type == ATTR_MESSAGE_INTEGRITY_SHA256 || !stun_find(msg, ATTR_MESSAGE_INTEGRITY);
}

/* False: there is no place left, or FINGERPRINT was not the last. */
static bool keep_attr(struct stun_msg *msg, struct stun_attr attr)
{
	if (msg->count && msg->attrs[msg->count - 1].type == ATTR_FINGERPRINT)
		return false;
	if (!is_covered(msg, attr.type))
		return true;
	if (msg->count == STUN_ATTRS_MAX)
		return false;
	msg->attrs[msg->count++] = attr;
	return true;
}

/* Type, length, value, then padding to four bytes, whatever is in it: RFC 5769
 * pads with spaces on purpose. */
static bool parse_attrs(struct stun_msg *msg, struct reader *r)
{
	while (!reader_done(r)) {
		struct stun_attr attr = {.at = (uint32_t)(msg->datagram.len - r->rest.len)};
		uint16_t len;

		attr.type = get_be16(r);
		len = get_be16(r);
		attr.value = get_bytes(r, len);
		get_bytes(r, -len & 3u);
		if (!r->bad && !keep_attr(msg, attr))
			return false;
	}
	return !r->bad;
}

bool stun_parse(struct stun_msg *msg, struct bytes datagram)
{
	struct reader r = reader_over(datagram);
	uint16_t type = get_be16(&r);
	uint16_t len = get_be16(&r);
	uint32_t cookie = get_be32(&r);

	msg->datagram = datagram;
	msg->class = class_of(type);
	msg->method = method_of(type);
	msg->count = 0;
	get_copy(&r, msg->id, sizeof(msg->id));
	if (r.bad || (type & 0xc000) || cookie != STUN_COOKIE || len % 4 || len != r.rest.len)
		return false;
	return parse_attrs(msg, &r);
}

const struct stun_attr *stun_find(const struct stun_msg *msg, uint16_t type)
{
	for (unsigned i = 0; i < msg->count; i++)
		if (msg->attrs[i].type == type)
			return &msg->attrs[i];
	return NULL;
}

bool stun_get_bytes(const struct stun_msg *msg, uint16_t type, struct bytes *out)
{
	const struct stun_attr *attr = stun_find(msg, type);

	if (!attr)
		return false;
	*out = attr->value;
	return true;
}

static bool get_sized(const struct stun_msg *msg, uint16_t type, size_t len, const uint8_t **out)
{
	const struct stun_attr *attr = stun_find(msg, type);

	if (!attr || attr->value.len != len)
		return false;
	*out = attr->value.data;
	return true;
}

bool stun_get_u32(const struct stun_msg *msg, uint16_t type, uint32_t *out)
{
	const uint8_t *p;

	if (!get_sized(msg, type, 4, &p))
		return false;
	*out = load_be32(p);
	return true;
}

bool stun_get_u64(const struct stun_msg *msg, uint16_t type, uint64_t *out)
{
	const uint8_t *p;

	if (!get_sized(msg, type, 8, &p))
		return false;
	*out = load_be64(p);
	return true;
}

/* A zero byte, the family, the port, the address (RFC 8489 section 14.1); port
 * and address mixed with `mask` (section 14.2), which may be all zero. */
static bool read_address(struct bytes value, const uint8_t mask[static XOR_LEN],
			 struct endpoint *out)
{
	struct reader r = reader_over(value);
	struct endpoint e = {0};
	uint8_t family, bytes[XOR_LEN];
	size_t len;

	get_u8(&r);
	family = get_u8(&r);
	len = family == FAMILY_V4 ? 4 : XOR_LEN;
	e.port = get_be16(&r) ^ load_be16(mask);
	get_copy(&r, bytes, len);
	if (r.bad || r.rest.len || (family != FAMILY_V4 && family != FAMILY_V6))
		return false;
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= mask[i];
	e.ip = family == FAMILY_V4 ? ip_v4(bytes[0], bytes[1], bytes[2], bytes[3]) : ip_v6(bytes);
	*out = e;
	return true;
}

bool stun_get_address(const struct stun_msg *msg, uint16_t type, struct endpoint *out)
{
	static const uint8_t zero[XOR_LEN];
	const struct stun_attr *attr = stun_find(msg, type);

	return attr && read_address(attr->value, zero, out);
}

bool stun_read_xor_address(const struct stun_msg *msg, const struct stun_attr *attr,
			   struct endpoint *out)
{
	uint8_t mask[XOR_LEN];

	store_be32(mask, STUN_COOKIE);
	memcpy(mask + 4, msg->id, STUN_ID_LEN);
	return read_address(attr->value, mask, out);
}

bool stun_get_xor_address(const struct stun_msg *msg, uint16_t type, struct endpoint *out)
{
	const struct stun_attr *attr = stun_find(msg, type);

	return attr && stun_read_xor_address(msg, attr, out);
}

bool stun_get_error(const struct stun_msg *msg, unsigned *code)
{
	struct bytes value;
	struct reader r;
	unsigned hundreds, rest;

	if (!stun_get_bytes(msg, ATTR_ERROR_CODE, &value))
		return false;
	r = reader_over(value);
	get_be16(&r);
	hundreds = get_u8(&r) & 7;
	rest = get_u8(&r);
	if (r.bad || hundreds < 3 || hundreds > 6 || rest > 99)
		return false;
	*code = hundreds * 100 + rest;
	return true;
}

static bool is_among(uint16_t type, const uint16_t *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (types[i] == type)
			return true;
	return false;
}

size_t stun_unknown(const struct stun_msg *msg, const uint16_t *understood, size_t n,
		    uint16_t out[static STUN_UNKNOWN_MAX])
{
	size_t found = 0;

	for (unsigned i = 0; i < msg->count && found < STUN_UNKNOWN_MAX; i++) {
		uint16_t type = msg->attrs[i].type;

		if (type < OPTIONAL && !is_among(type, understood, n) &&
		    !is_among(type, out, found))
			out[found++] = type;
	}
	return found;
}

bool stun_is_response_to(const struct stun_msg *msg, uint16_t method,
			 const uint8_t id[static STUN_ID_LEN])
{
	return (msg->class == STUN_SUCCESS || msg->class == STUN_ERROR) && msg->method == method &&
	       memcmp(msg->id, id, STUN_ID_LEN) == 0;
}

/* -- writing ------------------------------------------------------------- */

static void update_length(struct writer *w)
{
	size_t len = w->len - STUN_HEADER_LEN;

	if (len > UINT16_MAX)
		w->bad = true;
	if (!w->bad)
		store_be16(w->data + LENGTH_AT, (uint16_t)len);
}

void stun_begin(struct writer *w, uint16_t method, enum stun_class class,
		const uint8_t id[static STUN_ID_LEN])
{
	assert(w->len == 0);
	put_be16(w, weave(method, class));
	put_be16(w, 0);
	put_be32(w, STUN_COOKIE);
	put_bytes(w, bytes_of(id, STUN_ID_LEN));
}

void stun_put(struct writer *w, uint16_t type, struct bytes value)
{
	if (value.len > UINT16_MAX)
		w->bad = true;
	put_be16(w, type);
	put_be16(w, (uint16_t)value.len);
	put_bytes(w, value);
	put_zeroes(w, -value.len & 3u);
	update_length(w);
}

void stun_put_u32(struct writer *w, uint16_t type, uint32_t v)
{
	uint8_t value[4];

	store_be32(value, v);
	stun_put(w, type, bytes_of(value, sizeof(value)));
}

void stun_put_u64(struct writer *w, uint16_t type, uint64_t v)
{
	uint8_t value[8];

	store_be64(value, v);
	stun_put(w, type, bytes_of(value, sizeof(value)));
}

static void put_masked(struct writer *w, uint16_t type, const struct endpoint *e,
		       const uint8_t mask[static XOR_LEN])
{
	uint8_t value[4 + XOR_LEN] = {0, e->ip.family == IP_V4 ? FAMILY_V4 : FAMILY_V6};
	size_t len = ip_bits(&e->ip) / 8;

	assert(len);
	store_be16(value + 2, e->port ^ load_be16(mask));
	for (size_t i = 0; i < len; i++)
		value[4 + i] = e->ip.bytes[i] ^ mask[i];
	stun_put(w, type, bytes_of(value, 4 + len));
}

void stun_put_address(struct writer *w, uint16_t type, const struct endpoint *e)
{
	static const uint8_t zero[XOR_LEN];

	put_masked(w, type, e, zero);
}

void stun_put_xor_address(struct writer *w, uint16_t type, const struct endpoint *e)
{
	if (!w->bad)			/* else there may be no header */
		put_masked(w, type, e, w->data + COOKIE_AT);
}

void stun_put_error(struct writer *w, unsigned code)
{
	stun_put_u32(w, ATTR_ERROR_CODE, code / 100 << 8 | code % 100);
}

void stun_put_unknown(struct writer *w, const uint16_t *types, size_t n)
{
	uint8_t value[2 * STUN_UNKNOWN_MAX];

	assert(n <= STUN_UNKNOWN_MAX);
	for (size_t i = 0; i < n; i++)
		store_be16(value + 2 * i, types[i]);
	stun_put(w, ATTR_UNKNOWN_ATTRIBUTES, bytes_of(value, 2 * n));
}

/* RFC 8489 section 14.14: text of up to 763 bytes. */
void stun_pad(struct writer *w, size_t len)
{
	static const char name[] = "stun";
	uint8_t text[512];
	size_t fill = len > w->len + ATTR_HEADER_LEN ? len - w->len - ATTR_HEADER_LEN : 0;

	if (len <= w->len)
		return;
	assert(fill <= sizeof(text));
	memset(text, ' ', sizeof(text));
	memcpy(text, name, sizeof(name) - 1);
	stun_put(w, ATTR_SOFTWARE, bytes_of(text, fill));
}

struct bytes stun_finish(const struct writer *w)
{
	return w->bad ? bytes_of(w->data, 0) : writer_bytes(w);
}
