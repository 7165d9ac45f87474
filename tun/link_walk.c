/* link_walk.c -- the host's addresses and default gateways, one after the other.
 *
 *   RTM_GETADDR, a dump  -->  [ifaddrmsg | IFA_LOCAL, IFA_ADDRESS]*
 *   RTM_GETROUTE, a dump -->  [rtmsg | RTA_GATEWAY or RTA_VIA, RTA_OIF, RTA_PRIORITY]*
 *                             [rtmsg | RTA_MULTIPATH: [rtnexthop | RTA_GATEWAY or RTA_VIA]*]
 *
 * RFC 3549; Linux, rtnetlink(7). A gateway is asked for only in the main
 * table: that of another one belongs to a VPN, not to the router next door.
 */
#include <linux/if_addr.h>
#include <string.h>

#include "tun/link.h"
#include "tun/link_impl.h"

/* False: not as long as an address of that family. */
static bool ip_from(struct ip *out, int af, const void *data, size_t len)
{
	uint8_t b[16] = {0};

	if (len != (af == AF_INET6 ? 16 : 4))
		return false;
	memcpy(b, data, len);
	*out = af == AF_INET6 ? ip_v6(b) : ip_v4(b[0], b[1], b[2], b[3]);
	return true;
}

static bool ip_from_attr(struct ip *out, int af, const struct nlattr *attr)
{
	return attr && ip_from(out, af, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

/* --- addresses --- */

struct address_walk {
	link_walk_address_fn *each;
	void *context;
	bool stopped;
};

struct address_attrs {
	const struct nlattr *local;	/* the address */
	const struct nlattr *address;	/* the same or, on a point-to-point link, the other side's */
};

static int keep_address_attr(const struct nlattr *attr, void *context)
{
	struct address_attrs *attrs = context;

	if (mnl_attr_get_type(attr) == IFA_LOCAL)
		attrs->local = attr;
	else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
		attrs->address = attr;
	return MNL_CB_OK;
}

/* IPv6 leaves IFA_LOCAL out when both are the same. What IPv6 calls temporary is the bit
 * that says "secondary" in IPv4. */
static bool parse_address(struct link_address *out, const struct nlmsghdr *reply,
			  const struct ifaddrmsg *ifa)
{
	struct address_attrs attrs = {0};
	struct ip other;

	mnl_attr_parse(reply, sizeof(*ifa), keep_address_attr, &attrs);
	if (!attrs.local)
		attrs.local = attrs.address;
	*out = (struct link_address){
		.ifindex = ifa->ifa_index,
		.is_temporary = ifa->ifa_family == AF_INET6 && ifa->ifa_flags & IFA_F_TEMPORARY,
		.is_deprecated = ifa->ifa_flags & IFA_F_DEPRECATED,
		.is_tentative = ifa->ifa_flags & IFA_F_TENTATIVE,
	};
	if (!ip_from_attr(&out->ip, ifa->ifa_family, attrs.local))
		return false;
	if (!ip_from_attr(&other, ifa->ifa_family, attrs.address))
		other = out->ip;
	out->on_link = cidr_masked((struct cidr){other, ifa->ifa_prefixlen});
	return ifa->ifa_prefixlen <= ip_bits(&out->ip);
}

static void take_address(void *context, const struct nlmsghdr *reply)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(reply);
	struct address_walk *walk = context;
	struct link_address address;

	if (walk->stopped || reply->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(reply) < sizeof(*ifa))
		return;
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return;
	if (parse_address(&address, reply, ifa))
		walk->stopped = !walk->each(walk->context, &address);
}

int link_walk_addresses(struct link *link, link_walk_address_fn *each, void *context)
{
	struct address_walk walk = {.each = each, .context = context};
	struct nlmsghdr *nlh = link_request(link, RTM_GETADDR, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg));
	return link_transact(link, take_address, &walk);
}

struct short_walk {
	link_address_fn *each;
	void *context;
};

static bool tell_in_short(void *context, const struct link_address *address)
{
	const struct cidr cidr = {address->ip, address->on_link.len};
	struct short_walk *walk = context;

	return walk->each(walk->context, address->ifindex, &cidr);
}

int link_each_address(struct link *link, link_address_fn *each, void *context)
{
	struct short_walk walk = {each, context};

	return link_walk_addresses(link, tell_in_short, &walk);
}

/* --- gateways --- */

struct gateway_walk {
	link_walk_gateway_fn *each;
	void *context;
	bool stopped;
};

struct route_attrs {
	const struct nlattr *gateway, *via, *oif, *metric, *table, *multipath;
};

static int keep_route_attr(const struct nlattr *attr, void *context)
{
	struct route_attrs *attrs = context;

	switch (mnl_attr_get_type(attr)) {
	case RTA_GATEWAY:
		attrs->gateway = attr;
		break;
	case RTA_VIA:
		attrs->via = attr;
		break;
	case RTA_OIF:
		attrs->oif = attr;
		break;
	case RTA_PRIORITY:
		attrs->metric = attr;
		break;
	case RTA_TABLE:
		attrs->table = attr;
		break;
	case RTA_MULTIPATH:
		attrs->multipath = attr;
		break;
	}
	return MNL_CB_OK;
}

static uint32_t number_of(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= 4 ? mnl_attr_get_u32(attr) : 0;
}

/* RTA_VIA holds a gateway of the other family. */
static bool gateway_ip(struct ip *out, int af, const struct route_attrs *attrs)
{
	const struct rtvia *via;
	size_t len;

	if (attrs->gateway)
		return ip_from_attr(out, af, attrs->gateway);
	if (!attrs->via || mnl_attr_get_payload_len(attrs->via) < sizeof(*via))
		return false;
	via = mnl_attr_get_payload(attrs->via);
	len = mnl_attr_get_payload_len(attrs->via) - sizeof(*via);
	return ip_from(out, via->rtvia_family, via->rtvia_addr, len);
}

/* One hop of a route, or its only one. */
static void tell_gateway(struct gateway_walk *walk, int af, const struct route_attrs *attrs,
			 unsigned flags, uint32_t ifindex, uint32_t metric)
{
	struct link_gateway gateway = {.ifindex = ifindex, .metric = metric};

	if (!walk->stopped && !(flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) &&
	    gateway_ip(&gateway.ip, af, attrs))
		walk->stopped = !walk->each(walk->context, &gateway);
}

static void tell_hops(struct gateway_walk *walk, int af, const struct nlattr *multipath,
		      uint32_t metric)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	int rest = mnl_attr_get_payload_len(multipath);

	for (; RTNH_OK(hop, rest); rest -= (int)RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		struct route_attrs attrs = {0};

		mnl_attr_parse_payload(RTNH_DATA(hop), hop->rtnh_len - sizeof(*hop),
				       keep_route_attr, &attrs);
		tell_gateway(walk, af, &attrs, hop->rtnh_flags, (uint32_t)hop->rtnh_ifindex, metric);
	}
}

static void take_route(void *context, const struct nlmsghdr *reply)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(reply);
	struct route_attrs attrs = {0};
	uint32_t metric;

	if (reply->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(reply) < sizeof(*rtm) ||
	    rtm->rtm_dst_len || rtm->rtm_type != RTN_UNICAST)
		return;
	mnl_attr_parse(reply, sizeof(*rtm), keep_route_attr, &attrs);
	if (number_of(attrs.table) != ROUTE_TABLE_MAIN)
		return;
	metric = number_of(attrs.metric);
	if (attrs.multipath)
		tell_hops(context, rtm->rtm_family, attrs.multipath, metric);
	else
		tell_gateway(context, rtm->rtm_family, &attrs, rtm->rtm_flags, number_of(attrs.oif),
			     metric);
}

int link_walk_gateways(struct link *link, enum ip_family family, link_walk_gateway_fn *each,
		       void *context)
{
	struct gateway_walk walk = {.each = each, .context = context};
	struct nlmsghdr *nlh = link_request(link, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = family == IP_V6 ? AF_INET6 : AF_INET;
	return link_transact(link, take_route, &walk);
}
