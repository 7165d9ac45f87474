/* crew.h -- helper threads that seal and open their share of each large burst.
 *
 *   the loop's thread   ...|open|= part =|= part =|= part =|close, wait| goes on ...
 *   a helper       spins or sleeps |= part =|= part =|out|  spins or sleeps
 *
 * A fork and a join within one call: between bursts no helper has anything, neither keys nor
 * packets, and the rest of the node knows of no threads. Parts are taken from one index by
 * whoever is free, the caller as well. So a helper that comes late costs nothing, and one that
 * does not come at all costs its help.
 *
 * This and not a second queue of the TUN device with a thread, a socket and half of the flows
 * each: a queue is chosen by flow, so one stream gains nothing (it lost 9 % by cold caches when
 * that was tried, where four streams gained 9 to 20 %); the node, whose peers, replay windows
 * and timers all flows share, would need locks; and packets of one flow could overtake each
 * other where flows move between queues. The AEAD is half of a packet's cost and needs nothing
 * but the key and the packet.
 */
#ifndef IO_CREW_H
#define IO_CREW_H

#include <stdint.h>

#include "crypto/aead.h"

struct crew;

/* So many threads with the caller's, 2..AEAD_LANES_MAX. 0 or -errno. */
int crew_new(struct crew **out, unsigned threads);
void crew_free(struct crew *crew);	/* after aead_set_team(NULL). NULL is fine */

struct aead_team *crew_team(struct crew *crew);
uint64_t crew_helped(const struct crew *crew);	/* packets that others than the caller did */

#endif
