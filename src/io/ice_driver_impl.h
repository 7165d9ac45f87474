/* ice_driver_impl.h -- the inside of struct ice_driver, for the files that make one.
 *
 *   ice_driver.c    opens everything; the agent, what comes in and goes out
 *   ice_gather.c    candidates: of this host, of STUN servers, of a TURN server
 */
#ifndef IO_ICE_DRIVER_IMPL_H
#define IO_ICE_DRIVER_IMPL_H

#include "io/ice_driver.h"
#include "io/ice_relay.h"

enum {
	ICE_DRIVER_SIGNALS = 2,
	VIA_RELAY = 1,			/* base.via of what goes through the TURN server */
};

struct ice_driver {
	struct ice_driver_settings settings;
	struct ice_driver_hooks hooks;
	struct rng rng;
	struct ice_pacer pacer;
	struct ice_agent agent;
	struct reflexive reflexive;
	struct ice_relay relay;
	struct station station;
	uv_poll_t input_poll;
	uv_idle_t input_idle;
	uv_signal_t signals[ICE_DRIVER_SIGNALS];
	struct ice_base bases[2 * ICE_DRIVER_BASES_MAX];
	size_t bases_len;
	struct station_server names[ICE_DRIVER_SERVERS_MAX + 1];	/* STUN, then TURN */
	size_t names_len;
	size_t names_answered;
	bool relay_settled;		/* there is a relay, or there will be none */
	bool gathered;
	uint32_t told_locals;		/* bits of slots */
	struct {
		uint16_t serial;
		uint8_t state;
	} seen[PAIRS_MAX];		/* as they were told */
};

/* -- ice_driver.c -------------------------------------------------------- */

void ice_driver_tell(struct ice_driver *d, const struct ice_event *event);
/* What came to a base, straight or by the relay. */
void ice_driver_receive(struct ice_driver *d, const struct ice_base *base,
			const struct endpoint *remote, struct bytes bytes, msec now);

/* -- ice_gather.c -------------------------------------------------------- */

void ice_driver_init_relay(struct ice_driver *d);
void ice_driver_gather_hosts(struct ice_driver *d);
void ice_driver_look_up(struct ice_driver *d);
void ice_driver_on_resolved(void *context, size_t nth, const struct endpoint *endpoints, size_t n);
/* What is due, and what has come of it. */
void ice_driver_gather(struct ice_driver *d, msec now);
/* What carries data has a channel. */
void ice_driver_bind_channel(struct ice_driver *d, uint8_t pair, msec now);

#endif
