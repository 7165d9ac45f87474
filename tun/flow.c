/* flow.c -- which flow an IP packet belongs to. */
#include "tun/flow.h"

#include "base/rng.h"

enum { TCP = 6, UDP = 17, DCCP = 33, SCTP = 132, UDPLITE = 136 };

static uint64_t ports_of(struct reader *r, uint8_t protocol)
{
	switch (protocol) {
	case TCP:
	case UDP:
	case DCCP:
	case SCTP:
	case UDPLITE:
		return get_be32(r);
	}
	return 0;
}

static struct flow_id mix(uint64_t source, uint64_t destination, uint8_t protocol, uint64_t ports,
			  uint64_t seed)
{
	uint64_t host = rng_mix(destination ^ seed);

	return (struct flow_id){host, rng_mix(rng_mix(host ^ source) ^ (ports << 8 | protocol))};
}

/* RFC 791 section 3.1 */
static struct flow_id flow_of_ipv4(struct reader *r, uint64_t seed)
{
	unsigned header_len = (get_u8(r) & 15u) * 4;
	uint64_t source, destination, ports = 0;
	bool is_fragment;
	uint8_t protocol;

	get_bytes(r, 5);
	is_fragment = get_be16(r) & 0x3fff;
	get_u8(r);
	protocol = get_u8(r);
	get_be16(r);
	source = get_be32(r);
	destination = get_be32(r);
	if (header_len < 20)
		r->bad = true;
	if (!is_fragment) {
		get_bytes(r, header_len - 20);
		ports = ports_of(r, protocol);
	}
	return mix(source, destination, protocol, ports, seed);
}

static uint64_t get_ipv6(struct reader *r)
{
	uint64_t prefix = get_be64(r);

	return rng_mix(prefix) ^ get_be64(r);
}

/* RFC 8200 section 3. Behind an extension header nobody looks for ports. */
static struct flow_id flow_of_ipv6(struct reader *r, uint64_t seed)
{
	uint64_t source, destination;
	uint8_t protocol;

	get_bytes(r, 6);
	protocol = get_u8(r);
	get_u8(r);
	source = get_ipv6(r);
	destination = get_ipv6(r);
	return mix(source, destination, protocol, ports_of(r, protocol), seed);
}

struct flow_id flow_of(struct bytes packet, uint64_t seed)
{
	struct reader r = reader_over(packet);
	struct flow_id id = {0};

	switch (packet.len ? packet.data[0] >> 4 : 0) {
	case 4:
		id = flow_of_ipv4(&r, seed);
		break;
	case 6:
		id = flow_of_ipv6(&r, seed);
		break;
	default:
		r.bad = true;
	}
	return r.bad ? (struct flow_id){0} : id;
}
