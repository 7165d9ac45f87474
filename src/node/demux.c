/* demux.c -- what kind of datagram is this, by exact and exclusive tests. */
#include "node/demux.h"

#include "signal/seal.h"
#include "wg/suite.h"

#define STUN_COOKIE UINT32_C(0x2112A442)

enum { STUN_HEADER_LEN = 20, CHANNEL_HEADER_LEN = 4 };

/* The four messages by type and size. */
static enum demux_kind kind_of(uint8_t type, size_t len)
{
	switch (type) {
	case MESSAGE_DATA:
		return len >= MESSAGE_DATA_MIN ? DEMUX_DATA : DEMUX_UNKNOWN;
	case MESSAGE_INITIATION:
		return len == sizeof(struct message_initiation) ? DEMUX_INITIATION : DEMUX_UNKNOWN;
	case MESSAGE_RESPONSE:
		return len == sizeof(struct message_response) ? DEMUX_RESPONSE : DEMUX_UNKNOWN;
	case MESSAGE_COOKIE:
		return len == sizeof(struct message_cookie) ? DEMUX_COOKIE : DEMUX_UNKNOWN;
	}
	return DEMUX_UNKNOWN;
}

/* wg/suite.h. Who calls in a suite has it; what he expects of us is his affair. */
static bool suite_fits(enum demux_kind kind, uint8_t suite, uint8_t offered, uint8_t expected)
{
	if (suite >= AEAD_SUITES || (suite != AEAD_CHACHA20POLY1305 && kind == DEMUX_COOKIE))
		return false;
	if (suite != AEAD_CHACHA20POLY1305 && kind == DEMUX_INITIATION)
		return suite_is_in(suite, offered);
	return offered == 0 && expected == 0;
}

static bool is_message(struct bytes datagram, enum demux_kind *kind)
{
	struct reader r = reader_over(datagram);
	uint8_t type = get_u8(&r), suite = get_u8(&r), offered = get_u8(&r), expected = get_u8(&r);

	*kind = kind_of(type, datagram.len);
	return !r.bad && *kind != DEMUX_UNKNOWN && suite_fits(*kind, suite, offered, expected);
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
	enum demux_kind kind;

	if (is_message(datagram, &kind))
		return kind;
	if (from_turn_server && is_channel(datagram))
		return DEMUX_CHANNEL;
	if (is_stun(datagram))
		return DEMUX_STUN;
	if (is_envelope(datagram))
		return DEMUX_ENVELOPE;
	return DEMUX_UNKNOWN;
}
