/* link.c -- interfaces, addresses and routes, asked of the kernel by rtnetlink.
 *
 *   [nlmsghdr | ifinfomsg, ifaddrmsg or rtmsg | attributes...]  -->  kernel
 *   [nlmsghdr | ...]*  then  [NLMSG_ERROR: 0 or -errno] or [NLMSG_DONE]  <--
 *
 * RFC 3549; Linux, rtnetlink(7).
 */
#include "tun/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tun/link_impl.h"

int link_open(struct link **out)
{
	struct link *link = calloc(1, sizeof(*link));
	int err;

	if (!link)
		return -ENOMEM;
	link->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!link->nl || mnl_socket_bind(link->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		link_free(link);
		return err;
	}
	link->portid = mnl_socket_get_portid(link->nl);
	*out = link;
	return 0;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	if (link->nl)
		mnl_socket_close(link->nl);
	free(link);
}

struct nlmsghdr *link_request(struct link *link, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	memset(link->request, 0, sizeof(link->request));
	nlh = mnl_nlmsg_put_header(link->request);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++link->seq;
	return nlh;
}

/* True: that was the end of the answer, and *err is what it says. */
static bool take_reply(const struct nlmsghdr *nlh, int *err, link_reply_fn *each, void *context)
{
	if (nlh->nlmsg_type == NLMSG_DONE) {
		*err = 0;
		return true;
	}
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		*err = mnl_nlmsg_get_payload_len(nlh) < sizeof(e->error) ? -EBADMSG : e->error;
		return true;
	}
	if (each)
		each(context, nlh);
	return false;
}

int link_transact(struct link *link, link_reply_fn *each, void *context)
{
	const struct nlmsghdr *request = (const void *)link->request;

	if (mnl_socket_sendto(link->nl, request, request->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(link->nl, link->answer, sizeof(link->answer));
		const struct nlmsghdr *nlh = (const void *)link->answer;
		int rest = (int)n;
		int err;

		if (n < 0 && errno != EINTR)
			return -errno;
		for (; n > 0 && mnl_nlmsg_ok(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
			/* not the rest of an answer that an error cut short */
			if (nlh->nlmsg_seq != link->seq || nlh->nlmsg_pid != link->portid)
				continue;
			if (take_reply(nlh, &err, each, context))
				return err;
		}
	}
}

/* Any of these says that what was to be deleted is not there. */
static int gone_is_fine(int err)
{
	switch (err) {
	case -ESRCH:		/* no such route */
	case -EADDRNOTAVAIL:	/* no such address */
	case -ENODEV:		/* nor the interface it was on */
	case -ENOENT:
		return 0;
	default:
		return err;
	}
}

static int there_is_fine(int err)
{
	return err == -EEXIST ? 0 : err;
}

/* --- interfaces --- */

static struct ifinfomsg *link_message(struct link *link, struct nlmsghdr **nlh, uint16_t type,
				      uint32_t ifindex)
{
	struct ifinfomsg *ifi;

	*nlh = link_request(link, type, NLM_F_ACK);
	ifi = mnl_nlmsg_put_extra_header(*nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	return ifi;
}

static void take_index(void *context, const struct nlmsghdr *reply)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(reply);
	uint32_t *ifindex = context;

	if (reply->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(reply) >= sizeof(*ifi))
		*ifindex = (uint32_t)ifi->ifi_index;
}

int link_index(struct link *link, const char *name, uint32_t *ifindex)
{
	struct nlmsghdr *nlh;
	uint32_t found = 0;
	int err;

	if (!*name || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	link_message(link, &nlh, RTM_GETLINK, 0);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	err = link_transact(link, take_index, &found);
	if (err || !found)
		return err ? err : -ENODEV;
	*ifindex = found;
	return 0;
}

static int keep_name(const struct nlattr *attr, void *context)
{
	const struct nlattr **name = context;

	if (mnl_attr_get_type(attr) == IFLA_IFNAME)
		*name = attr;
	return MNL_CB_OK;
}

static void take_interface(void *context, const struct nlmsghdr *reply)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(reply);
	struct link_interface *out = context;
	const struct nlattr *name = NULL;

	if (reply->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(reply) < sizeof(*ifi))
		return;
	mnl_attr_parse(reply, sizeof(*ifi), keep_name, &name);
	*out = (struct link_interface){
		.ifindex = (uint32_t)ifi->ifi_index,
		.is_running = (ifi->ifi_flags & IFF_UP) && (ifi->ifi_flags & IFF_RUNNING),
		.is_loopback = ifi->ifi_flags & IFF_LOOPBACK,
		.is_point_to_point = ifi->ifi_flags & IFF_POINTOPOINT,
		.has_multicast = ifi->ifi_flags & IFF_MULTICAST,
	};
	if (name)
		snprintf(out->name, sizeof(out->name), "%.*s",
			 (int)mnl_attr_get_payload_len(name), mnl_attr_get_str(name));
}

int link_interface(struct link *link, uint32_t ifindex, struct link_interface *out)
{
	struct link_interface found = {0};
	struct nlmsghdr *nlh;
	int err;

	if (!ifindex)
		return -ENODEV;
	link_message(link, &nlh, RTM_GETLINK, ifindex);
	err = link_transact(link, take_interface, &found);
	if (err || !found.ifindex)
		return err ? err : -ENODEV;
	*out = found;
	return 0;
}

int link_set_mtu(struct link *link, uint32_t ifindex, uint32_t mtu)
{
	struct nlmsghdr *nlh;

	link_message(link, &nlh, RTM_NEWLINK, ifindex);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return link_transact(link, NULL, NULL);
}

/* A host or interface without IPv6 makes no link-local addresses to begin with. */
static int set_addrgenmode_none(struct link *link, uint32_t ifindex)
{
	struct nlattr *spec, *inet6;
	struct nlmsghdr *nlh;
	int err;

	link_message(link, &nlh, RTM_NEWLINK, ifindex);
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, spec);
	err = link_transact(link, NULL, NULL);
	return err == -EOPNOTSUPP || err == -EAFNOSUPPORT ? 0 : err;
}

/* Two requests: in one, the kernel would look at the flags first. */
int link_set_up(struct link *link, uint32_t ifindex)
{
	int err = set_addrgenmode_none(link, ifindex);
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;

	if (err)
		return err;
	ifi = link_message(link, &nlh, RTM_NEWLINK, ifindex);
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return link_transact(link, NULL, NULL);
}

/* --- addresses --- */

static struct nlmsghdr *address_message(struct link *link, uint16_t type, uint16_t flags,
					uint32_t ifindex, const struct cidr *address)
{
	struct nlmsghdr *nlh = link_request(link, type, NLM_F_ACK | flags);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = link_af(&address->ip);
	ifa->ifa_prefixlen = address->len;
	ifa->ifa_index = ifindex;
	ifa->ifa_flags = address->ip.family == IP_V6 ? IFA_F_NODAD : 0;
	link_put_ip(nlh, IFA_LOCAL, &address->ip);
	link_put_ip(nlh, IFA_ADDRESS, &address->ip);
	return nlh;
}

int link_add_address(struct link *link, uint32_t ifindex, const struct cidr *address,
		     uint32_t metric)
{
	struct nlmsghdr *nlh = address_message(link, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					       ifindex, address);

	mnl_attr_put_u32(nlh, IFA_RT_PRIORITY, metric);
	return there_is_fine(link_transact(link, NULL, NULL));
}

int link_del_address(struct link *link, uint32_t ifindex, const struct cidr *address)
{
	address_message(link, RTM_DELADDR, 0, ifindex, address);
	return gone_is_fine(link_transact(link, NULL, NULL));
}

/* --- routes --- */

static void route_message(struct link *link, uint16_t type, uint16_t flags,
			  const struct route *route)
{
	struct nlmsghdr *nlh = link_request(link, type, NLM_F_ACK | flags);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	struct cidr to = cidr_masked(route->to);

	rtm->rtm_family = link_af(&to.ip);
	rtm->rtm_dst_len = to.len;
	rtm->rtm_table = RT_TABLE_UNSPEC;	/* RTA_TABLE: it may be above 255 */
	rtm->rtm_protocol = LINK_PROTOCOL;
	rtm->rtm_scope = to.ip.family == IP_V6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	if (to.len > 0)
		link_put_ip(nlh, RTA_DST, &to.ip);
	mnl_attr_put_u32(nlh, RTA_OIF, route->ifindex);
	mnl_attr_put_u32(nlh, RTA_TABLE, route->table);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
}

/* Appended, not replaced: of two programs with the same route and metric the
 * second does not take it from the first. The very same route is EEXIST. */
int link_add_route(struct link *link, const struct route *route)
{
	route_message(link, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, route);
	return there_is_fine(link_transact(link, NULL, NULL));
}

int link_del_route(struct link *link, const struct route *route)
{
	route_message(link, RTM_DELROUTE, 0, route);
	return gone_is_fine(link_transact(link, NULL, NULL));
}
