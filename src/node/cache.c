/* cache.c -- the form of the file that remembers peers: peers.cache. */
#include "node/cache.h"

#include <string.h>

#include "crypto/hash.h"

static const char magic[] = "p2pnet peers 2\n", magic_before[] = "p2pnet peers 1\n";
static const char label[] = "p2pnet cache";

enum { MAGIC_LEN = sizeof(magic) - 1, LABEL_LEN = sizeof(label) - 1, SUM_LEN = 16 };

/* Of the flags. */
enum { CONNECTED = 1, SUITES_SHIFT = 4, UNUSED = 0xe };

_Static_assert((int)CACHE_FRAME == MAGIC_LEN + SUM_LEN, "cache.h");

static void sum(uint8_t out[static HASH_LEN], struct bytes content)
{
	blake2s(out, bytes_of(label, LABEL_LEN), content);
}

/* -- writing ------------------------------------------------------------- */

void cache_begin(struct writer *w)
{
	put_bytes(w, bytes_of(magic, MAGIC_LEN));
}

static void put_place(struct writer *w, const struct endpoint *at)
{
	put_u8(w, at->ip.family);
	put_bytes(w, bytes_of(at->ip.bytes, ip_bits(&at->ip) / 8));
	put_be16(w, at->port);
}

void cache_put(struct writer *w, const struct cache_entry *e)
{
	put_bytes(w, bytes_of(e->public_key, KEY_LEN));
	put_be64(w, e->heard_ms);
	put_be64(w, e->connected_ms);
	put_u8(w, (uint8_t)((e->connected ? CONNECTED : 0) | e->suites << SUITES_SHIFT));
	put_u8(w, (uint8_t)e->places_len);
	for (size_t i = 0; i < e->places_len; i++)
		put_place(w, &e->places[i]);
}

void cache_end(struct writer *w)
{
	uint8_t hash[HASH_LEN];

	sum(hash, writer_bytes(w));
	put_bytes(w, bytes_of(hash, SUM_LEN));
}

/* -- reading ------------------------------------------------------------- */

static void get_place(struct reader *r, struct endpoint *at)
{
	uint8_t family = get_u8(r), bytes[16] = {0};

	if (family != IP_V4 && family != IP_V6)
		r->bad = true;
	get_copy(r, bytes, family == IP_V4 ? 4 : 16);
	*at = (struct endpoint){
		.ip = family == IP_V4 ? ip_v4(bytes[0], bytes[1], bytes[2], bytes[3]) : ip_v6(bytes),
	};
	at->port = get_be16(r);
}

bool cache_next(struct cache_entry *out, struct reader *r)
{
	struct cache_entry e = {0};
	uint8_t flags;

	if (r->bad || reader_done(r))
		return false;
	get_copy(r, e.public_key, KEY_LEN);
	e.heard_ms = get_be64(r);
	e.connected_ms = get_be64(r);
	flags = get_u8(r);
	e.places_len = get_u8(r);
	e.suites = flags >> SUITES_SHIFT;
	if (flags & UNUSED || e.places_len > CACHE_PLACES)
		r->bad = true;
	for (size_t i = 0; !r->bad && i < e.places_len; i++)
		get_place(r, &e.places[i]);
	e.connected = flags & CONNECTED;
	if (!r->bad)
		*out = e;
	return !r->bad;
}

static bool is_magic(struct bytes begin)
{
	return memcmp(begin.data, magic, MAGIC_LEN) == 0 ||
	       memcmp(begin.data, magic_before, MAGIC_LEN) == 0;
}

/* The sum is right for whoever wrote it; the entries are looked through all the same. */
bool cache_open(struct reader *entries, struct bytes file)
{
	struct reader r = reader_over(file), look;
	struct cache_entry e;
	uint8_t hash[HASH_LEN];

	if (file.len < CACHE_FRAME || !is_magic(get_bytes(&r, MAGIC_LEN)))
		return false;
	sum(hash, bytes_of(file.data, file.len - SUM_LEN));
	*entries = reader_over(get_bytes(&r, file.len - CACHE_FRAME));
	if (memcmp(r.rest.data, hash, SUM_LEN) != 0)
		return false;
	look = *entries;
	while (cache_next(&e, &look))
		;
	return !look.bad;
}
