/* relay.h -- a datagram for another peer, inside the session with who passes it on.
 *
 *   | FRAME_RELAY | length, be16 | tag, 4 bytes | the datagram |
 *
 *   anna --[session]--> relay --[session]--> bert
 *          tag: how bert's mailbox for anna begins, on both legs
 *
 * The tag is of the id that bert has registered with the relay (mailbox.h): the relay finds
 * by it whom the datagram is for, bert finds by it whom it is from. What is inside is a
 * WireGuard message or an ICE check of the two, which the relay can neither read nor alter.
 *
 * WireGuard's padding is not added: the datagram has it already.
 */
#ifndef SIGNAL_RELAY_H
#define SIGNAL_RELAY_H

#include "base/packet.h"
#include "signal/frame.h"

enum { RELAY_TAG = 4, RELAY_HEADER = FRAME_HEADER + RELAY_TAG };

/* The header before the datagram; it wants RELAY_HEADER bytes of room there. False: too long. */
bool relay_put(struct packet *p, const uint8_t tag[static RELAY_TAG]);

/* Is this plaintext of a session meant to be such a frame? */
bool relay_is(struct bytes plain);

/* *p loses what padding there is, *datagram is what lies inside. False: malformed. */
bool relay_read(struct packet *p, uint8_t tag[static RELAY_TAG], struct packet *datagram);

#endif
