/* relay.c -- a datagram for another peer, inside the session with who passes it on. */
#include "signal/relay.h"

#include <assert.h>
#include <string.h>

bool relay_put(struct packet *p, const uint8_t tag[static RELAY_TAG])
{
	if (p->len > UINT16_MAX - RELAY_TAG)
		return false;
	assert(packet_headroom(p) >= RELAY_HEADER);
	p->data -= RELAY_HEADER;
	p->data[0] = FRAME_RELAY;
	store_be16(p->data + 1, (uint16_t)(p->len + RELAY_TAG));
	memcpy(p->data + FRAME_HEADER, tag, RELAY_TAG);
	p->len += RELAY_HEADER;
	return true;
}

bool relay_is(struct bytes plain)
{
	return plain.len && plain.data[0] == FRAME_RELAY;
}

bool relay_read(struct packet *p, uint8_t tag[static RELAY_TAG], struct packet *datagram)
{
	struct bytes body;
	unsigned kind;

	if (!frame_read(packet_bytes(p), &kind, &body) || kind != FRAME_RELAY ||
	    body.len <= RELAY_TAG)
		return false;
	memcpy(tag, body.data, RELAY_TAG);
	p->len = FRAME_HEADER + body.len;
	*datagram = *p;
	datagram->data += RELAY_HEADER;
	datagram->len -= RELAY_HEADER;
	return true;
}
