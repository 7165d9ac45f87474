/* link_impl.h -- one request to rtnetlink and its answer; only for link*.c. */
#ifndef TUN_LINK_IMPL_H
#define TUN_LINK_IMPL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "tun/link.h"

/* Who set a route or rule (rtm_protocol, FRA_PROTOCOL): a number nobody else
 * has in /etc/iproute2/rt_protos, so that ours are told from all others. */
enum { LINK_PROTOCOL = 112 };

enum {
	LINK_REQUEST_MAX = 512,		/* ours are below 150 bytes */
	LINK_ANSWER_MAX = 32768,	/* what the kernel puts into one part of a dump */
};

struct link {
	struct mnl_socket *nl;
	uint32_t portid;
	uint32_t seq;
	_Alignas(struct nlmsghdr) uint8_t request[LINK_REQUEST_MAX];
	_Alignas(struct nlmsghdr) uint8_t answer[LINK_ANSWER_MAX];
};

/* Begin a request; the caller adds header and attributes to what is returned. */
struct nlmsghdr *link_request(struct link *link, uint16_t type, uint16_t flags);

/* Send it and wait for the end of its answer, which the kernel has ready at
 * once. `each` (may be NULL) is given every message before the final one. */
typedef void link_reply_fn(void *context, const struct nlmsghdr *reply);
int link_transact(struct link *link, link_reply_fn *each, void *context);

static inline uint8_t link_af(const struct ip *ip)
{
	return ip->family == IP_V6 ? AF_INET6 : AF_INET;
}

static inline void link_put_ip(struct nlmsghdr *nlh, uint16_t type, const struct ip *ip)
{
	mnl_attr_put(nlh, type, ip_bits(ip) / 8, ip->bytes);
}

#endif
