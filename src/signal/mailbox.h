/* mailbox.h -- the address on an envelope, which only the two ends can compute.
 *
 *   id = BLAKE2s-128(key of the pair, "mbox" | direction | UTC day)
 *
 * The key is the DH of both static keys, with the psk mixed in if there is one.
 * A carrier sees ids that change daily and that it cannot tie to a key, to each
 * other or to a group; a stranger cannot write to anybody.
 *
 * A sender uses the id of its own today. Clocks are wrong, so a recipient
 * listens on two days: those of twelve hours ago and of twelve hours ahead,
 * which are always two. That serves any two clocks that are less than twelve
 * hours apart; around midnight the one that runs ahead as well as the other.
 */
#ifndef SIGNAL_MAILBOX_H
#define SIGNAL_MAILBOX_H

#include "signal/seal.h"

enum mailbox_direction { MAILBOX_TO_PEER, MAILBOX_FROM_PEER };

void mailbox_id(uint8_t out[static MAILBOX_LEN], const struct noise_x_self *self,
		const struct noise_x_peer *peer, enum mailbox_direction direction, uint32_t day);

uint32_t mailbox_day(uint64_t wall_ms);			/* to send on; days since 1970 */
uint32_t mailbox_first_day(uint64_t wall_ms);		/* to listen on, with the one after it */

#endif
