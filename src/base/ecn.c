/* ecn.c -- explicit congestion notification through the tunnel, RFC 6040. */
#include "base/ecn.h"

enum { IPV4_HEADER_LEN = 20, IPV6_HEADER_LEN = 40 };

static unsigned version(struct bytes packet)
{
	if (packet.len >= IPV4_HEADER_LEN && packet.data[0] >> 4 == 4)
		return 4;
	if (packet.len >= IPV6_HEADER_LEN && packet.data[0] >> 4 == 6)
		return 6;
	return 0;
}

uint8_t ecn_of(struct bytes packet)
{
	switch (version(packet)) {
	case 4:
		return packet.data[1] & 3;
	case 6:
		return packet.data[1] >> 4 & 3;
	}
	return ECN_NOT;
}

/* RFC 1624: the checksum after one 16-bit word of the header changed. */
static void ipv4_set_ecn(uint8_t *header, uint8_t ecn)
{
	uint16_t old = load_be16(header);
	uint32_t sum;

	header[1] = (uint8_t)((header[1] & ~3u) | ecn);
	sum = (uint16_t)~load_be16(header + 10) + (uint32_t)(uint16_t)~old + load_be16(header);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	store_be16(header + 10, (uint16_t)~sum);
}

static void set_ecn(struct packet *p, uint8_t ecn)
{
	if (version(packet_bytes(p)) == 4)
		ipv4_set_ecn(p->data, ecn);
	else
		p->data[1] = (uint8_t)((p->data[1] & ~0x30u) | (unsigned)ecn << 4);
}

bool ecn_merge(struct packet *inner, uint8_t outer)
{
	uint8_t own = ecn_of(packet_bytes(inner));

	/* RFC 6040 figure 4, without the rows where the inner field stays */
	if (outer == ECN_CE && own == ECN_NOT)
		return false;
	if (outer == ECN_CE && own != ECN_CE)
		set_ecn(inner, ECN_CE);
	else if (outer == ECN_ECT1 && own == ECN_ECT0)
		set_ecn(inner, ECN_ECT1);
	return true;
}
