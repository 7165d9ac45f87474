/* address.c -- an endpoint as a field of a message. */
#include "signal/address.h"

void put_address(struct writer *w, const struct endpoint *e)
{
	size_t len = ip_bits(&e->ip) / 8;

	if (!len) {
		w->bad = true;
		return;
	}
	put_u8(w, e->ip.family);
	put_bytes(w, bytes_of(e->ip.bytes, len));
	put_be16(w, e->port);
}

struct endpoint get_address(struct reader *r)
{
	struct endpoint e = {.ip.family = get_u8(r)};
	struct bytes ip = get_bytes(r, ip_bits(&e.ip) / 8);

	if (e.ip.family == IP_V4 && ip.len)
		e.ip = ip_v4(ip.data[0], ip.data[1], ip.data[2], ip.data[3]);
	else if (e.ip.family == IP_V6 && ip.len)
		e.ip = ip_v6(ip.data);
	if (ip.len * 8 != ip_bits(&e.ip) || !ip.len)	/* unknown, or IPv4 in IPv6's clothes */
		r->bad = true;
	e.port = get_be16(r);
	return r->bad ? (struct endpoint){0} : e;
}
