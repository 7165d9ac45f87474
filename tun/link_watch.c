/* link_watch.c -- news from the kernel, by rtnetlink's multicast groups.
 *
 *   RTM_NEWLINK, DELLINK     ifinfomsg.ifi_index  --.
 *   RTM_NEWADDR, DELADDR     ifaddrmsg.ifa_index  --+-- ours: no news
 *   RTM_NEWROUTE, DELROUTE   RTA_OIF              --'
 *   RTM_NEWRULE, DELRULE     have no interface: always news
 *   ENOBUFS                  some were lost: may have been anything
 */
#include "tun/link_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

enum {
	READS_MAX = 64,		/* then let others have their turn */
	NEWS_MAX = 32768,	/* bytes of one datagram; the kernel's are far smaller */
};

struct link_watch {
	struct mnl_socket *nl;
	uint32_t own;
	_Alignas(struct nlmsghdr) uint8_t news[NEWS_MAX];
};

static const int groups[] = {
	RTNLGRP_LINK,	    RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,	 RTNLGRP_IPV6_RULE,
};

static int subscribe(struct link_watch *watch)
{
	if (mnl_socket_bind(watch->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(watch->nl, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

int link_watch_open(struct link_watch **out, uint32_t own)
{
	struct link_watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->own = own;
	watch->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	err = watch->nl ? subscribe(watch) : -errno;
	if (err) {
		link_watch_free(watch);
		return err;
	}
	*out = watch;
	return 0;
}

void link_watch_free(struct link_watch *watch)
{
	if (!watch)
		return;
	if (watch->nl)
		mnl_socket_close(watch->nl);
	free(watch);
}

int link_watch_fd(const struct link_watch *watch)
{
	return mnl_socket_get_fd(watch->nl);
}

static int keep_oif(const struct nlattr *attr, void *context)
{
	uint32_t *ifindex = context;

	if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_get_payload_len(attr) == 4)
		*ifindex = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* 0: about none, or about several. */
static uint32_t interface_of(const struct nlmsghdr *nlh)
{
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	const void *payload = mnl_nlmsg_get_payload(nlh);
	uint32_t ifindex = 0;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return len < sizeof(struct ifinfomsg)
			       ? 0 : (uint32_t)((const struct ifinfomsg *)payload)->ifi_index;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return len < sizeof(struct ifaddrmsg)
			       ? 0 : ((const struct ifaddrmsg *)payload)->ifa_index;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (len >= sizeof(struct rtmsg))
			mnl_attr_parse(nlh, sizeof(struct rtmsg), keep_oif, &ifindex);
		return ifindex;
	}
	return 0;
}

static bool is_news(const struct link_watch *watch, int len)
{
	const struct nlmsghdr *nlh = (const void *)watch->news;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		uint32_t ifindex = interface_of(nlh);

		if (!ifindex || ifindex != watch->own)
			return true;
	}
	return false;
}

bool link_watch_read(struct link_watch *watch)
{
	bool news = false;

	for (unsigned i = 0; i < READS_MAX; i++) {
		ssize_t n = mnl_socket_recvfrom(watch->nl, watch->news, sizeof(watch->news));

		if (n >= 0)
			news |= is_news(watch, (int)n);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			news = true;	/* ENOBUFS above all */
	}
	return news;
}
