/* sockaddr.c -- our addresses as the kernel's, and back. */
#include "io/sockaddr.h"

#include <string.h>

struct ip sockaddr_ip4(const struct in_addr *in)
{
	uint8_t b[4];

	memcpy(b, in, sizeof(b));
	return ip_v4(b[0], b[1], b[2], b[3]);
}

socklen_t sockaddr_write(union sockaddr_any *out, const struct endpoint *from)
{
	if (from->ip.family == IP_V4) {
		out->v4 = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons(from->port),
		};
		memcpy(&out->v4.sin_addr, from->ip.bytes, 4);
		return sizeof(out->v4);
	}
	out->v6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(from->port),
		.sin6_scope_id = from->scope,
	};
	memcpy(&out->v6.sin6_addr, from->ip.bytes, 16);
	return sizeof(out->v6);
}

bool sockaddr_read(struct endpoint *out, const union sockaddr_any *from, socklen_t len)
{
	*out = (struct endpoint){0};
	if (len == sizeof(from->v4) && from->v4.sin_family == AF_INET) {
		out->ip = sockaddr_ip4(&from->v4.sin_addr);
		out->port = ntohs(from->v4.sin_port);
		return true;
	}
	if (len == sizeof(from->v6) && from->v6.sin6_family == AF_INET6) {
		out->ip = ip_v6(from->v6.sin6_addr.s6_addr);
		out->port = ntohs(from->v6.sin6_port);
		out->scope = ip_is_link_local(&out->ip) ? from->v6.sin6_scope_id : 0;
		return true;
	}
	return false;
}
