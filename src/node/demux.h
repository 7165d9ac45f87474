/* demux.h -- what kind of datagram is this, by exact and exclusive tests.
 *
 * One socket carries WireGuard, STUN and TURN's ChannelData. The first byte is
 * not enough to tell (STUN owns 0..3, WireGuard's types are 1..4): a WireGuard
 * message has zeroes in bytes 1 to 3 and a fixed or least size; of another suite
 * (wg/suite.h) it has 1 in the second and, if it is an initiation, a set in the third
 * that is not empty, where a STUN message of its size has zero. A STUN message
 * has its cookie and says its own length (RFC 8489 section 5); ChannelData
 * starts with 0x40..0x4f (RFC 8656 section 12) and counts only from a server
 * where we have an allocation. An envelope (signal/seal.h) that comes straight
 * from a peer has 0xE1 before it, which is none of these, nor DTLS, RTP or QUIC
 * with its fixed bit (RFC 9443), and the envelope's own version in the second byte.
 *
 * What is nothing of these is dropped and counted. Nothing is ever answered
 * because it failed to parse.
 */
#ifndef NODE_DEMUX_H
#define NODE_DEMUX_H

#include "base/bytes.h"

enum demux_kind {
	DEMUX_DATA,		/* type 4, at least 32 bytes; this and the next two of either suite */
	DEMUX_INITIATION,	/* type 1, 148 bytes */
	DEMUX_RESPONSE,		/* type 2, 92 bytes */
	DEMUX_COOKIE,		/* type 3, 64 bytes */
	DEMUX_STUN,
	DEMUX_CHANNEL,
	DEMUX_ENVELOPE,		/* DEMUX_ENVELOPE_MARK, then an envelope of a possible length */
	DEMUX_UNKNOWN,
};

enum { DEMUX_ENVELOPE_MARK = 0xe1 };

/* `from_turn_server`: the datagram's source is a server of an allocation of ours. */
enum demux_kind demux(struct bytes datagram, bool from_turn_server);

#endif
