/* netgoal.c -- which addresses, routes and rules a netplan comes to on this host.
 *
 *   route                                          becomes
 *   inside one of our own networks                 nothing: the address's route leads there
 *   inside a network of another interface          nothing, with a warning
 *   a /0                                           a route in the table `mark`, and rules
 *   anything else                                  a route in the main table
 *
 * With a table given by number everything goes there as it is.
 */
#include "tun/netgoal.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* --- the networks that other interfaces are on --- */

struct network {
	struct cidr to;
	uint32_t ifindex;
};

struct networks {
	uint32_t ours;		/* the interface which does not count */
	struct network *list;
	size_t len;
	size_t cap;
	bool full;		/* no memory for all of them */
};

static bool take_network(void *context, uint32_t ifindex, const struct cidr *address)
{
	struct networks *nets = context;

	if (ifindex == nets->ours)
		return true;
	if (nets->len == nets->cap) {
		size_t cap = nets->cap ? 2 * nets->cap : 16;
		struct network *list = realloc(nets->list, cap * sizeof(*list));

		nets->full = !list;
		if (!list)
			return false;
		nets->list = list;
		nets->cap = cap;
	}
	nets->list[nets->len++] = (struct network){cidr_masked(*address), ifindex};
	return true;
}

static int networks_init(struct networks *nets, struct link *link, uint32_t ours)
{
	int err;

	*nets = (struct networks){.ours = ours};
	err = link_each_address(link, take_network, nets);
	if (nets->full)
		err = -ENOMEM;
	if (err)
		free(nets->list);
	return err;
}

/* Of which a longer prefix would take a part away; an equal one does not,
 * since it has the worse metric. */
static const struct network *networks_around(const struct networks *nets, const struct cidr *to)
{
	for (size_t i = 0; i < nets->len; i++) {
		const struct cidr *net = &nets->list[i].to;

		if (to->len > net->len && cidr_contains(net, &to->ip))
			return &nets->list[i];
	}
	return NULL;
}

static void warn_left_out(const char *what, const struct cidr *to, const struct network *net)
{
	char text[CIDR_TEXT], around[CIDR_TEXT], name[IF_NAMESIZE];

	if (!if_indextoname(net->ifindex, name))
		snprintf(name, sizeof(name), "#%u", (unsigned)net->ifindex);
	log_warn("%s %s left out: it lies inside %s of %s, which would lose a part", what,
		 cidr_format(text, to), cidr_format(around, &net->to), name);
}

/* --- facts --- */

static int compare_facts(const void *left, const void *right)
{
	const struct fact *a = left, *b = right;
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->to.ip.family != b->to.ip.family)
		return a->to.ip.family < b->to.ip.family ? -1 : 1;
	order = memcmp(a->to.ip.bytes, b->to.ip.bytes, sizeof(a->to.ip.bytes));
	if (order)
		return order;
	if (a->to.len != b->to.len)
		return a->to.len < b->to.len ? -1 : 1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->mark != b->mark)
		return a->mark < b->mark ? -1 : 1;
	return 0;
}

static void add_fact(struct netgoal *goal, struct fact fact)
{
	goal->facts[goal->len++] = fact;
}

/* An address whose network lies inside another keeps the address alone. */
static void add_address(struct netgoal *goal, const struct networks *nets, struct cidr address)
{
	const struct network *net = networks_around(nets, &address);

	if (net && address.len < ip_bits(&address.ip)) {
		warn_left_out("network of the address", &address, net);
		address = cidr_host(address.ip);
	}
	for (size_t i = 0; i < goal->len; i++)
		if (cidr_equal(&goal->facts[i].to, &address))
			return;
	add_fact(goal, (struct fact){.kind = FACT_ADDRESS, .to = address});
	goal->addresses_len = goal->len;
}

static bool in_own_network(const struct netgoal *goal, const struct cidr *to)
{
	for (size_t i = 0; i < goal->addresses_len; i++) {
		const struct cidr *own = &goal->facts[i].to;

		if (to->len >= own->len && cidr_contains(own, &to->ip))
			return true;
	}
	return false;
}

static void add_main_route(struct netgoal *goal, const struct networks *nets, const struct cidr *to)
{
	const struct network *net;

	if (in_own_network(goal, to))
		return;
	net = networks_around(nets, to);
	if (net)
		warn_left_out("route", to, net);
	else
		add_fact(goal, (struct fact){FACT_ROUTE, .to = *to, .table = ROUTE_TABLE_MAIN});
}

/* The table has the mark's number, so that one number is all to remember; the
 * system's own tables are not ours to fill. */
static int add_default_route(struct netgoal *goal, const struct cidr *to, uint32_t mark,
			     char error[static 256])
{
	if (mark == 0 || (mark >= 253 && mark <= 255)) {
		snprintf(error, 256, "a default route needs a firewall mark other than %u",
			 (unsigned)mark);
		return -EINVAL;
	}
	add_fact(goal, (struct fact){FACT_ROUTE, .to = *to, .table = mark});
	add_fact(goal, (struct fact){FACT_RULES, .to = *to, .table = mark, .mark = mark});
	return 0;
}

static int add_route(struct netgoal *goal, const struct networks *nets,
		     const struct netplan *plan, const struct cidr *route, char error[static 256])
{
	struct cidr to = cidr_masked(*route);

	if (plan->table != ROUTE_TABLE_MAIN)
		add_fact(goal, (struct fact){FACT_ROUTE, .to = to, .table = plan->table});
	else if (to.len == 0)
		return add_default_route(goal, &to, plan->mark, error);
	else
		add_main_route(goal, nets, &to);
	return 0;
}

/* Routes and rules in order, each once. */
static void sort_facts(struct netgoal *goal)
{
	struct fact *rest = goal->facts + goal->addresses_len;
	size_t len = goal->len - goal->addresses_len;
	size_t kept = 0;

	qsort(rest, len, sizeof(*rest), compare_facts);
	for (size_t i = 0; i < len; i++)
		if (kept == 0 || compare_facts(&rest[kept - 1], &rest[i]) != 0)
			rest[kept++] = rest[i];
	goal->len = goal->addresses_len + kept;
}

/* Most routes of a mesh lie in the network of our own address, and are no facts. */
static void shrink(struct netgoal *goal)
{
	struct fact *fitting = realloc(goal->facts, (goal->len + 1) * sizeof(*fitting));

	if (fitting)
		goal->facts = fitting;
}

static int fill(struct netgoal *goal, const struct networks *nets, const struct netplan *plan,
		char error[static 256])
{
	int err = 0;

	for (size_t i = 0; i < plan->addresses_len; i++) {
		if (plan->addresses[i].ip.family == IP_V4)
			add_address(goal, nets, plan->addresses[i]);
	}
	/* As a source the kernel prefers the IPv4 address that came first, and the IPv6
	 * address that came last: in both families that shall be the first of the plan. */
	for (size_t i = plan->addresses_len; i-- > 0;) {
		if (plan->addresses[i].ip.family == IP_V6)
			add_address(goal, nets, plan->addresses[i]);
	}
	for (size_t i = 0; i < plan->routes_len && plan->table != 0 && !err; i++)
		err = add_route(goal, nets, plan, &plan->routes[i], error);
	sort_facts(goal);
	shrink(goal);
	return err;
}

int netgoal_init(struct netgoal *goal, struct link *link, uint32_t ifindex,
		 const struct netplan *plan, char error[static 256])
{
	size_t most = plan->addresses_len + 2 * plan->routes_len + 1;
	struct networks nets;
	int err = networks_init(&nets, link, ifindex);

	*goal = (struct netgoal){.ifindex = ifindex};
	if (err)
		goto say;
	goal->facts = calloc(most, sizeof(*goal->facts));
	if (!goal->facts) {
		err = -ENOMEM;
		goto free_networks;
	}
	err = fill(goal, &nets, plan, error);
	free(nets.list);
	if (err)
		netgoal_deinit(goal);
	return err;

free_networks:
	free(nets.list);
say:
	snprintf(error, 256, "cannot list the host's addresses: %s", strerror(-err));
	return err;
}

void netgoal_deinit(struct netgoal *goal)
{
	free(goal->facts);
	*goal = (struct netgoal){0};
}

bool netgoal_has(const struct netgoal *goal, const struct fact *fact)
{
	const struct fact *found = NULL;

	if (fact->kind != FACT_ADDRESS && goal->len > goal->addresses_len)
		found = bsearch(fact, goal->facts + goal->addresses_len,
				goal->len - goal->addresses_len, sizeof(*fact), compare_facts);
	for (size_t i = 0; i < goal->addresses_len && !found; i++)
		if (compare_facts(&goal->facts[i], fact) == 0)
			found = &goal->facts[i];
	return found && !found->absent;
}
