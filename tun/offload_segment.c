/* offload_segment.c -- a packet of many segments, cut up into packets.
 *
 * What the kernel says besides gso_type and gso_size is not needed: the headers are found again,
 * and the pseudo-header is summed again, which makes no assumption of what stood there.
 */
#include "tun/offload_segment.h"

#include <assert.h>
#include <string.h>

#include "base/checksum.h"

bool segments_left(const struct segments *s)
{
	return s->at < s->whole.len;
}

static bool is_of_type(const struct headers *h, uint8_t gso_type)
{
	switch (gso_type) {
	case VNET_GSO_TCP4:
	case VNET_GSO_TCP4 | VNET_GSO_ECN:
		return h->version == 4 && h->protocol == PROTO_TCP;
	case VNET_GSO_TCP6:
	case VNET_GSO_TCP6 | VNET_GSO_ECN:
		return h->version == 6 && h->protocol == PROTO_TCP;
	case VNET_GSO_UDP:
		return h->protocol == PROTO_UDP;
	}
	return false;
}

static bool has_place_for_checksum(const struct vnet_header *vnet, size_t len)
{
	return !(vnet->flags & VNET_NEEDS_CSUM) ||
	       (vnet->csum_start < len && vnet->csum_start + vnet->csum_offset + 2u <= len);
}

static uint64_t sum_ipv4_header(const struct segments *s)
{
	const uint8_t *ip = s->whole.data;
	uint64_t sum = checksum_add(0, bytes_of(ip, s->headers.l4));

	sum = checksum_take_u16(sum, load_be16(ip + 2));	/* length */
	sum = checksum_take_u16(sum, load_be16(ip + 4));	/* identification */
	return checksum_take_u16(sum, load_be16(ip + 10));	/* checksum */
}

static uint64_t sum_l4_header(const struct segments *s)
{
	const struct headers *h = &s->headers;
	const uint8_t *l4 = s->whole.data + h->l4;
	uint64_t sum = headers_pseudo_sum(h, s->whole.data, 0);

	sum = checksum_add(sum, bytes_of(l4, h->header_len - h->l4));
	sum = checksum_take_u16(sum, load_be16(l4 + headers_checksum_offset(h)));
	if (h->protocol == PROTO_UDP)
		return checksum_take_u16(sum, load_be16(l4 + 4));	/* length */
	sum = checksum_take_u32(sum, load_be32(l4 + 4));		/* sequence number */
	return checksum_take_u16(sum, load_be16(l4 + 12));		/* flags */
}

static enum segment_verdict judge(struct segments *s)
{
	size_t payload;

	if (s->vnet.gso_type == VNET_GSO_NONE) {
		if (s->whole.len == 0)
			return SEGMENT_BAD_SIZE;
		return has_place_for_checksum(&s->vnet, s->whole.len) ? SEGMENT_GOOD
								       : SEGMENT_BAD_CHECKSUM;
	}
	if (headers_find(&s->headers, s->whole) != HEADERS_FOUND)
		return SEGMENT_BAD_HEADERS;
	if (!is_of_type(&s->headers, s->vnet.gso_type))
		return SEGMENT_BAD_TYPE;
	payload = s->whole.len - s->headers.header_len;
	if (payload == 0 || s->vnet.gso_size == 0 ||
	    (payload - 1) / s->vnet.gso_size >= SEGMENTS_MAX)
		return SEGMENT_BAD_SIZE;
	s->at = s->headers.header_len;
	s->ip_sum = s->headers.version == 4 ? sum_ipv4_header(s) : 0;
	s->l4_sum = sum_l4_header(s);
	return SEGMENT_GOOD;
}

enum segment_verdict segments_begin(struct segments *s, const struct vnet_header *vnet,
				    struct bytes packet)
{
	enum segment_verdict verdict;

	*s = (struct segments){.vnet = *vnet, .whole = packet};
	verdict = judge(s);
	if (verdict != SEGMENT_GOOD)
		s->at = packet.len;
	return verdict;
}

/* RFC 768: a sum of zero goes as its other form, as zero says that there is none. The kernel
 * does the same for all protocols. */
static void store_checksum(uint8_t *field, uint64_t sum, bool zero_is_none)
{
	uint16_t checksum = (uint16_t)~checksum_fold(sum);

	store_be16(field, checksum || !zero_is_none ? checksum : 0xffff);
}

static void finish_checksum(const struct vnet_header *vnet, uint8_t *packet, size_t len)
{
	uint8_t *start = packet + vnet->csum_start;

	if (vnet->flags & VNET_NEEDS_CSUM)
		store_checksum(start + vnet->csum_offset,
			       checksum_add(0, bytes_of(start, len - vnet->csum_start)), true);
}

enum segment_verdict segment_finish(const struct vnet_header *vnet, uint8_t *packet, size_t len)
{
	struct segments s;
	enum segment_verdict verdict = segments_begin(&s, vnet, bytes_of(packet, len));

	assert(vnet->gso_type == VNET_GSO_NONE);
	if (verdict == SEGMENT_GOOD)
		finish_checksum(vnet, packet, len);
	return verdict;
}

static void finish_ip(const struct segments *s, uint8_t *ip, size_t len)
{
	uint16_t identification;

	if (s->headers.version == 6) {
		store_be16(ip + 4, (uint16_t)(len - IPV6_HEADER_LEN));
		return;
	}
	identification = (uint16_t)(load_be16(ip + 4) + s->index);
	store_be16(ip + 2, (uint16_t)len);
	store_be16(ip + 4, identification);
	store_checksum(ip + 10,
		       checksum_add_u16(checksum_add_u16(s->ip_sum, (uint16_t)len), identification), false);
}

/* Returns the sum of what it wrote. */
static uint64_t finish_tcp(const struct segments *s, uint8_t *tcp, bool last)
{
	uint32_t sequence = load_be32(tcp + 4) + (uint32_t)(s->at - s->headers.header_len);

	store_be32(tcp + 4, sequence);
	if (s->index > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;
	if (!last)
		tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	return checksum_add_u32(checksum_add_u16(0, load_be16(tcp + 12)), sequence);
}

static uint64_t finish_udp(uint8_t *udp, size_t len)
{
	store_be16(udp + 4, (uint16_t)len);
	return checksum_add_u16(0, (uint16_t)len);
}

/* sum: of the payload */
static void finish_l4(const struct segments *s, uint8_t *l4, size_t len, bool last, uint64_t sum)
{
	bool is_udp = s->headers.protocol == PROTO_UDP;

	sum += is_udp ? finish_udp(l4, len) : finish_tcp(s, l4, last);
	sum = checksum_add_u16(sum + s->l4_sum, (uint16_t)len);
	store_checksum(l4 + headers_checksum_offset(&s->headers), sum, is_udp);
}

static size_t cut(struct segments *s, uint8_t *out)
{
	const struct headers *h = &s->headers;
	size_t left = s->whole.len - s->at;
	size_t size = left < s->vnet.gso_size ? left : s->vnet.gso_size;
	size_t len = h->header_len + size;
	uint64_t sum;

	memcpy(out, s->whole.data, h->header_len);
	sum = checksum_copy(0, out + h->header_len, bytes_of(s->whole.data + s->at, size));
	finish_ip(s, out, len);
	finish_l4(s, out + h->l4, len - h->l4, size == left, sum);
	s->at += size;
	s->index++;
	return len;
}

size_t segments_next(struct segments *s, uint8_t *out)
{
	assert(segments_left(s));
	if (s->vnet.gso_type != VNET_GSO_NONE)
		return cut(s, out);
	memcpy(out, s->whole.data, s->whole.len);
	finish_checksum(&s->vnet, out, s->whole.len);
	s->at = s->whole.len;
	return s->whole.len;
}

const char *segment_verdict_name(enum segment_verdict verdict)
{
	switch (verdict) {
	case SEGMENT_GOOD:
		return "good";
	case SEGMENT_BAD_TYPE:
		return "segments of another kind than the packet";
	case SEGMENT_BAD_HEADERS:
		return "malformed headers";
	case SEGMENT_BAD_SIZE:
		return "segments of a size that cannot be";
	case SEGMENT_BAD_CHECKSUM:
		return "a checksum outside of the packet";
	case SEGMENT_VERDICTS:
		break;
	}
	return "?";
}
