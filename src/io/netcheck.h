/* netcheck.h -- what kind of NAT is in front of this host, asked from a socket of our own.
 *
 *   names of STUN servers --> addresses --> one stun/behaviour.h for each family --> over
 *                                       '-> a TCP connection to each (netcheck_tcp.h)
 *
 * Needs no rights and no daemon. It is another port than a daemon's, so another mapping;
 * but the same NAT, which treats both the same.
 */
#ifndef IO_NETCHECK_H
#define IO_NETCHECK_H

#include "io/netcheck_tcp.h"
#include "io/station.h"
#include "stun/behaviour.h"

enum { NETCHECK_SERVERS_MAX = BINDING_SERVERS_MAX };

/* What one server said in one family. */
struct netcheck_answer {
	struct endpoint at;		/* family IP_NONE: it has no address there, or was not asked */
	enum binding_result result;
	unsigned error;			/* BINDING_REFUSED: its code */
	msec rtt;			/* -1: not known */
};

struct netcheck_family {
	struct endpoint local;		/* where we asked from; family IP_NONE: no way out */
	struct behaviour_report report;
	struct netcheck_answer answers[NETCHECK_SERVERS_MAX];	/* in the order of the servers */
};

struct netcheck {
	struct netcheck_family v4, v6;
	enum netcheck_tcp_result tcp;
};

/* Takes some seconds. n <= NETCHECK_SERVERS_MAX. 0 or -errno with a sentence in error. */
int netcheck_run(struct netcheck *out, const struct station_server *servers, size_t n,
		 char error[static 512]);

#endif
