/* responder.c -- tell whoever asks which address we see them behind.
 *
 *   datagram --> proper request? --> answer in full --> fits, or within budget? --> send
 *                    | no                                  | no
 *                    v                                     v
 *                 silence                     leave out what may be --> fits? --> send
 *                                                                         \--> silence
 */
#include "stun/responder.h"

#include <string.h>

#include "base/rng.h"
#include "stun/integrity.h"

enum {
	ANSWER = 1000,			/* buckets count in 1/1000 of an answer */
	FULL = RESPONDER_RATE * ANSWER,
	PREFIX_LEN = 7,
};

void responder_init(struct responder *r, uint64_t hash_seed)
{
	memset(r, 0, sizeof(*r));
	r->hash_seed = hash_seed;
}

void responder_set_other(struct responder *r, const struct endpoint *primary,
			 const struct endpoint *other)
{
	bool differ = ip_bits(&primary->ip) && primary->ip.family == other->ip.family &&
		      !ip_equal(&primary->ip, &other->ip) && primary->port != other->port;

	r->sockets = differ ? RESPONDER_GRID : RESPONDER_ONE_SOCKET;
	r->grid[0] = *primary;
	r->grid[1] = *other;
}

void responder_set_two_ports(struct responder *r, uint16_t port, uint16_t other)
{
	r->sockets = port != other ? RESPONDER_TWO_PORTS : RESPONDER_ONE_SOCKET;
	r->grid[0] = (struct endpoint){.port = port};
	r->grid[1] = (struct endpoint){.port = other};
}

/* -- the budget ---------------------------------------------------------- */

/* The seed goes in twice, so that a stranger cannot choose prefixes that meet
 * in one set. */
static struct responder_bucket *set_of(struct responder *r, const struct responder_bucket *key)
{
	uint8_t bytes[8] = {0};
	uint64_t hash;

	memcpy(bytes, key->prefix, PREFIX_LEN);
	bytes[PREFIX_LEN] = key->family;
	hash = rng_mix(load_le64(bytes) ^ r->hash_seed);
	return r->buckets[rng_mix(hash + r->hash_seed) % RESPONDER_SETS];
}

static struct responder_bucket full_bucket(const struct ip *source, msec now)
{
	struct cidr prefix = cidr_masked((struct cidr){*source, source->family == IP_V4 ? 24 : 56});
	struct responder_bucket b = {.family = source->family, .credit = FULL, .seen = now};

	memcpy(b.prefix, prefix.ip.bytes, PREFIX_LEN);
	return b;
}

/* RESPONDER_RATE answers per second are as many thousandths per msec. */
static void refill(struct responder_bucket *b, msec now)
{
	msec elapsed = now <= b->seen ? 0 : msec_min(now - b->seen, FULL / RESPONDER_RATE);

	b->credit += (uint32_t)elapsed * RESPONDER_RATE;
	if (b->credit > FULL)
		b->credit = FULL;
	if (now > b->seen)
		b->seen = now;
}

/* The prefix's own bucket, or one that is free or full, which is the same. NULL:
 * all places are taken. A bucket in use is not given up for a newcomer: whoever
 * forges many sources would buy the one he means a fresh budget each time. */
static struct responder_bucket *bucket_for(struct responder *r, const struct ip *source, msec now)
{
	struct responder_bucket fresh = full_bucket(source, now), *spare = NULL;
	struct responder_bucket *set = set_of(r, &fresh);

	for (struct responder_bucket *b = set; b < set + RESPONDER_WAYS; b++) {
		refill(b, now);
		if (b->family == fresh.family && memcmp(b->prefix, fresh.prefix, PREFIX_LEN) == 0)
			return b;
		if (!b->family || b->credit == FULL)
			spare = b;
	}
	if (spare)
		*spare = fresh;
	return spare;
}

static bool is_within_budget(struct responder *r, const struct ip *source, msec now)
{
	struct responder_bucket *b = bucket_for(r, source, now);

	if (!b || b->credit < ANSWER)
		return false;
	b->credit -= ANSWER;
	return true;
}

/* -- the request --------------------------------------------------------- */

enum { OTHER_PORT = 1, OTHER_IP = 2, CHANGES = OTHER_PORT | OTHER_IP };

/* What there is to change between the sockets. */
static int changes(const struct responder *r)
{
	static const int table[] = {
		[RESPONDER_ONE_SOCKET] = 0,
		[RESPONDER_TWO_PORTS] = OTHER_PORT,
		[RESPONDER_GRID] = CHANGES,
	};

	return table[r->sockets];
}

/* Of the sockets, which is this? A set of what is the other; -1: none of them. */
static int place_in_grid(const struct responder *r, const struct endpoint *to)
{
	for (int place = 0; changes(r) && place <= changes(r); place++)
		if ((r->sockets == RESPONDER_TWO_PORTS ||
		     ip_equal(&to->ip, &r->grid[place >> 1].ip)) &&
		    to->port == r->grid[place & OTHER_PORT].port)
			return place;
	return -1;
}

static struct endpoint from_grid(const struct responder *r, const struct endpoint *to, int place)
{
	struct endpoint e = r->sockets == RESPONDER_GRID ? r->grid[place >> 1] : *to;

	e.port = r->grid[place & OTHER_PORT].port;
	return e;
}

/* A Binding request from an address that an answer can go to, not an ICE check,
 * and with a right FINGERPRINT if it has one. */
static bool is_for_us(const struct stun_msg *msg, const struct endpoint *from)
{
	return msg->class == STUN_REQUEST && msg->method == STUN_BINDING && from->port &&
	       ip_bits(&from->ip) && !ip_is_unspecified(&from->ip) && !ip_is_multicast(&from->ip) &&
	       !stun_find(msg, ATTR_USERNAME) && !stun_find(msg, ATTR_MESSAGE_INTEGRITY) &&
	       !stun_find(msg, ATTR_MESSAGE_INTEGRITY_SHA256) &&
	       (!stun_find(msg, ATTR_FINGERPRINT) || stun_check_fingerprint(msg));
}

/* -- the answer ---------------------------------------------------------- */

struct answer {
	const struct stun_msg *request;
	const struct endpoint *from;
	struct endpoint source;
	struct endpoint other;		/* family IP_NONE: no RFC 5780 here */
	uint16_t unknown[STUN_UNKNOWN_MAX];
	size_t unknown_count;
};

/* What the request asks for, and which socket is to say it. */
static void prepare(struct answer *a, const struct responder *r, const struct stun_msg *msg,
		    const struct endpoint *from, const struct endpoint *to)
{
	static const uint16_t change_request = ATTR_CHANGE_REQUEST;
	int place = place_in_grid(r, to), change;
	uint32_t flags = 0;

	stun_get_u32(msg, ATTR_CHANGE_REQUEST, &flags);
	change = (int)(flags >> 1) & CHANGES;		/* RFC 5780 section 7.2: bits 2 and 1 */
	*a = (struct answer){.request = msg, .from = from, .source = *to};
	a->unknown_count = stun_unknown(msg, &change_request,
					place >= 0 && (change & ~changes(r)) == 0, a->unknown);
	if (place < 0 || a->unknown_count)
		return;
	a->other = from_grid(r, to, place ^ changes(r));
	a->source = from_grid(r, to, place ^ change);
}

static void put_result(struct writer *w, const struct answer *a, bool in_full)
{
	if (a->unknown_count) {
		stun_begin(w, STUN_BINDING, STUN_ERROR, a->request->id);
		stun_put_error(w, STUN_UNKNOWN_ATTRIBUTE);
		stun_put_unknown(w, a->unknown, a->unknown_count);
		return;
	}
	stun_begin(w, STUN_BINDING, STUN_SUCCESS, a->request->id);
	stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, a->from);
	if (in_full && a->other.ip.family != IP_NONE) {
		stun_put_address(w, ATTR_RESPONSE_ORIGIN, &a->source);
		stun_put_address(w, ATTR_OTHER_ADDRESS, &a->other);
	}
}

/* Does it come out no longer than the request? */
static bool write_answer(struct writer *w, const struct answer *a, bool in_full, bool fingerprint)
{
	w->len = 0;
	put_result(w, a, in_full);
	if (fingerprint && stun_find(a->request, ATTR_FINGERPRINT))
		stun_put_fingerprint(w);
	return !w->bad && w->len <= a->request->datagram.len;
}

bool responder_feed(struct responder *r, msec now, const struct endpoint *from,
		    const struct endpoint *to, struct bytes datagram, struct writer *w,
		    struct endpoint *source)
{
	struct stun_msg msg;
	struct answer a;

	if (!stun_parse(&msg, datagram) || !is_for_us(&msg, from))
		return false;
	prepare(&a, r, &msg, from, to);
	*source = a.source;
	if (write_answer(w, &a, true, true))
		return true;
	if (datagram.len < RESPONDER_FREE_LEN && is_within_budget(r, &from->ip, now))
		return !w->bad;
	return write_answer(w, &a, false, true) || write_answer(w, &a, false, false);
}
