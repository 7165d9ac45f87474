/* callers.h -- a rendezvous and those who call it, with every datagram in hand.
 *
 *   caller_initiate() --> bytes --hall_feed()--> rendezvous --hall->answer--> caller_conclude()
 *   caller_say(frame) ----------------^             '--hall_poll()--> caller->heard[]
 *   caller_relay(datagram) -----------^             '--hall_hand_over()--> caller->heard[]
 *
 * Nothing moves by itself. Whoever is fed with what he did not say is a stranger.
 */
#ifndef TESTS_NODE_CALLERS_H
#define TESTS_NODE_CALLERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/crypto.h"
#include "node/guests.h"
#include "node/rendezvous_node.h"
#include "signal/relay.h"
#include "signal/rendezvous.h"

enum {
	HALL_PORT = 4901,
	HALL_STUN_PORT = 4902,
	HALL_CONNECTIONS = 4,
	CALLER_HEARD = 64,
	CALLER_KEYPAIRS = 6,
	CALLER_SLOTS = 64,
	HALL_BUFFER = 2048,
};

#define HALL_WALL	UINT64_C(1700000000000000000)	/* ns, when `now` is 0 */

struct said {
	size_t len;		/* 0: a keepalive */
	uint16_t via;
	uint8_t bytes[RENDEZVOUS_FRAME_MAX + 16];
};

struct caller {
	struct session_shared shared;
	struct session session;
	struct index_slot slots[CALLER_SLOTS];
	struct keypair keypairs[CALLER_KEYPAIRS];
	struct endpoint at;
	uint16_t via;		/* the number of the door, or connection, that it comes by */
	uint8_t own_private[KEY_LEN];
	struct said heard[CALLER_HEARD];
	size_t heard_len;
};

struct hall {
	struct rng rng;
	msec now;
	struct rendezvous_node *rendezvous;
	uint8_t psk[KEY_LEN];
	bool relays;
	struct said answer;		/* to the last datagram that was fed; len 0: none */
	struct endpoint answered;	/* another than who said it, if it was to be passed on */
	uint64_t bytes_in, bytes_out;
	uint8_t left[HALL_BUFFER];	/* the last datagram that came in, as it was left */
};

/* `psk`: may be NULL. */
void hall_open(struct hall *hall, uint32_t clients_max, const uint8_t *psk);
/* One that passes datagrams on: so much, Mbit/s. */
void hall_open_relay(struct hall *hall, uint32_t clients_max, const uint8_t *psk, uint32_t rate);
void hall_close(struct hall *hall);

/* A datagram comes in. True: answered. */
bool hall_feed(struct hall *hall, const struct endpoint *from, uint16_t via, const void *bytes,
	       size_t len);
/* The last answer, to whom it is addressed. */
void hall_hand_over(struct hall *hall, struct caller *callers, size_t n);
/* What is owed, to the callers that it is addressed to; to another address is an error. */
void hall_poll(struct hall *hall, struct caller *callers, size_t n);
/* Time passes from deadline to deadline; returns the bytes that went out. */
uint64_t hall_pass(struct hall *hall, msec span, struct caller *callers, size_t n);

/* Caller number n, at 198.51.x.y:1000 + n, with a key of its own. */
void caller_init(struct hall *hall, struct caller *c, unsigned n, const uint8_t *psk);
/* It forgets its session, but not its key. */
void caller_restart(struct hall *hall, struct caller *c, const uint8_t *psk);
void caller_deinit(struct caller *c);
size_t caller_initiate(struct hall *hall, struct caller *c, uint8_t out[static 148]);
/* The hall's last answer is the response; what confirms the keys, or 0: it is none. */
size_t caller_conclude(struct hall *hall, struct caller *c, uint8_t out[static 148]);
/* All of it. True: keys are agreed on, as far as the caller can know. */
bool caller_connect(struct hall *hall, struct caller *c);
/* Seal these bytes and send them. */
void caller_say(struct hall *hall, struct caller *c, const void *plain, size_t len);
/* A datagram for whoever has registered a mailbox that begins so. True: it left at once. */
bool caller_relay(struct hall *hall, struct caller *c, const uint8_t tag[static RELAY_TAG],
		  const void *datagram, size_t len);
/* The same, not sent yet: as it will come in, to be given back by exact_free(). */
struct datagram caller_relayed(struct hall *hall, struct caller *c,
			       const uint8_t tag[static RELAY_TAG], const void *datagram, size_t len);
/* What it makes of a datagram becomes the last that it heard. */
void caller_hear(struct hall *hall, struct caller *c, const struct datagram *d);
void caller_say_message(struct hall *hall, struct caller *c,
			const struct rendezvous_message *message);
/* Mailboxes have numbers here. */
void caller_register(struct hall *hall, struct caller *c, uint8_t box);
struct bytes caller_envelope(uint8_t box);
void caller_publish(struct hall *hall, struct caller *c, uint8_t box);
/* How many frames of this kind it has got; and the last of them. */
size_t caller_heard(const struct caller *c, enum frame_kind kind, struct rendezvous_message *last);

#endif
