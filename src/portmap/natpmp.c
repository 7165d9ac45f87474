/* natpmp.c -- NAT-PMP: its six messages, and its rules of time. */
#include "portmap/natpmp.h"

enum {
	VERSION = 0,
	OP_ADDRESS = 0,
	OP_MAP_UDP = 1,
	OP_MAP_TCP = 2,
	ANSWER = 128,
	FIRST_WAIT = 250,
	SHORT = 30,			/* as PCP has it, section 7.4 */
	LONG = 1800,
};

void natpmp_write_address(struct writer *w)
{
	put_u8(w, VERSION);
	put_u8(w, OP_ADDRESS);
}

void natpmp_write_map(struct writer *w, const struct portmap_wish *wish, uint16_t external,
		      uint32_t lifetime)
{
	put_u8(w, VERSION);
	put_u8(w, wish->proto == PORTMAP_UDP ? OP_MAP_UDP : OP_MAP_TCP);
	put_be16(w, 0);
	put_be16(w, wish->port);
	put_be16(w, external);
	put_be32(w, lifetime);
}

static struct ip get_ip4(struct reader *r)
{
	uint8_t b[4];

	get_copy(r, b, sizeof(b));
	return ip_v4(b[0], b[1], b[2], b[3]);
}

/* A refusal may end behind the epoch. */
static bool read_body(struct natpmp_answer *a, uint8_t op, struct reader *r)
{
	if (a->result == NATPMP_UNSUPP_VERSION)
		return true;
	switch (op) {
	case ANSWER + OP_ADDRESS:
		a->is_address = true;
		a->address = get_ip4(r);
		break;
	case ANSWER + OP_MAP_UDP:
	case ANSWER + OP_MAP_TCP:
		a->proto = op == ANSWER + OP_MAP_UDP ? PORTMAP_UDP : PORTMAP_TCP;
		a->internal = get_be16(r);
		a->external = get_be16(r);
		a->lifetime = get_be32(r);
		break;
	default:
		return false;
	}
	return !r->bad;
}

bool natpmp_read(struct natpmp_answer *out, struct bytes datagram)
{
	struct reader r = reader_over(datagram);
	struct natpmp_answer a = {0};
	uint8_t version = get_u8(&r);
	uint8_t op = get_u8(&r);

	a.result = get_be16(&r);
	a.epoch = get_be32(&r);
	if (r.bad || version != VERSION || op < ANSWER || !read_body(&a, op, &r))
		return false;
	*out = a;
	return true;
}

msec natpmp_wait(unsigned nth)
{
	return (msec)FIRST_WAIT << (nth - 1);
}

uint32_t natpmp_error_lifetime(uint16_t result)
{
	switch (result) {
	case NATPMP_NETWORK_FAILURE:
	case NATPMP_OUT_OF_RESOURCES:
		return SHORT;
	case NATPMP_NOT_AUTHORIZED:
		return LONG;
	}
	return UINT32_MAX;
}

bool natpmp_epoch_goes_on(uint32_t last, uint32_t epoch, msec elapsed)
{
	return (int64_t)epoch + 2 >= (int64_t)last + elapsed / 1000 * 7 / 8;
}

const char *natpmp_result_name(uint16_t result)
{
	static const char *const names[] = {
		[NATPMP_SUCCESS] = "success",
		[NATPMP_UNSUPP_VERSION] = "it does not speak it",
		[NATPMP_NOT_AUTHORIZED] = "it does not want to",
		[NATPMP_NETWORK_FAILURE] = "it has no address itself",
		[NATPMP_OUT_OF_RESOURCES] = "it has no room",
		[NATPMP_UNSUPP_OPCODE] = "it cannot map this",
	};

	return result <= NATPMP_UNSUPP_OPCODE ? names[result] : "unknown error";
}
