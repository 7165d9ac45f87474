/* reach_tcp.h -- when TCP is told and tried for a peer.
 *
 *             UDP is blocked here, as far as we know -------------.
 *             it has told its addresses, and no UDP has led there  +--> used, as long as it is
 *             for REACH_TCP_AFTER ---------------------------------+    looked for or found
 *             it tells of TCP itself, or calls by it --------------'
 *
 * Not before: packets of one connection wait for each other, and TCP inside of TCP makes two
 * that both send again what was lost.
 */
#ifndef NODE_REACH_TCP_H
#define NODE_REACH_TCP_H

#include <stdbool.h>

#include "base/msec.h"

struct gather;
struct reach;

enum { REACH_TCP_AFTER = 2500 };	/* msec: each address was asked three times */

struct reach_tcp {
	bool allowed;			/* by the settings */
	bool by_peer;			/* it has told of TCP, or called by it */
	bool used;
};

/* Is it time? Then our candidates of TCP are told and paired. */
void reach_tcp_attend(struct reach *r, const struct gather *gather, bool udp_is_blocked, msec now);
msec reach_tcp_due(const struct reach *r);

/* It is used, and no UDP leads there: how we are seen over TCP is of interest. */
bool reach_tcp_is_needed(const struct reach *r, msec now);
/* Or it leads there, though nothing is to be sent: the peer may have to call again. */
bool reach_tcp_wants_map(const struct reach *r, msec now);

#endif
