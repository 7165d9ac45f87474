/* rendezvous_server.h -- pass envelopes on between nodes that one cannot tell apart.
 *
 *   chains[hash of id] -> box -> box        box: who registered this id, and until when;
 *                          |                     the last envelope for it
 *   clients[number] ------ box -- box       letter: an envelope, kept for 90 s, so that who
 *                                                registers a little later gets it still
 *
 * All state is soft: when it is lost, clients register again and senders repeat.
 * It lies in tables of a fixed size that the caller gives. Each client has its
 * share of boxes and letters and sends 10 messages per second; when letters run
 * out the oldest makes room.
 *
 * A client is a number, the caller's, of one WireGuard session; what it may have
 * said about itself there (its key) is of no interest here.
 *
 * Where datagrams are passed on too (relay.h), a box is found by the first four bytes of
 * its id, which is all that a datagram says.
 */
#ifndef SIGNAL_RENDEZVOUS_SERVER_H
#define SIGNAL_RENDEZVOUS_SERVER_H

#include "base/list.h"
#include "base/msec.h"
#include "base/rng.h"
#include "signal/bucket.h"
#include "signal/relay.h"
#include "signal/rendezvous.h"

enum {
	RENDEZVOUS_LETTER_LIFE = 90 * 1000,	/* msec */
	RENDEZVOUS_LETTERS_PER_CLIENT = 32,
};

/* Numbers, not pointers: there are millions of these. */
struct rendezvous_box {
	uint8_t id[MAILBOX_LEN];
	uint32_t chain_next;			/* or in the list of free boxes */
	uint32_t client;			/* who registered it */
	uint32_t client_next, client_prev;	/* in that client's list */
	uint32_t letter;
	uint32_t expires;			/* in s of `now`; of the registration */
};

_Static_assert(sizeof(struct rendezvous_box) == 40, "a mailbox costs 40 bytes");

struct rendezvous_letter {
	struct list by_age;			/* or in the list of free letters */
	struct list by_author;
	struct list outgoing;			/* in it while it is to be delivered */
	msec expires;
	uint32_t box;
	uint32_t author;
	uint32_t reader;			/* whom it was delivered to last */
	uint16_t len;
	uint8_t envelope[ENVELOPE_MAX];
};

struct rendezvous_seat {			/* a client */
	struct list owing;			/* in it while it is owed an OBSERVED */
	struct list authored;			/* its letters, oldest first */
	struct endpoint address;
	struct bucket receives;
	uint32_t first_box;
	uint32_t boxes, letters;		/* how many */
	uint16_t sequence, lifetime;		/* of its last REGISTER */
	bool is_away;
};

struct rendezvous_tables {
	struct rendezvous_seat *seats;
	uint32_t seats_len;
	struct rendezvous_box *boxes;
	uint32_t boxes_len;
	uint32_t *chains;			/* a power of two; about as many as boxes */
	uint32_t chains_len;
	struct rendezvous_letter *letters;
	uint32_t letters_len;
};

enum rendezvous_counter {
	RENDEZVOUS_TAKEN,
	RENDEZVOUS_MALFORMED,
	RENDEZVOUS_TOO_MANY,			/* messages of one client */
	RENDEZVOUS_NO_BOX,			/* for an id or a letter */
	RENDEZVOUS_LETTER_LOST,			/* made room for another before its time */
	RENDEZVOUS_DELIVERED,
	RENDEZVOUS_TAG_TWICE,			/* an id that begins like another that is registered */
	RENDEZVOUS_COUNTERS,
};

struct rendezvous_server {
	struct rendezvous_tables tables;
	uint8_t seed[MAILBOX_LEN];		/* nobody can choose ids that share a chain */
	uint16_t boxes_per_client;
	uint16_t lifetime_max;
	uint32_t free_box;
	uint32_t boxes_used;
	uint32_t sweep;				/* the next box to look at */
	msec sweep_due;				/* NEVER: no box is used */
	struct list free_letters, letters;
	struct list outgoing;
	struct list owing;
	bool relays;
	uint64_t wall_ms;
	uint64_t counters[RENDEZVOUS_COUNTERS];
};

/* The tables are borrowed for the server's life; what is in them does not matter. */
void rendezvous_server_init(struct rendezvous_server *s, const struct rendezvous_tables *tables,
			    uint16_t boxes_per_client, struct rng *rng);

/* The longest registration that is granted, in s; RENDEZVOUS_LIFETIME_MAX unless it is said.
 * Clients ask again after half of it: so long it takes them to notice that all was lost. */
void rendezvous_server_set_lifetime(struct rendezvous_server *s, uint16_t seconds);

/* Clients are told that datagrams are passed on, and boxes are found by tag. At once after the
 * init. Who shares a secret with us does not choose ids that share a chain. */
void rendezvous_server_set_relays(struct rendezvous_server *s);

void rendezvous_server_set_wall(struct rendezvous_server *s, uint64_t wall_ms);

/* A frame from the client's session, which is seen at `from`. False: dropped, see counters. */
bool rendezvous_server_feed(struct rendezvous_server *s, uint32_t client,
			    const struct endpoint *from, struct bytes plain, msec now);
/* This client has lost its boxes, not by its own will: it is told that it holds none. */
void rendezvous_server_tell(struct rendezvous_server *s, uint32_t client,
			    const struct endpoint *from);
/* Who has registered an id that begins so: the first of them. False: nobody. */
bool rendezvous_server_find(const struct rendezvous_server *s, const uint8_t tag[static RELAY_TAG],
			    uint32_t *client, msec now);
/* There is no way to the client until it is heard again. What was delivered last may not have
 * arrived: all that lies in its boxes is kept for its next REGISTER. */
void rendezvous_server_away(struct rendezvous_server *s, uint32_t client);
/* The client's session is gone; its number may be given to another. */
void rendezvous_server_forget(struct rendezvous_server *s, uint32_t client);

msec rendezvous_server_due(const struct rendezvous_server *s);
void rendezvous_server_tick(struct rendezvous_server *s, msec now);
/* A frame to send to *client: its length, or 0: nothing. */
size_t rendezvous_server_poll(struct rendezvous_server *s, uint32_t *client,
			      uint8_t out[static RENDEZVOUS_FRAME_MAX]);

#endif
