/* demux.c -- what kind of datagram is this, by exact and exclusive tests. */
#include "node/demux.h"

#include "signal/seal.h"
#include "wg/messages.h"

#define STUN_COOKIE UINT32_C(0x2112A442)

enum { STUN_HEADER_LEN = 20, CHANNEL_HEADER_LEN = 4 };

/* The four messages by type and size; `kind` if they are plain WireGuard's. */
static bool is_wireguard(uint8_t type, size_t len, enum demux_kind *kind)
{
	switch (type) {
	case MESSAGE_DATA:
		*kind = DEMUX_DATA;
		return len >= MESSAGE_DATA_MIN;
	case MESSAGE_INITIATION:
		*kind = DEMUX_INITIATION;
		return len == sizeof(struct message_initiation);
	case MESSAGE_RESPONSE:
		*kind = DEMUX_RESPONSE;
		return len == sizeof(struct message_response);
	case MESSAGE_COOKIE:
		*kind = DEMUX_COOKIE;
		return len == sizeof(struct message_cookie);
	}
	return false;
}

/* RFC 8489 section 5: two zero bits, its own length in words, the cookie. */
static bool is_stun(struct bytes datagram)
{
	struct reader r = reader_over(datagram);
	uint16_t type = get_be16(&r);
	uint16_t len = get_be16(&r);
	uint32_t cookie = get_be32(&r);

	return !r.bad && datagram.len >= STUN_HEADER_LEN && (type & 0xc000) == 0 &&
	       len % 4 == 0 && len == datagram.len - STUN_HEADER_LEN && cookie == STUN_COOKIE;
}

/* RFC 8656 section 12.4: channel number 0x4000..0x4fff, length of the data. */
static bool is_channel(struct bytes datagram)
{
	struct reader r = reader_over(datagram);
	uint16_t channel = get_be16(&r);
	uint16_t len = get_be16(&r);

	return !r.bad && (channel & 0xf000) == 0x4000 && len <= datagram.len - CHANNEL_HEADER_LEN;
}

static bool is_envelope(struct bytes datagram)
{
	struct reader r = reader_over(datagram);
	uint8_t mark = get_u8(&r);
	uint8_t version = get_u8(&r);

	return mark == DEMUX_ENVELOPE_MARK && version == ENVELOPE_VERSION &&
	       datagram.len > 1 + ENVELOPE_OVERHEAD && datagram.len <= 1 + ENVELOPE_MAX;
}

enum demux_kind demux(struct bytes datagram, bool from_turn_server)
{
	struct reader r = reader_over(datagram);
	uint8_t type = get_u8(&r);
	uint8_t suite = get_u8(&r);
	uint16_t reserved = get_be16(&r);
	enum demux_kind kind;

	if (r.bad)
		return DEMUX_UNKNOWN;
	if (reserved == 0 && suite <= 1 && is_wireguard(type, datagram.len, &kind))
		return suite == 0 ? kind : DEMUX_SUITE;
	if (from_turn_server && is_channel(datagram))
		return DEMUX_CHANNEL;
	if (is_stun(datagram))
		return DEMUX_STUN;
	if (is_envelope(datagram))
		return DEMUX_ENVELOPE;
	return DEMUX_UNKNOWN;
}
