/* ice_relay.h -- a TURN allocation for ice_driver, on a socket of its own.
 *
 *   the agent sends from the relayed base --> ice_relay_send() --> server
 *   server --> socket --> turn/allocation.h --> hook payload()
 *
 * A check to a peer that has no permission yet is held until it has one (RFC 8445 section
 * 7.2.1), one for each address; what comes after it takes its place.
 */
#ifndef IO_ICE_RELAY_H
#define IO_ICE_RELAY_H

#include <uv.h>

#include "io/udp.h"
#include "turn/allocation.h"

enum {
	ICE_RELAY_HELD = 16,		/* checks that wait for a permission */
	ICE_RELAY_HELD_LEN = 512,	/* what is longer is no check */
	ICE_RELAY_SOCKETS = 2,		/* the first, and one if the server does not like its port */
	ICE_RELAY_BURST = 4,
};

struct ice_relay_hooks {
	void *context;
	void (*payload)(void *context, const struct turn_payload *payload);
	void (*refused)(void *context, const struct endpoint *peer);
	/* There is an allocation, or none any more: see turn.state. */
	void (*changed)(void *context);
	/* Something came: drain. */
	void (*woken)(void *context);
};

struct ice_relay_check {
	struct endpoint to;
	size_t len;			/* 0: free */
	uint8_t bytes[ICE_RELAY_HELD_LEN];
};

struct ice_relay {
	struct turn_allocation turn;
	struct ice_relay_hooks hooks;
	uv_loop_t *loop;
	struct udp *udp[ICE_RELAY_SOCKETS];
	uv_poll_t polls[ICE_RELAY_SOCKETS];
	size_t sockets;			/* the last one is in use */
	struct ice_relay_check held[ICE_RELAY_HELD];
	uint8_t slot[PACKET_SLOT];	/* what goes out */
};

/* User and password are borrowed. */
void ice_relay_init(struct ice_relay *r, uv_loop_t *loop, struct bytes user, struct bytes password,
		    struct rng *rng, const struct ice_relay_hooks *hooks);
/* After the loop is closed. */
void ice_relay_deinit(struct ice_relay *r);

/* 0 or -errno with a sentence in error. */
int ice_relay_start(struct ice_relay *r, const struct endpoint *server, msec now,
		    char error[static 512]);

void ice_relay_send(struct ice_relay *r, const struct endpoint *to, struct bytes bytes, msec now);

/* Time has passed, or something has come: do all that is to be done. */
void ice_relay_drain(struct ice_relay *r, msec now);

#endif
