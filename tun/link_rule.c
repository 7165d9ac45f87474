/* link_rule.c -- the policy rules of a default route through a tunnel.
 *
 *   packet --> main table without its default --> a LAN, a route by hand
 *      |nothing there
 *      +-- without our mark --> `table` --> the tunnel
 *      +-- with it -----------> main table --> the old default route
 *
 * The kernel puts a rule without a priority before all others but the local
 * table's, so the one that is to be asked first is added last. wg-quick(8)
 * does the same ("Table = auto").
 */
#include <errno.h>
#include <linux/fib_rules.h>

#include "tun/link.h"
#include "tun/link_impl.h"

/* Two rules are equal when all this is; others' rules lack our FRA_PROTOCOL. */
static struct nlmsghdr *rule_message(struct link *link, uint16_t type, enum ip_family family,
				     uint32_t table, uint32_t flags)
{
	uint16_t create = type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0;
	struct nlmsghdr *nlh = link_request(link, type, NLM_F_ACK | create);
	struct fib_rule_hdr *frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));

	frh->family = family == IP_V6 ? AF_INET6 : AF_INET;
	frh->action = FR_ACT_TO_TBL;
	frh->flags = flags;
	mnl_attr_put_u32(nlh, FRA_TABLE, table);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, LINK_PROTOCOL);
	return nlh;
}

static int unmarked_rule(struct link *link, uint16_t type, enum ip_family family, uint32_t mark,
			 uint32_t table)
{
	struct nlmsghdr *nlh = rule_message(link, type, family, table, FIB_RULE_INVERT);

	mnl_attr_put_u32(nlh, FRA_FWMARK, mark);
	mnl_attr_put_u32(nlh, FRA_FWMASK, UINT32_MAX);
	return link_transact(link, NULL, NULL);
}

/* The mark changes nothing here, since marked packets ask the main table in
 * any case; it tells this rule from that of another network on this host. */
static int main_rule(struct link *link, uint16_t type, enum ip_family family, uint32_t mark)
{
	struct nlmsghdr *nlh = rule_message(link, type, family, ROUTE_TABLE_MAIN, FIB_RULE_INVERT);

	mnl_attr_put_u32(nlh, FRA_FWMARK, mark);
	mnl_attr_put_u32(nlh, FRA_FWMASK, UINT32_MAX);
	mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, 0);
	return link_transact(link, NULL, NULL);
}

/* Delete until there is none: a program that was killed left its own behind. */
int link_del_default_rules(struct link *link, enum ip_family family, uint32_t mark, uint32_t table)
{
	int err;

	do
		err = main_rule(link, RTM_DELRULE, family, mark);
	while (!err);
	if (err != -ENOENT)
		return err;
	do
		err = unmarked_rule(link, RTM_DELRULE, family, mark, table);
	while (!err);
	return err == -ENOENT ? 0 : err;
}

int link_add_default_rules(struct link *link, enum ip_family family, uint32_t mark, uint32_t table)
{
	int err = link_del_default_rules(link, family, mark, table);

	if (err)
		return err;
	err = unmarked_rule(link, RTM_NEWRULE, family, mark, table);
	if (err)
		return err;
	err = main_rule(link, RTM_NEWRULE, family, mark);
	if (err)
		unmarked_rule(link, RTM_DELRULE, family, mark, table);
	return err;
}
