/* mapper.h -- one port of ours, mapped by whichever way the router knows.
 *
 *   gateway known   0 ms     250 ms      500 ms           the first that is granted wins;
 *                   |--------|-----------|------------>   the others are dropped
 *                   PCP      NAT-PMP     UPnP
 *
 *   PCP refused for good: NAT-PMP at once, and so on; nobody left: all again in an hour
 *   lease of the winner over, or it refuses: all again
 *   another gateway, interface or address of ours: forget everything, all again
 *   stop: what was mapped is given back, once; start: all again
 *
 * PCP and NAT-PMP are datagrams to the gateway and back; only its own are believed. UPnP is
 * HTTP and XML, which this machine does not speak: it hands out a job, one at a time, and its
 * owner brings the result (mapper_upnp_done). An IPv6 gateway is asked by PCP alone: what
 * the mapping opens there is a firewall.
 *
 * The router may be behind a NAT itself: then its "external" address is none that others can
 * reach. That is said (is_public), and the mapping kept for the few who can.
 */
#ifndef PORTMAP_MAPPER_H
#define PORTMAP_MAPPER_H

#include "portmap/client.h"

enum mapper_method { MAPPER_PCP, MAPPER_NATPMP, MAPPER_UPNP, MAPPER_METHODS };

enum {
	MAPPER_UPNP_PORTS = 4,		/* external ones that are tried, our own first */
	MAPPER_UPNP_LEASE = 3600,	/* seconds; a UPnP router does not tell when it has restarted */
};

struct mapper_settings {
	enum portmap_proto proto;
	uint16_t port;
	/* Ours, and the same at each start, so that what a killed program left is found again:
	 * the same nonce, and the same ports tried if our own is taken. */
	uint8_t nonce[PORTMAP_NONCE_LEN];
	bool methods[MAPPER_METHODS];
};

/* Where to ask. `gateway` family IP_NONE: there is nobody. */
struct mapper_place {
	struct ip gateway, self;
	uint32_t ifindex;
};

bool mapper_place_equal(const struct mapper_place *a, const struct mapper_place *b);

struct mapping {
	enum mapper_method method;
	struct endpoint external;	/* family IP_NONE: nothing is mapped */
	struct ip self;			/* our address that it leads to */
	bool is_public;
	uint32_t lifetime;		/* seconds; 0: until it is deleted */
};

struct mapper_upnp_job {
	bool deletes;
	struct ip gateway;
	uint32_t ifindex;
	enum portmap_proto proto;
	struct endpoint self;
	uint16_t ports[MAPPER_UPNP_PORTS];	/* to delete: the first alone */
	uint32_t lease;
};

struct mapper_upnp_result {
	bool ok;
	uint16_t error;			/* of UPnP; 0: nobody answered */
	struct endpoint external;
	uint32_t lease;			/* seconds; 0: it is permanent */
};

struct upnp {
	bool owes_job, is_out;		/* a job */
	bool is_held;
	bool gives_back;		/* what the job that is out may bring, or what is held */
	struct mapper_upnp_job job;
	struct mapper_upnp_result got;
	struct lease lease;
};

/* Why a datagram was not taken. Each has a test. */
enum mapper_counter {
	MAPPER_WRONG_SOURCE,		/* not from the gateway */
	MAPPER_MALFORMED,
	MAPPER_NOT_OURS,		/* nobody asked this */
	MAPPER_COUNTERS,
};

struct mapper {
	struct mapper_settings settings;
	struct mapper_place place;
	struct rng *rng;
	struct client clients[MAPPER_UPNP];	/* PCP, NAT-PMP */
	struct upnp upnp;
	msec starts[MAPPER_METHODS];	/* NEVER: it has started, or will not */
	msec again;
	struct mapping mapping;
	bool changed;
	bool has_failed;		/* and it was said */
	bool is_stopped;
	uint64_t counters[MAPPER_COUNTERS];
};

enum mapper_action {
	MAPPER_NOTHING,
	MAPPER_SEND,			/* what is in the writer, to PORTMAP_PORT of the gateway */
	MAPPER_UPNP_JOB,		/* do it, then call mapper_upnp_done(); never two at once */
	MAPPER_CHANGED,			/* m->mapping */
};

void mapper_init(struct mapper *m, const struct mapper_settings *settings, struct rng *rng);
/* Also if it is the same again; then nothing happens. */
void mapper_set_place(struct mapper *m, const struct mapper_place *place, msec now);
void mapper_feed(struct mapper *m, const struct endpoint *from, struct bytes datagram, msec now);
void mapper_upnp_done(struct mapper *m, const struct mapper_upnp_result *result, msec now);
void mapper_tick(struct mapper *m, msec now);
msec mapper_due(const struct mapper *m);	/* NEVER: nothing is planned */
/* `w` is empty and has room for CLIENT_MESSAGE_MAX bytes. Ask until it says MAPPER_NOTHING. */
enum mapper_action mapper_poll(struct mapper *m, struct writer *w, struct mapper_upnp_job *job,
			       msec now);

/* Give back what is mapped: poll, and wait while it has a job out. */
void mapper_stop(struct mapper *m, msec now);
bool mapper_has_job_out(const struct mapper *m);
/* Once more after that, if it has no job out. */
void mapper_start(struct mapper *m, msec now);

/* RFC 1918, RFC 6598 (carriers), and all else that is nobody's on the internet. */
bool mapper_is_public(const struct ip *ip);

const char *mapper_method_name(enum mapper_method method);	/* as people write it */
const char *mapper_counter_name(enum mapper_counter counter);	/* lower_snake */

#endif
