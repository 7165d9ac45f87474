/* pcp.c -- PCP: the MAP message, the announcement, and the rules of time. */
#include "portmap/pcp.h"

enum {
	VERSION = 2,
	OP_ANNOUNCE = 0,
	OP_MAP = 1,
	ANSWER = 0x80,
	IRT = 3000,
	MRT = 1024000,
	ERROR_MIN = 30,			/* section 7.4: short and long ones last that long, */
	ERROR_MAX = 1800,		/* seconds */
};

/* IPv4 is in the mapped form (section 5); for none at all, the unspecified one. */
static void put_ip(struct writer *w, const struct ip *ip)
{
	if (ip->family == IP_V6) {
		put_bytes(w, bytes_of(ip->bytes, 16));
		return;
	}
	put_zeroes(w, 10);
	put_be16(w, 0xffff);
	put_bytes(w, bytes_of(ip->bytes, 4));
}

void pcp_write_map(struct writer *w, const struct portmap_wish *wish,
		   const struct endpoint *suggested, uint32_t lifetime)
{
	struct ip none = {.family = wish->self.family};
	bool suggests = suggested->ip.family == wish->self.family;

	put_u8(w, VERSION);
	put_u8(w, OP_MAP);
	put_be16(w, 0);
	put_be32(w, lifetime);
	put_ip(w, &wish->self);
	put_bytes(w, bytes_of(wish->nonce, PORTMAP_NONCE_LEN));
	put_u8(w, (uint8_t)wish->proto);
	put_zeroes(w, 3);
	put_be16(w, wish->port);
	put_be16(w, suggested->port);
	put_ip(w, suggests ? &suggested->ip : &none);
}

static struct ip get_ip(struct reader *r)
{
	uint8_t bytes[16];

	get_copy(r, bytes, sizeof(bytes));
	return ip_v6(bytes);
}

static void read_map(struct pcp_answer *a, struct reader *r)
{
	get_copy(r, a->nonce, sizeof(a->nonce));
	a->proto = get_u8(r);
	get_bytes(r, 3);
	a->internal = get_be16(r);
	a->external.port = get_be16(r);
	a->external.ip = get_ip(r);
}

/* Who refuses the very form of a request need not have understood what was in it. */
static bool may_lack_map(const struct pcp_answer *a)
{
	return a->is_announcement || a->result == PCP_UNSUPP_VERSION ||
	       a->result == PCP_MALFORMED_REQUEST || a->result == PCP_UNSUPP_OPCODE;
}

bool pcp_read(struct pcp_answer *out, struct bytes datagram)
{
	struct reader r = reader_over(datagram);
	struct pcp_answer a = {.version = get_u8(&r)};
	uint8_t op = get_u8(&r);

	get_u8(&r);
	a.result = get_u8(&r);
	a.lifetime = get_be32(&r);
	a.epoch = get_be32(&r);
	get_bytes(&r, 12);
	a.is_announcement = op == (ANSWER | OP_ANNOUNCE);
	if (r.bad || datagram.len > PCP_MAX || datagram.len % 4 || !(op & ANSWER))
		return false;
	if (a.version != VERSION && a.result != PCP_UNSUPP_VERSION)
		return false;
	if (!a.is_announcement && op != (ANSWER | OP_MAP))
		return false;
	if (!a.is_announcement && !(may_lack_map(&a) && reader_done(&r))) {
		read_map(&a, &r);
		a.has_map = true;
	}
	if (r.bad)
		return false;
	*out = a;
	return true;
}

msec pcp_wait(msec last, struct rng *rng)
{
	msec base = last ? msec_min(2 * last, MRT) : IRT;

	return base - base / 10 + rng_below(rng, (uint32_t)(base / 5) + 1);
}

uint32_t pcp_error_lifetime(const struct pcp_answer *a)
{
	switch (a->result) {
	case PCP_UNSUPP_VERSION:
	case PCP_MALFORMED_REQUEST:
	case PCP_UNSUPP_OPCODE:
		return UINT32_MAX;
	}
	if (a->lifetime < ERROR_MIN)
		return ERROR_MIN;
	return a->lifetime > ERROR_MAX ? ERROR_MAX : a->lifetime;
}

/* One second may have been lost to rounding; the clocks may differ by 1/16 and 2 s. */
bool pcp_epoch_goes_on(uint32_t last, uint32_t epoch, msec elapsed)
{
	int64_t server = (int64_t)epoch - last;
	int64_t client = elapsed / 1000;

	return server >= -1 && client + 2 >= server - server / 16 &&
	       server + 2 >= client - client / 16;
}

const char *pcp_result_name(uint8_t result)
{
	static const char *const names[PCP_RESULTS] = {
		[PCP_SUCCESS] = "success",
		[PCP_UNSUPP_VERSION] = "it does not speak it",
		[PCP_NOT_AUTHORIZED] = "it does not want to",
		[PCP_MALFORMED_REQUEST] = "it does not understand us",
		[PCP_UNSUPP_OPCODE] = "it maps no ports",
		[PCP_UNSUPP_OPTION] = "it knows no such option",
		[PCP_MALFORMED_OPTION] = "it does not understand an option",
		[PCP_NETWORK_FAILURE] = "it has no address itself",
		[PCP_NO_RESOURCES] = "it has no room",
		[PCP_UNSUPP_PROTOCOL] = "it cannot map this",
		[PCP_USER_EX_QUOTA] = "this host has mapped too much",
		[PCP_CANNOT_PROVIDE_EXTERNAL] = "the port is taken",
		[PCP_ADDRESS_MISMATCH] = "there is a NAT before it",
		[PCP_EXCESSIVE_REMOTE_PEERS] = "too many filters",
	};

	return result < PCP_RESULTS ? names[result] : "unknown error";
}
