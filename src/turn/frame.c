/* frame.c -- what goes between a client and its TURN server, around a payload. */
#include "turn/frame.h"

#include <string.h>

enum {
	ATTR_HEADER_LEN = 4,
	ADDRESS_V4_LEN = 12,		/* XOR-PEER-ADDRESS with its header */
	ADDRESS_V6_LEN = 24,
	HEAD_LEN = 4,			/* bytes that tell how long a frame is */
};

static size_t padding(size_t len)
{
	return -len & 3u;
}

/* -- ChannelData --------------------------------------------------------- */

bool turn_is_channel_data(struct bytes frame)
{
	return frame.len && (frame.data[0] & 0xc0) == 0x40;
}

static bool is_channel(uint16_t number)
{
	return number >= CHANNEL_MIN && number <= CHANNEL_MAX;
}

/* What is behind the data is padding, or nothing that is meant for us. */
bool channel_data_read(uint16_t *channel, struct bytes *data, struct bytes frame)
{
	struct reader r = reader_over(frame);
	uint16_t number = get_be16(&r);
	struct bytes payload = get_bytes(&r, get_be16(&r));

	if (r.bad || !is_channel(number))
		return false;
	*channel = number;
	*data = payload;
	return true;
}

bool channel_data_wrap(struct packet *p, uint16_t channel, bool stream)
{
	size_t pad = stream ? padding(p->len) : 0, len = p->len;

	if (len > UINT16_MAX || packet_headroom(p) < CHANNEL_HEADER_LEN || packet_tailroom(p) < pad)
		return false;
	memset(p->data + len, 0, pad);
	p->data -= CHANNEL_HEADER_LEN;
	p->len += CHANNEL_HEADER_LEN + pad;
	store_be16(p->data, channel);
	store_be16(p->data + 2, (uint16_t)len);
	return true;
}

/* -- Send indications ---------------------------------------------------- */

static size_t send_header_len(const struct endpoint *peer, bool dont_fragment)
{
	return STUN_HEADER_LEN + (peer->ip.family == IP_V4 ? ADDRESS_V4_LEN : ADDRESS_V6_LEN) +
	       (dont_fragment ? ATTR_HEADER_LEN : 0) + ATTR_HEADER_LEN;
}

/* The attribute's header by hand, as its value is there already; so the length in the
 * message's header by hand, too. */
bool send_indication_wrap(struct packet *p, const struct endpoint *peer, bool dont_fragment,
			  const uint8_t id[static STUN_ID_LEN])
{
	size_t head = send_header_len(peer, dont_fragment), pad = padding(p->len), len = p->len;
	struct writer w;

	if (head + len + pad - STUN_HEADER_LEN > UINT16_MAX || packet_headroom(p) < head ||
	    packet_tailroom(p) < pad)
		return false;
	memset(p->data + len, 0, pad);
	p->data -= head;
	p->len += head + pad;
	w = writer_over(p->data, head);
	stun_begin(&w, STUN_SEND, STUN_INDICATION, id);
	stun_put_xor_address(&w, ATTR_XOR_PEER_ADDRESS, peer);
	if (dont_fragment)
		stun_put(&w, ATTR_DONT_FRAGMENT, bytes_of(NULL, 0));
	put_be16(&w, ATTR_DATA);
	put_be16(&w, (uint16_t)len);
	store_be16(p->data + 2, (uint16_t)(p->len - STUN_HEADER_LEN));
	return true;
}

/* -- streams ------------------------------------------------------------- */

void turn_splitter_init(struct turn_splitter *s, uint8_t *buffer, size_t cap)
{
	*s = (struct turn_splitter){.buffer = buffer, .cap = cap};
}

/* How long a frame is that begins so; 0: none does. */
static size_t frame_len(const uint8_t head[static HEAD_LEN])
{
	uint16_t first = load_be16(head);
	size_t len = load_be16(head + 2);

	if (is_channel(first))
		return CHANNEL_HEADER_LEN + len + padding(len);
	return (first & 0xc000) == 0 && padding(len) == 0 ? STUN_HEADER_LEN + len : 0;
}

/* Until `want` bytes of the frame are kept. */
static bool fill(struct turn_splitter *s, struct bytes *in, size_t want)
{
	size_t n = want - s->len < in->len ? want - s->len : in->len;

	if (n)
		memcpy(s->buffer + s->len, in->data, n);
	s->len += n;
	*in = bytes_of(in->data + n, in->len - n);
	return s->len == want;
}

bool turn_splitter_next(struct turn_splitter *s, struct bytes *in, struct bytes *frame)
{
	size_t len;

	s->bad |= s->cap < HEAD_LEN;
	if (s->bad || (s->len < HEAD_LEN && !fill(s, in, HEAD_LEN)))
		return false;
	len = frame_len(s->buffer);
	s->bad = len == 0 || len > s->cap;
	if (s->bad || !fill(s, in, len))
		return false;
	*frame = bytes_of(s->buffer, len);
	s->len = 0;
	return true;
}
