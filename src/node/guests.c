/* guests.c -- the clients of a rendezvous: a bounded table of strangers. */
#include "node/guests.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

_Static_assert(sizeof(struct guest) <= 832, "a guest is small");

enum { NONE = UINT32_MAX };

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

bool guests_init(struct guests *g, uint32_t places, struct rng *rng)
{
	uint32_t chains = power_of_two(places);

	*g = (struct guests){
		.places = calloc(places, sizeof(*g->places)),
		.places_len = places,
		.free_place = NONE,
		.chains = malloc(chains * sizeof(*g->chains)),
		.chains_len = chains,
	};
	list_init(&g->newcomers);
	list_init(&g->known);
	if (!g->places || !g->chains) {
		guests_deinit(g);
		return false;
	}
	memset(g->chains, 0xff, chains * sizeof(*g->chains));
	rng->fill(rng, g->seed, sizeof(g->seed));
	return true;
}

void guests_deinit(struct guests *g)
{
	struct guest *guest;

	while ((guest = guests_first_to_go(g)) ||
	       (guest = list_first(&g->known, struct guest, order)))
		guests_remove(g, guest);
	free(g->places);
	free(g->chains);
	g->places = NULL;
	g->chains = NULL;
}

/* -- by key -------------------------------------------------------------- */

static uint32_t *chain_of(const struct guests *g, const uint8_t public_key[static KEY_LEN])
{
	uint8_t hash[MAC_LEN];

	blake2s_mac(hash, g->seed, sizeof(g->seed), bytes_of(public_key, KEY_LEN));
	return &g->chains[load_le32(hash) & (g->chains_len - 1)];
}

struct guest *guests_find(const struct guests *g, const uint8_t public_key[static KEY_LEN])
{
	uint32_t i = *chain_of(g, public_key);

	while (i != NONE && !key_equal(g->places[i].session.peer.public_key, public_key))
		i = g->places[i].chain_next;
	return i == NONE ? NULL : &g->places[i];
}

uint32_t guests_number(const struct guests *g, const struct guest *guest)
{
	return (uint32_t)(guest - g->places);
}

struct guest *guests_at(const struct guests *g, uint32_t number)
{
	return &g->places[number];
}

static void link_by_key(struct guests *g, struct guest *guest)
{
	uint32_t *chain = chain_of(g, guest->session.peer.public_key);

	guest->chain_next = *chain;
	*chain = guests_number(g, guest);
}

static void unlink_by_key(struct guests *g, const struct guest *guest)
{
	uint32_t *link = chain_of(g, guest->session.peer.public_key);

	while (*link != guests_number(g, guest))
		link = &g->places[*link].chain_next;
	*link = guest->chain_next;
}

/* -- coming and going ---------------------------------------------------- */

static struct guest *take_place(struct guests *g)
{
	struct guest *guest;

	if (g->free_place == NONE)
		return g->never_used < g->places_len ? &g->places[g->never_used++] : NULL;
	guest = &g->places[g->free_place];
	g->free_place = guest->chain_next;
	return guest;
}

static void give_place(struct guests *g, struct guest *guest)
{
	guest->chain_next = g->free_place;
	g->free_place = guests_number(g, guest);
}

struct guest *guests_add(struct guests *g, struct session_shared *shared,
			 const uint8_t public_key[static KEY_LEN],
			 const uint8_t psk[static KEY_LEN], msec now)
{
	struct guest *guest = take_place(g);

	if (!guest)
		return NULL;
	*guest = (struct guest){.heard = now, .drops_keys = NEVER};
	if (!session_init(&guest->session, shared, public_key, psk, 0)) {
		give_place(g, guest);
		return NULL;
	}
	session_only_answer(&guest->session);
	list_init(&guest->owing);
	list_append(&g->newcomers, &guest->order);
	link_by_key(g, guest);
	g->len++;
	return guest;
}

void guests_remove(struct guests *g, struct guest *guest)
{
	unlink_by_key(g, guest);
	list_remove(&guest->order);
	session_deinit(&guest->session);
	give_place(g, guest);
	g->len--;
	g->known_len -= guest->is_known;
}

void guests_heard(struct guests *g, struct guest *guest, msec now)
{
	guest->heard = now;
	g->known_len += !guest->is_known;
	guest->is_known = true;
	list_remove(&guest->order);
	list_append(&g->known, &guest->order);
}

/* -- whose time is over --------------------------------------------------- */

struct guest *guests_first_to_go(const struct guests *g)
{
	return list_first(&g->newcomers, struct guest, order);
}

static msec ends(const struct list *order, msec patience)
{
	const struct guest *first = list_first(order, struct guest, order);

	return first ? first->heard + patience : NEVER;
}

struct guest *guests_next_over(const struct guests *g, msec now)
{
	if (now >= ends(&g->newcomers, GUEST_PATIENCE))
		return list_first(&g->newcomers, struct guest, order);
	if (now >= ends(&g->known, GUEST_SILENCE))
		return list_first(&g->known, struct guest, order);
	return NULL;
}

msec guests_due(const struct guests *g)
{
	return msec_min(ends(&g->newcomers, GUEST_PATIENCE), ends(&g->known, GUEST_SILENCE));
}
