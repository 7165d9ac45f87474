/* frame.h -- what goes between a client and its TURN server, around a payload.
 *
 *   ChannelData                            Send and Data indication
 *   +----------------+----------------+    +--------------------------------+
 *   | channel number | bytes of data  |    | STUN header, 20 bytes          |
 *   +----------------+----------------+    | XOR-PEER-ADDRESS, 12 or 24     |
 *   | data                            |    | DATA: type, bytes of data      |
 *   +---------------------------------+    | data, and 0 to 3 of padding    |
 *                                          +--------------------------------+
 *
 * RFC 8656 sections 11 and 12.4. Headers go into a packet's headroom, so a payload is
 * wrapped where it lies. The first two bits tell one from the other: 01 and 00.
 *
 * In a datagram a frame may be followed by anything; on a stream (TCP, TLS) frames stand
 * one behind the other and ChannelData is padded to four bytes, which its length does not
 * count (section 12.5). The splitter finds where they end:
 *
 *   ...--| frame | frame | fra         bytes, as they come
 *            |       |      '--------> kept until the rest is here
 *            '-------'---------------> handed out
 */
#ifndef TURN_FRAME_H
#define TURN_FRAME_H

#include "base/packet.h"
#include "stun/message.h"

enum {
	CHANNEL_MIN = 0x4000,		/* section 12: the rest is reserved */
	CHANNEL_MAX = 0x4fff,
	CHANNEL_HEADER_LEN = 4,
	SEND_HEADER_MAX = 52,		/* in front of a payload, over IPv6 and with DONT-FRAGMENT */
};

bool turn_is_channel_data(struct bytes frame);

/* False: no channel of ours could have that number, or it is shorter than it says. */
bool channel_data_read(uint16_t *channel, struct bytes *data, struct bytes frame);

/* False: there is no room before or behind it, or it is too long; nothing has changed then. */
bool channel_data_wrap(struct packet *p, uint16_t channel, bool stream);
bool send_indication_wrap(struct packet *p, const struct endpoint *peer, bool dont_fragment,
			  const uint8_t id[static STUN_ID_LEN]);

/* -- streams ------------------------------------------------------------- */

struct turn_splitter {
	uint8_t *buffer;		/* borrowed */
	size_t cap;
	size_t len;
	bool bad;
};

/* A frame that is longer than `cap` ends the stream. */
void turn_splitter_init(struct turn_splitter *s, uint8_t *buffer, size_t cap);

/* The next frame of what is kept and of `in`, of which it takes as much as it needs; valid
 * until the next call. False: nothing whole is left, all of `in` is taken; or the stream
 * has turned bad for good (neither STUN nor ChannelData, or too long): close it. */
bool turn_splitter_next(struct turn_splitter *s, struct bytes *in, struct bytes *frame);

#endif
