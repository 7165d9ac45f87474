/* survey_tcp.h -- how others see our listen port when it calls them by TCP.
 *
 *   introducers that we are connected to   a Binding request as a datagram of VIA_TCP
 *   STUN servers of the settings           over a stream from the listen port: to them it is
 *        |                                 RFC 8489 alone, without the frames of RFC 4571
 *        '--> gather.h: a candidate that both sides call at once (ice/candidate_tcp.h)
 *
 * Only while a peer is looked for over TCP (reach_tcp.h). The streams stay open as long, and
 * with them what the NAT has mapped. What a session over TCP tells (OBSERVED) does as well.
 */
#ifndef NODE_SURVEY_TCP_H
#define NODE_SURVEY_TCP_H

#include "node/node.h"
#include "stun/binding.h"

enum { SURVEY_TCP_AGAIN = 60 * 1000 };	/* msec: mappings of TCP live long (RFC 5382 section 5) */

struct survey_tcp {
	struct binding introducers, servers;
	uint16_t streams[NODE_STUN_MAX];	/* to the server of that place in survey.h; 0: none */
	msec next;				/* when all are asked again */
};

/* Nobody is asked any more, until it is wanted again: also when the servers are others now. */
void survey_tcp_stop(struct node *node);

/* By that stream a STUN server is called. */
bool survey_tcp_calls(const struct node *node, uint16_t via);

/* True: the datagram was an answer to one of our questions. */
bool survey_tcp_feed(struct node *node, const struct path *path, struct bytes datagram, msec now);
void survey_tcp_tick(struct node *node, msec now);
msec survey_tcp_due(const struct node *node, msec now);
enum action_kind survey_tcp_poll(struct node *node, struct action *action, msec now);

#endif
