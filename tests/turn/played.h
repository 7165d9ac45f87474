/* played.h -- an allocation, and a TURN server that is played by hand.
 *
 *	play(&settings);                  the allocation is started
 *	next_request();                   what it sends now is in `request`
 *	demand(401, "nonce 1");           not signed
 *	next_request(); grant();          signed: what that request wants
 *
 * Time is `now`. What the allocation tells besides is counted.
 */
#ifndef TESTS_TURN_PLAYED_H
#define TESTS_TURN_PLAYED_H

#include "turn/allocation.h"

enum { PLAYED_LIFETIME = 600 };

extern struct turn_allocation a;
extern struct rng rng;
extern msec now;
extern struct endpoint server, us, relayed, peer;
extern struct stun_msg request;		/* the last that was sent */
extern struct turn_payload payload;	/* the last that was passed on */
extern unsigned ups, ends, ports, permitted, refused;
extern struct endpoint news;		/* the peer that was told about last */

extern const struct turn_settings plain_settings;	/* IPv4, timing as over UDP */

int played_ready(void **state);		/* once */
void play(const struct turn_settings *settings);
/* Started, 401 and success: it is up. */
void play_until_up(void);
/* ... and the peer has a permission, with or without a channel. */
void play_until_permitted(bool channel);

/* Poll until it wants to send; false: it does not. */
bool poll_request(void);
void next_request(void);		/* it must */
void no_request(void);			/* it must not */
/* To the next tick, or to that time if it comes earlier. */
void pass(msec until);
struct bytes text(const char *s);

/* -- the server ---------------------------------------------------------- */

/* An answer to `request`, in pieces. */
struct writer *answer(enum stun_class class);
enum turn_verdict send_signed(void);
enum turn_verdict send_bare(void);

enum turn_verdict demand(unsigned code, const char *nonce);
enum turn_verdict grant(void);
enum turn_verdict grant_for(uint32_t lifetime);
enum turn_verdict refuse(unsigned code);

/* A Data indication; NULL data: without. */
enum turn_verdict pass_on(const struct endpoint *from, const char *data);
enum turn_verdict feed(struct bytes datagram);

#endif
