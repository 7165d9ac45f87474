/* desc.c -- DESC: all that a peer must know to reach us, in one message. */
#include "signal/desc.h"

#include <string.h>

#include "signal/address.h"

enum field {
	FIELD_TIME = 1,
	FIELD_VERSION,
	FIELD_ACK,
	FIELD_UFRAG,
	FIELD_PWD,
	FIELD_OPTIONS,
	FIELD_SUITES,
	FIELD_FLAGS,
	FIELD_CANDIDATE,
};

enum {
	FIELD_HEADER = 2,			/* type, length */
	CANDIDATE_MAX = 4 + 1 + 1 + 1 + 2 * ADDRESS_MAX,
	PRIORITY_MAX = INT32_MAX,
};

bool desc_version_equal(const struct desc_version *a, const struct desc_version *b)
{
	return a->boot_id == b->boot_id && a->gen == b->gen && a->rev == b->rev;
}

/* -- what both directions demand ----------------------------------------- */

/* RFC 8839 section 5.4: ice-char = ALPHA / DIGIT / "+" / "/" */
static bool is_ice_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/';
}

static bool is_ice_text(struct bytes text, size_t min, size_t max)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_ice_char((char)text.data[i]))
			return false;
	}
	return text.len >= min && text.len <= max;
}

static bool is_version(const struct desc_version *v)
{
	return v->boot_id && v->gen;
}

/* Where it may be sent to is not decided here: candidate_check() in ice/candidate.h is asked later. */
static bool is_candidate(const struct desc_candidate *c)
{
	return c->priority && c->priority <= PRIORITY_MAX && c->type >= DESC_HOST &&
	       c->type <= DESC_MAPPED && c->transport >= DESC_UDP &&
	       c->transport <= DESC_TCP_SO && ip_bits(&c->endpoint.ip) && c->endpoint.port;
}

/* As memcmp(); of two that begin alike the longer is the greater. */
static int compare(struct bytes a, struct bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* -- writing ------------------------------------------------------------- */

struct encoded {
	uint8_t bytes[CANDIDATE_MAX];
	size_t len;
};

static void put_field(struct writer *w, enum field type, struct bytes value)
{
	put_u8(w, (uint8_t)type);
	put_u8(w, (uint8_t)value.len);
	put_bytes(w, value);
}

static void put_version(struct writer *w, enum field type, const struct desc_version *v)
{
	put_u8(w, (uint8_t)type);
	put_u8(w, 16);
	put_be64(w, v->boot_id);
	put_be32(w, v->gen);
	put_be32(w, v->rev);
}

static void put_bits(struct writer *w, enum field type, uint16_t bits)
{
	if (!bits)
		return;
	put_u8(w, (uint8_t)type);
	put_u8(w, 2);
	put_be16(w, bits);
}

static void put_text(struct writer *w, enum field type, const char *text, size_t min, size_t max)
{
	struct bytes value = bytes_of(text, strnlen(text, max + 1));

	if (!is_ice_text(value, min, max))
		w->bad = true;
	put_field(w, type, value);
}

static void put_head(struct writer *w, const struct desc *d)
{
	if (!d->time_ms || !is_version(&d->version))
		w->bad = true;
	put_u8(w, FIELD_TIME);
	put_u8(w, 8);
	put_be64(w, d->time_ms);
	put_version(w, FIELD_VERSION, &d->version);
	if (is_version(&d->ack))
		put_version(w, FIELD_ACK, &d->ack);
	if (!(d->flags & DESC_BYE)) {
		put_text(w, FIELD_UFRAG, d->ufrag, DESC_UFRAG_MIN, DESC_UFRAG_MAX);
		put_text(w, FIELD_PWD, d->pwd, DESC_PWD_MIN, DESC_PWD_MAX);
	}
	put_bits(w, FIELD_OPTIONS, d->options);
	put_bits(w, FIELD_SUITES, d->suites);
	put_bits(w, FIELD_FLAGS, d->flags);
}

static struct encoded encode_candidate(const struct desc_candidate *c)
{
	struct encoded e;
	struct writer w = writer_over(e.bytes, sizeof(e.bytes));

	put_be32(&w, c->priority);
	put_u8(&w, c->type);
	put_u8(&w, c->transport);
	put_u8(&w, c->foundation);
	put_address(&w, &c->endpoint);
	if (ip_bits(&c->related.ip))
		put_address(&w, &c->related);
	e.len = w.len;
	return e;
}

static struct bytes bytes_of_encoded(const struct encoded *e)
{
	return bytes_of(e->bytes, e->len);
}

/* Insert it before the first that is less. Returns how many there are then. */
static size_t insert(struct encoded *list, size_t n, const struct encoded *e)
{
	size_t at = 0;

	while (at < n && compare(bytes_of_encoded(&list[at]), bytes_of_encoded(e)) > 0)
		at++;
	if (at < n && compare(bytes_of_encoded(&list[at]), bytes_of_encoded(e)) == 0)
		return n;
	memmove(&list[at + 1], &list[at], (n - at) * sizeof(*list));
	list[at] = *e;
	return n + 1;
}

static void put_candidates(struct writer *w, const struct desc *d)
{
	struct encoded list[DESC_CANDIDATES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < d->candidates_len && i < DESC_CANDIDATES_MAX; i++) {
		struct encoded e;

		if (!is_candidate(&d->candidates[i]))
			continue;
		e = encode_candidate(&d->candidates[i]);
		n = insert(list, n, &e);
	}
	for (size_t i = 0; i < n && list[i].len + FIELD_HEADER <= w->cap - w->len; i++)
		put_field(w, FIELD_CANDIDATE, bytes_of_encoded(&list[i]));
}

size_t desc_encode(uint8_t *out, size_t cap, const struct desc *d)
{
	struct writer w = writer_over(out, cap);

	put_head(&w, d);
	if (!w.bad && !(d->flags & DESC_BYE))
		put_candidates(&w, d);
	return w.bad ? 0 : w.len;
}

/* -- reading ------------------------------------------------------------- */

struct parse {
	struct desc desc;
	unsigned last;			/* type of the field before */
	unsigned seen;			/* a bit for each type that we know */
	struct bytes last_candidate;
};

static bool take_bits(uint16_t *out, struct reader *r)
{
	*out = get_be16(r);
	return *out != 0;
}

static bool take_version(struct desc_version *out, struct reader *r)
{
	out->boot_id = get_be64(r);
	out->gen = get_be32(r);
	out->rev = get_be32(r);
	return is_version(out);
}

static bool take_text(char *out, struct reader *r, size_t min, size_t max)
{
	struct bytes text = get_bytes(r, r->rest.len);

	if (!is_ice_text(text, min, max))
		return false;
	memcpy(out, text.data, text.len);
	return true;
}

static bool take_candidate(struct parse *p, struct reader *r)
{
	struct desc *d = &p->desc;
	struct bytes whole = r->rest;
	struct desc_candidate c = {.priority = get_be32(r)};

	if (d->candidates_len == DESC_CANDIDATES_MAX)
		return false;
	if (p->last_candidate.len && compare(p->last_candidate, whole) <= 0)
		return false;
	c.type = get_u8(r);
	c.transport = get_u8(r);
	c.foundation = get_u8(r);
	c.endpoint = get_address(r);
	if (!reader_done(r))
		c.related = get_address(r);
	d->candidates[d->candidates_len++] = c;
	p->last_candidate = whole;
	return !r->bad && is_candidate(&c);
}

static bool take_value(struct parse *p, unsigned type, struct reader *r)
{
	struct desc *d = &p->desc;

	switch ((enum field)type) {
	case FIELD_TIME:
		d->time_ms = get_be64(r);
		return d->time_ms != 0;
	case FIELD_VERSION:
		return take_version(&d->version, r);
	case FIELD_ACK:
		return take_version(&d->ack, r);
	case FIELD_UFRAG:
		return take_text(d->ufrag, r, DESC_UFRAG_MIN, DESC_UFRAG_MAX);
	case FIELD_PWD:
		return take_text(d->pwd, r, DESC_PWD_MIN, DESC_PWD_MAX);
	case FIELD_OPTIONS:
		return take_bits(&d->options, r);
	case FIELD_SUITES:
		return take_bits(&d->suites, r);
	case FIELD_FLAGS:
		return take_bits(&d->flags, r);
	case FIELD_CANDIDATE:
		return take_candidate(p, r);
	}
	return false;
}

/* Fields rise; a candidate, and what we do not know, may follow its like. */
static bool take_field(struct parse *p, unsigned type, struct bytes value)
{
	struct reader r = reader_over(value);

	if (type < p->last || type < FIELD_TIME || (type == p->last && type < FIELD_CANDIDATE))
		return false;
	p->last = type;
	if (type > FIELD_CANDIDATE)
		return true;
	p->seen |= 1u << type;
	return take_value(p, type, &r) && !r.bad && reader_done(&r);
}

static bool is_whole(const struct parse *p)
{
	const unsigned head = 1u << FIELD_TIME | 1u << FIELD_VERSION;
	const unsigned credentials = 1u << FIELD_UFRAG | 1u << FIELD_PWD;

	if ((p->seen & head) != head)
		return false;
	if (p->desc.flags & DESC_BYE)
		return !(p->seen & (credentials | 1u << FIELD_CANDIDATE));
	return (p->seen & credentials) == credentials;
}

bool desc_decode(struct desc *out, struct bytes message)
{
	struct reader r = reader_over(message);
	struct parse p = {0};
	bool ok = true;

	while (ok && !reader_done(&r)) {
		unsigned type = get_u8(&r);
		struct bytes value = get_bytes(&r, get_u8(&r));

		ok = !r.bad && take_field(&p, type, value);
	}
	ok = ok && !r.bad && is_whole(&p);
	if (ok)
		*out = p.desc;
	wipe(&p, sizeof(p));
	return ok;
}
