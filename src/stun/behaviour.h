/* behaviour.h -- what kind of NAT is in front of this socket?
 *
 *   SURVEY     ask every server what it sees; compare
 *     |
 *   FILTERING  the server's other address answers: does it get in?    RFC 5780 section 4.4
 *     |        our own mapped address: does a packet come back?       section 4.5
 *   MAPPING    ask the server's other address: what does it see?      section 4.3
 *     |
 *   DONE
 *
 * Filtering comes before mapping, as to send to an address is to let it in.
 * Servers that have no second address (most) leave only the comparison:
 * two of them see the same, then the mapping is endpoint-independent; they do
 * not, then it depends on the destination ("symmetric"). One that has a second port
 * at its one address (responder.h) proves the worst, by port, and nothing better.
 *
 * The hairpin test uses the one socket that there is, where RFC 5780 takes a
 * second port: this is what two peers behind the same NAT would do.
 *
 * It takes a few round trips when everybody answers, 12 seconds at most.
 */
#ifndef STUN_BEHAVIOUR_H
#define STUN_BEHAVIOUR_H

#include "stun/binding.h"

/* RFC 4787 section 4.1: what a mapping depends on. */
enum nat_mapping {
	MAPPING_UNKNOWN,
	MAPPING_DIRECT,			/* no NAT: servers see our own address */
	MAPPING_INDEPENDENT,		/* the same for every destination */
	MAPPING_BY_ADDRESS,
	MAPPING_BY_PORT,		/* on the destination's address and port */
	MAPPING_DEPENDENT,		/* one of the last two */
};

/* RFC 4787 section 5: who may send to a mapped address. */
enum nat_filtering {
	FILTERING_UNKNOWN,
	FILTERING_INDEPENDENT,		/* anybody */
	FILTERING_BY_ADDRESS,		/* addresses that we have sent to */
	FILTERING_BY_PORT,		/* address and port that we have sent to */
};

enum nat_ports {
	PORTS_UNKNOWN,
	PORTS_PRESERVED,		/* always ours */
	PORTS_CHANGED,			/* another one, but one */
	PORTS_SEQUENTIAL,		/* each destination a few further: `port_step` */
	PORTS_RANDOM,
};

enum nat_hairpin { HAIRPIN_UNKNOWN, HAIRPIN_YES, HAIRPIN_NO };

struct behaviour_report {
	unsigned asked, answered;	/* servers; none answered: UDP is blocked */
	struct endpoint mapped;		/* as the first that answered saw us; port 0: none did */
	enum nat_mapping mapping;
	enum nat_filtering filtering;
	enum nat_ports ports;
	int port_step;
	enum nat_hairpin hairpin;
};

enum behaviour_state {
	BEHAVIOUR_IDLE,			/* zeroed memory */
	BEHAVIOUR_SURVEY,
	BEHAVIOUR_FILTERING,
	BEHAVIOUR_MAPPING,
	BEHAVIOUR_DONE,			/* `report` is complete */
};

enum behaviour_probe {
	PROBE_CHANGE_BOTH,		/* "answer from your other address and port" */
	PROBE_CHANGE_PORT,
	PROBE_HAIRPIN,
	PROBE_OTHER_ADDRESS,		/* to the server's other address, same port */
	PROBE_OTHER_BOTH,
	PROBE_OTHER_PORT,		/* of a server with one address */
	PROBES,
};

struct behaviour {
	enum behaviour_state state;
	struct endpoint local;
	struct rng *rng;
	struct binding survey;
	struct binding_query probes[PROBES];
	size_t chosen;			/* the server with another address, or port; or past the last */
	bool has_other_ip;		/* that one */
	bool may_hairpin;		/* the mapped address is one to send to */
	struct behaviour_report report;
};

/* `local`: the socket's own address, as the kernel uses it towards the servers
 * (family IP_NONE: not known, then MAPPING_DIRECT is not recognised). `rng` is
 * kept. The servers are of one address family. */
void behaviour_start(struct behaviour *b, const struct endpoint *local,
		     const struct endpoint *servers, size_t n, struct rng *rng, msec now);
/* True: the datagram was for us. Ask before a responder does: our own hairpin
 * request is among them. */
bool behaviour_feed(struct behaviour *b, msec now, const struct endpoint *from,
		    struct bytes datagram);
void behaviour_tick(struct behaviour *b, msec now);
msec behaviour_due(const struct behaviour *b);		/* NEVER: it is over */
/* As binding_poll(). */
bool behaviour_poll(struct behaviour *b, struct writer *w, struct endpoint *to);

/* In one word. The first: "none", "easy" (peers can reach us at one address),
 * "hard" (each sees another), "blocked" (no UDP) or "unknown". */
const char *behaviour_word(const struct behaviour_report *r);
const char *nat_mapping_word(enum nat_mapping mapping);
const char *nat_filtering_word(enum nat_filtering filtering);
const char *nat_ports_word(enum nat_ports ports);
const char *nat_hairpin_word(enum nat_hairpin hairpin);

#endif
