/* check.c -- what only the whole shows: keys, names and prefixes that are given twice.
 *
 * Each check sorts what it compares, so that two of the same come to stand
 * next to each other: n log n, for files with thousands of peers.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/load.h"
#include "crypto/x25519.h"

typedef int comparison(const void *a, const void *b);

static int compare_places(const void *a, const void *b)
{
	return a < b ? -1 : a > b;
}

static int compare_public_keys(const void *a, const void *b)
{
	const struct config_peer *pa = *(struct config_peer *const *)a;
	const struct config_peer *pb = *(struct config_peer *const *)b;
	int order = memcmp(pa->public_key, pb->public_key, KEY_LEN);

	return order ? order : compare_places(pa, pb);
}

/* Names may end up in a DNS, to which case is nothing. */
static int compare_names(const void *a, const void *b)
{
	const struct config_peer *pa = *(struct config_peer *const *)a;
	const struct config_peer *pb = *(struct config_peer *const *)b;
	int order = strcasecmp(pa->name, pb->name);

	return order ? order : compare_places(pa, pb);
}

/* The items of an array, as pointers, sorted. NULL: none, or no memory, which is reported. */
static void *sorted(struct load *l, void *items, size_t len, size_t size, comparison *compare)
{
	const char **pointers = len ? calloc(len, sizeof(*pointers)) : NULL;

	if (!pointers) {
		if (len)
			report_add(l->report, CONFIG_ERROR,
				   (struct config_where){l->config->path, 0}, "no memory");
		return NULL;
	}
	for (size_t i = 0; i < len; i++)
		pointers[i] = (const char *)items + i * size;
	qsort(pointers, len, sizeof(*pointers), compare);
	return pointers;
}

static struct config_peer **sorted_peers(struct load *l, comparison *compare)
{
	struct config *c = l->config;

	return sorted(l, c->peers, c->peers_len, sizeof(*c->peers), compare);
}

static void check_public_keys(struct load *l)
{
	const struct config *c = l->config;
	struct config_peer **peers = sorted_peers(l, compare_public_keys);

	for (size_t i = 0; peers && i < c->peers_len; i++) {
		const struct config_peer *peer = peers[i];
		const struct config_peer *before = i ? peers[i - 1] : NULL;

		if (key_is_zero(peer->public_key))
			continue;
		if (l->has_private_key && key_equal(peer->public_key, c->public_key))
			report_add(
				l->report, CONFIG_ERROR, peer->where,
				"[peer %s] has this node's own public_key; delete the section, or "
				"give each machine a key of its own",
				peer->name);
		if (before && key_equal(peer->public_key, before->public_key))
			report_add(l->report, CONFIG_ERROR, peer->where,
				   "[peer %s] has the same public_key as [peer %s] (%s:%u); every "
				   "machine "
				   "has its own: delete one of the two",
				   peer->name, before->name, before->where.file,
				   before->where.line);
	}
	free(peers);
}

static void check_names(struct load *l)
{
	struct config_peer **peers = sorted_peers(l, compare_names);

	for (size_t i = 1; peers && i < l->config->peers_len; i++) {
		const struct config_peer *peer = peers[i], *before = peers[i - 1];

		/* the same key under no label is reported as the same key */
		if (peer->name[0] && strcasecmp(peer->name, before->name) == 0 &&
		    !key_equal(peer->public_key, before->public_key))
			report_add(
				l->report, CONFIG_ERROR, peer->where,
				"there are two peers \"%s\", the other at %s:%u; give one of them "
				"another name",
				peer->name, before->where.file, before->where.line);
	}
	free(peers);
}

void check_peers(struct load *l)
{
	check_public_keys(l);
	check_names(l);
}

/* The first to claim a prefix comes first. */
static int compare_prefixes(const void *a, const void *b)
{
	const struct claim *ca = *(struct claim *const *)a;
	const struct claim *cb = *(struct claim *const *)b;
	int order = memcmp(&ca->prefix, &cb->prefix, sizeof(ca->prefix));

	return order ? order : compare_places(ca, cb);
}

static int compare_owners(const void *a, const void *b)
{
	const struct claim *ca = *(struct claim *const *)a;
	const struct claim *cb = *(struct claim *const *)b;

	if (ca->owner != cb->owner)
		return ca->owner < cb->owner ? -1 : 1;
	return ca->rank != cb->rank ? (int)ca->rank - (int)cb->rank : compare_places(ca, cb);
}

static const uint8_t *key_of(const struct load *l, size_t owner)
{
	return owner == OWNER_SELF ? l->config->public_key : l->config->peers[owner].public_key;
}

static const char *name_of(const struct load *l, size_t owner)
{
	return l->config->peers[owner].name;
}

static void report_clash(struct load *l, const struct claim *first, const struct claim *second)
{
	char prefix[CIDR_TEXT], address[IP_TEXT];

	cidr_format(prefix, &first->prefix);
	ip_format(address, &first->prefix.ip);
	/* two of one key have everything in common, and were reported for the key */
	if (key_equal(key_of(l, first->owner), key_of(l, second->owner)))
		return;
	if (first->owner == OWNER_SELF || second->owner == OWNER_SELF) {
		const struct claim *self = first->owner == OWNER_SELF ? first : second;
		const struct claim *peer = self == first ? second : first;

		report_add(l->report, CONFIG_ERROR, peer->where,
			   "%s of [peer %s] is this node's own address (%s:%u); give one of the "
			   "two another",
			   address, name_of(l, peer->owner), self->where.file, self->where.line);
		return;
	}
	report_add(
		l->report, CONFIG_ERROR, second->where,
		"%s of [peer %s] belongs to [peer %s] already (%s:%u); packets to it can go to one "
		"peer only: take it away from the other",
		prefix, name_of(l, second->owner), name_of(l, first->owner), first->where.file,
		first->where.line);
}

/* Reports what two claim, and forgets what one claims twice. */
static void settle(struct load *l, struct claim **claims)
{
	const struct claim *first = NULL;

	for (size_t i = 0; i < l->claims_len; i++) {
		struct claim *claim = claims[i];

		if (!first || !cidr_equal(&first->prefix, &claim->prefix)) {
			first = claim;
			continue;
		}
		if (first->owner != claim->owner)
			report_clash(l, first, claim);
		claim->prefix.ip.family = IP_NONE;
	}
}

static void give_allowed_ips(struct load *l, struct claim **claims)
{
	for (size_t i = 0; i < l->claims_len; i++) {
		const struct claim *claim = claims[i];
		struct config_peer *peer;
		struct cidr *place;

		if (claim->owner == OWNER_SELF || claim->prefix.ip.family == IP_NONE)
			continue;
		peer = &l->config->peers[claim->owner];
		place = list_push((void **)&peer->allowed_ips, &peer->allowed_ips_len,
				  sizeof(*place));
		if (place)
			*place = claim->prefix;
		else
			report_add(l->report, CONFIG_ERROR, claim->where, "no memory");
	}
}

void check_prefixes(struct load *l)
{
	struct claim **claims;

	claims = sorted(l, l->claims, l->claims_len, sizeof(*l->claims), compare_prefixes);
	if (!claims)
		return;
	settle(l, claims);
	qsort(claims, l->claims_len, sizeof(*claims), compare_owners);
	give_allowed_ips(l, claims);
	free(claims);
}
