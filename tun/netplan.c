/* netplan.c -- what the host's network should look like, and making it so.
 *
 *   have ----take away what is not wanted---> . ----set what is wanted---> want
 *     ^                                       |
 *     +--- on failure: take away what was set, set what we had -----------+
 *
 * All of `want` is set, not just what is new: setting what is there does
 * nothing, and some may be gone although nobody asked for it. The kernel takes
 * the other IPv4 addresses of a network with its first one, and every route of
 * an interface with its last IPv4 address.
 */
#include "tun/netplan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tun/netgoal.h"
#include "tun/rpfilter.h"

struct netplan_state {
	struct link *link;
	struct netgoal have;
	uint32_t mtu;		/* 0: not set by us */
};

/* --- one fact --- */

static struct route route_of(const struct fact *fact, uint32_t ifindex)
{
	return (struct route){
		.to = fact->to,
		.ifindex = ifindex,
		.table = fact->table,
		.metric = NETPLAN_METRIC,
	};
}

static int set_fact(struct link *link, uint32_t ifindex, const struct fact *fact)
{
	struct route route = route_of(fact, ifindex);

	switch (fact->kind) {
	case FACT_ADDRESS:
		return link_add_address(link, ifindex, &fact->to, NETPLAN_METRIC);
	case FACT_ROUTE:
		return link_add_route(link, &route);
	case FACT_RULES:
		return link_add_default_rules(link, fact->to.ip.family, fact->mark, fact->table);
	}
	return -EINVAL;
}

static int unset_fact(struct link *link, uint32_t ifindex, const struct fact *fact)
{
	struct route route = route_of(fact, ifindex);

	switch (fact->kind) {
	case FACT_ADDRESS:
		return link_del_address(link, ifindex, &fact->to);
	case FACT_ROUTE:
		return link_del_route(link, &route);
	case FACT_RULES:
		return link_del_default_rules(link, fact->to.ip.family, fact->mark, fact->table);
	}
	return -EINVAL;
}

enum { FACT_TEXT = CIDR_TEXT + 32 };

static char *fact_format(char out[static FACT_TEXT], const struct fact *fact)
{
	static const char *const names[] = {
		[FACT_ADDRESS] = "the address",
		[FACT_ROUTE] = "the route",
		[FACT_RULES] = "rules for the default route",
	};
	char to[CIDR_TEXT];

	snprintf(out, FACT_TEXT, "%s %s", names[fact->kind], cidr_format(to, &fact->to));
	return out;
}

static void say(char error[static 256], const char *what, const char *device, int err)
{
	snprintf(error, 256, "%s: cannot set %s: %s%s", device, what, strerror(-err),
		 err == -EPERM ? " (it takes root or CAP_NET_ADMIN)" : "");
}

/* --- all of them --- */

/* What the kernel answers to anything of IPv6 when the host or the interface
 * is without it. */
static bool is_ipv6_off(const struct fact *fact, int err)
{
	return fact->to.ip.family == IP_V6 &&
	       (err == -EACCES || err == -EOPNOTSUPP || err == -EAFNOSUPPORT);
}

/* Rules which are in force are left alone: to set them is to take them away
 * first, and for that moment traffic would leave past the tunnel. */
static bool is_in_force(const struct netgoal *have, const struct fact *fact)
{
	return fact->kind == FACT_RULES && have && netgoal_has(have, fact);
}

/* Returns how many of the goal's facts were dealt with: all, or *err says why
 * the next could not be set. */
static size_t set_facts(struct link *link, struct netgoal *goal, const struct netgoal *have,
			int *err)
{
	bool ipv6_off = false;

	*err = 0;
	for (size_t i = 0; i < goal->len; i++) {
		struct fact *fact = &goal->facts[i];

		fact->absent = false;
		if (is_in_force(have, fact))
			continue;
		if (!ipv6_off || fact->to.ip.family != IP_V6)
			*err = set_fact(link, goal->ifindex, fact);
		else
			fact->absent = true;
		if (is_ipv6_off(fact, *err)) {
			log_warn("IPv6 is off on this host: its addresses and routes are left out");
			ipv6_off = fact->absent = true;
			*err = 0;
		}
		if (*err)
			return i;
	}
	return goal->len;
}

/* The first `len` of the goal's facts, last first, but those that `keep` has. */
static void unset_facts(struct link *link, const struct netgoal *goal, size_t len,
			const struct netgoal *keep)
{
	while (len-- > 0) {
		const struct fact *fact = &goal->facts[len];
		char text[FACT_TEXT];
		int err;

		if (fact->absent || (keep && netgoal_has(keep, fact)))
			continue;
		err = unset_fact(link, goal->ifindex, fact);
		if (err)
			log_warn("cannot take back %s: %s", fact_format(text, fact), strerror(-err));
	}
}

static int set_device(struct link *link, uint32_t ifindex, const struct netplan *want,
		      char error[static 256])
{
	const char *what = "its MTU";
	int err = link_set_mtu(link, ifindex, want->mtu);

	if (!err) {
		what = "it up";
		err = link_set_up(link, ifindex);
	}
	if (err)
		say(error, what, want->device, err);
	return err;
}

/* --- the state --- */

static void state_free(struct netplan_state *state)
{
	link_free(state->link);
	netgoal_deinit(&state->have);
	free(state);
}

static int state_new(struct netplan_state **out, char error[static 256])
{
	struct netplan_state *state = calloc(1, sizeof(*state));
	int err = state ? link_open(&state->link) : -ENOMEM;

	if (err) {
		snprintf(error, 256, "cannot ask the kernel about its network: %s", strerror(-err));
		free(state);
		return err;
	}
	*out = state;
	return 0;
}

/* The interface was deleted and made anew, or is another one now. */
static void forget_other_device(struct netplan_state *state, uint32_t ifindex)
{
	if (!state->have.ifindex || state->have.ifindex == ifindex)
		return;
	unset_facts(state->link, &state->have, state->have.len, NULL);
	netgoal_deinit(&state->have);
	state->mtu = 0;
}

static void commit(struct netplan_state *state, struct netgoal *goal, const struct netplan *want)
{
	for (size_t i = 0; i < goal->len; i++) {
		const struct fact *fact = &goal->facts[i];

		if (fact->kind == FACT_RULES && fact->to.ip.family == IP_V4 &&
		    !netgoal_has(&state->have, fact))
			rpfilter_check(want->device);
	}
	netgoal_deinit(&state->have);
	state->have = *goal;
	state->mtu = want->mtu;
}

static int apply(struct netplan_state *state, const struct netplan *want, char error[static 256])
{
	char text[FACT_TEXT];
	struct netgoal goal;
	uint32_t ifindex;
	size_t done;
	int err, lost;

	err = link_index(state->link, want->device, &ifindex);
	if (err) {
		snprintf(error, 256, "no interface %s: %s", want->device, strerror(-err));
		return err;
	}
	forget_other_device(state, ifindex);
	err = netgoal_init(&goal, state->link, ifindex, want, error);
	if (err)
		return err;
	err = set_device(state->link, ifindex, want, error);
	if (err)
		goto restore_mtu;
	unset_facts(state->link, &state->have, state->have.len, &goal);
	done = set_facts(state->link, &goal, &state->have, &err);
	if (err) {
		say(error, fact_format(text, &goal.facts[done]), want->device, err);
		goto fall_back;
	}
	commit(state, &goal, want);
	return 0;

fall_back:
	unset_facts(state->link, &goal, done, &state->have);
	set_facts(state->link, &state->have, &goal, &lost);
	if (lost)
		log_warn("%s: cannot set back what was there: %s", want->device, strerror(-lost));
restore_mtu:
	if (state->mtu)
		link_set_mtu(state->link, ifindex, state->mtu);
	netgoal_deinit(&goal);
	return err;
}

int netplan_apply(struct netplan_state **state, const struct netplan *want, char error[static 256])
{
	struct netplan_state *s = *state;
	int err = s ? 0 : state_new(&s, error);

	if (err)
		return err;
	err = apply(s, want, error);
	if (!err)
		*state = s;
	else if (!*state)
		state_free(s);
	return err;
}

void netplan_undo(struct netplan_state *state)
{
	if (!state)
		return;
	unset_facts(state->link, &state->have, state->have.len, NULL);
	state_free(state);
}
