/* chaos.c -- a network drawn by dice, and what may befall it. */
#include "sim/chaos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { LEN = 100, MAC2 = 16 };

static unsigned roll(struct chaos *c, unsigned sides)
{
	return rng_below(c->dice, sides);
}

static bool one_in(struct chaos *c, unsigned n)
{
	return roll(c, n) == 0;
}

/* -- the network ------------------------------------------------------------- */

/* Never seen before, and public unless behind a CGNAT. */
static struct ip new_address(struct chaos *c, bool shared)
{
	unsigned n = ++c->moves;

	return shared ? ip_v4(100, 64, (uint8_t)(n >> 8), (uint8_t)n)
		      : ip_v4(198, (uint8_t)(51 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n);
}

static struct nat draw_nat(struct chaos *c, bool behind_another)
{
	return (struct nat){
		.mapping = roll(c, 3),
		.filtering = roll(c, 3),
		.ports = roll(c, 3),
		.hairpin = one_in(c, 2),
		.blocks = one_in(c, 20),
		.life = SECONDS(30 + roll(c, 90)),
		.next_port = 40000,
		.outside = new_address(c, behind_another),
	};
}

/* All homes use the same addresses. */
static void add_home(struct chaos *c, uint8_t uplink)
{
	static const struct cidr home = {.ip = {.family = IP_V4, .bytes = {192, 168}}, .len = 16};
	struct nat nat = draw_nat(c, uplink != NET_INTERNET);

	sim_add_net(c->sim, &nat, uplink, home);
}

static void add_homes(struct chaos *c)
{
	static const struct cidr shared = {.ip = {.family = IP_V4, .bytes = {100, 64}}, .len = 10};
	uint8_t uplink = NET_INTERNET;

	if (one_in(c, 3)) {
		struct nat cgnat = draw_nat(c, false);

		uplink = sim_add_net(c->sim, &cgnat, NET_INTERNET, shared);
	}
	for (unsigned homes = 1 + roll(c, 4); homes; homes--)
		add_home(c, one_in(c, 2) ? uplink : NET_INTERNET);
}

static struct ip address_in(struct chaos *c, uint8_t net)
{
	const struct net *n = &c->sim->nets.net[net];

	if (net == NET_INTERNET)
		return new_address(c, false);
	if (n->prefix.ip.bytes[0] == 100)
		return new_address(c, true);
	return ip_v4(192, 168, (uint8_t)roll(c, 2), (uint8_t)(1 + roll(c, 250)));
}

static bool is_taken(const struct chaos *c, uint8_t net, const struct ip *ip)
{
	for (size_t i = 0; i < c->sim->nodes_len; i++) {
		const struct sim_node *n = &c->sim->nodes[i];

		for (size_t k = 0; k < n->links_len; k++) {
			if (n->links[k].net == net && ip_equal(&n->links[k].at.ip, ip))
				return true;
		}
	}
	return false;
}

/* Two hosts of one net never have the same. */
static struct ip free_address_in(struct chaos *c, uint8_t net)
{
	struct ip ip = address_in(c, net);

	while (is_taken(c, net, &ip))
		ip.bytes[3]++;
	return ip;
}

static bool is_introducer(const struct chaos *c, size_t i)
{
	return i >= c->sim->nodes_len - c->introducers;
}

static void place_nodes(struct chaos *c)
{
	struct sim *sim = c->sim;
	unsigned introducers = 0;
	bool one_lan = !c->introducers;

	for (size_t i = 0; i < sim->nodes_len; i++)
		introducers |= is_introducer(c, i) ? 1u << i : 0;
	for (size_t i = 0; i < sim->nodes_len; i++) {
		uint8_t net = is_introducer(c, i) ? NET_INTERNET
						  : (uint8_t)(one_lan ? 1 : roll(c, sim->nets.len));

		sim->nodes[i].calls = introducers;
		sim_add_link(sim, i, free_address_in(c, net), net);
		net = (uint8_t)roll(c, sim->nets.len);
		if (!is_introducer(c, i) && !one_lan && one_in(c, 4))
			sim_add_link(sim, i, free_address_in(c, net), net);
	}
}

static void good_wire(struct chaos *c)
{
	msec delay = 1 + roll(c, 100);

	c->sim->wire = (struct sim_wire){.delay = delay, .jitter = roll(c, (unsigned)delay)};
}

static bool record(struct sim *sim, struct sim_datagram *d, void *context)
{
	struct chaos *c = context;
	struct sim_datagram *slot = &c->tape[c->tape_len++ % CHAOS_TAPE];

	(void)sim;
	memcpy(slot, d, offsetof(struct sim_datagram, bytes) + d->len);
	return true;
}

void chaos_init(struct chaos *c, uint64_t seed, struct rng *dice)
{
	memset(c, 0, sizeof(*c));
	c->dice = dice;
	c->sim = sim_prepare(seed, 2 + roll(c, 5));
	c->introducers = one_in(c, 8) ? 0 : c->sim->nodes_len == 2 ? 1 : 1 + roll(c, 2);
	c->sim->gathers = true;
	c->sim->relays = ~0u;
	c->sim->lan = !c->introducers || one_in(c, 2);
	c->sim->tap = record;
	c->sim->tap_context = c;
	add_homes(c);
	place_nodes(c);
	good_wire(c);
	for (size_t i = c->sim->nodes_len; i-- > 0;)
		sim_start(c->sim, i);
}

void chaos_deinit(struct chaos *c)
{
	sim_free(c->sim);
}

void chaos_print(const struct chaos *c)
{
	static const char *const kinds[] = {"any", "address", "port"};
	static const char *const ports[] = {"in turn", "random", "kept"};
	char text[IP_TEXT];

	for (uint8_t i = 1; i < c->sim->nets.len; i++) {
		const struct nat *nat = &c->sim->nets.net[i].nat;

		printf("net %u in net %u, outside %s: maps by %s, filters by %s, ports %s%s%s\n", i,
		       c->sim->nets.net[i].uplink, ip_format(text, &nat->outside), kinds[nat->mapping],
		       kinds[nat->filtering], ports[nat->ports], nat->hairpin ? ", hairpin" : "",
		       nat->blocks ? ", no UDP" : "");
	}
	for (size_t i = 0; i < c->sim->nodes_len; i++) {
		const struct sim_node *n = &c->sim->nodes[i];

		for (size_t k = 0; k < n->links_len; k++)
			printf("n%zu in net %u, %s%s\n", i, n->links[k].net,
			       ip_format(text, &n->links[k].at.ip),
			       is_introducer(c, i) ? ", introduces" : "");
	}
}

/* -- what may befall it --------------------------------------------------------- */

static bool is_up(const struct chaos *c, size_t i)
{
	return c->sim->nodes[i].asleep_until <= c->sim->now;
}

static size_t draw_node(struct chaos *c)
{
	return roll(c, (unsigned)c->sim->nodes_len);
}

static void say(struct chaos *c, size_t from, size_t to)
{
	if (from != to && is_up(c, from) && c->sim->sent < SIM_PACKETS / 2)
		sim_packet(c->sim, from, to, LEN + roll(c, 500));
}

static void packets(struct chaos *c)
{
	size_t from = draw_node(c), to = draw_node(c);

	for (unsigned n = 1 + roll(c, 8); n; n--)
		say(c, from, to);
}

static void conversation(struct chaos *c)
{
	size_t a = draw_node(c), b = draw_node(c);
	bool one_sided = one_in(c, 4);

	for (unsigned n = roll(c, 100); n; n--) {
		say(c, a, b);
		if (!one_sided)
			say(c, b, a);
		sim_run(c->sim, 200);
	}
}

static void pass_time(struct chaos *c)
{
	static const msec spans[] = {10, 100, 1000, 10000, 60000, 600000};

	sim_run(c->sim, 1 + roll(c, (unsigned)spans[roll(c, 6)]));
}

static void bad_wire(struct chaos *c)
{
	c->sim->wire = (struct sim_wire){.loss = roll(c, 400), .copies = roll(c, 200),
		.reorder = roll(c, 300), .delay = 1 + roll(c, 300), .jitter = roll(c, 200)};
}

static void move(struct chaos *c)
{
	size_t i = draw_node(c);
	uint8_t net = c->introducers ? (uint8_t)roll(c, c->sim->nets.len) : 1;

	if (!is_introducer(c, i))
		sim_roam_to(c->sim, i, free_address_in(c, net), net);
}

static void reboot_nat(struct chaos *c)
{
	uint8_t net = (uint8_t)(1 + roll(c, c->sim->nets.len - 1u));
	const struct net *n = &c->sim->nets.net[net];
	struct ip outside = one_in(c, 2) ? n->nat.outside : new_address(c, n->uplink != NET_INTERNET);

	sim_reboot_net(c->sim, net, outside);
}

static void go_to_sleep(struct chaos *c)
{
	static const msec naps[] = {1000, 60000, 7200000};
	msec nap = 1 + roll(c, (unsigned)naps[roll(c, 3)]);

	if (one_in(c, 4)) {
		size_t i = draw_node(c);	/* frozen: nobody tells it that it was */

		c->sim->nodes[i].asleep_until = c->sim->now + nap;
	} else {
		sim_sleep(c->sim, draw_node(c), nap);
	}
}

static void set_clock(struct chaos *c)
{
	int64_t seconds = (int64_t)roll(c, 2u << 29) - (1 << 29);

	c->sim->nodes[draw_node(c)].wall_offset = one_in(c, 2) ? 0 : seconds * 500000000;
}

static void cut_a_cable(struct chaos *c)
{
	struct sim_node *n = &c->sim->nodes[draw_node(c)];
	struct sim_link *link = &n->links[roll(c, (unsigned)n->links_len)];

	link->cut = !link->cut;
}

/* What the wire has lost is new to the receiver: the attacker is a place then. */
static void replay(struct chaos *c)
{
	const struct sim_datagram *d = &c->tape[roll(c, CHAOS_TAPE)];
	struct endpoint attacker = {.ip = ip_v4(198, 18, 0, 1), .port = 666};

	if (!d->len)
		return;
	sim_add_place(c->sim, attacker.ip);
	sim_inject(c->sim, one_in(c, 2) ? &attacker : &d->from, draw_node(c),
		   bytes_of(d->bytes, d->len));
}

static void forge(struct chaos *c)
{
	struct sim_datagram *d = &c->tape[roll(c, CHAOS_TAPE)];
	struct endpoint attacker = {.ip = ip_v4(198, 18, 0, 2), .port = 666};

	if (!d->len)
		return;
	/* not in mac2, which counts only under load */
	d->bytes[roll(c, (unsigned)(d->len > MAC2 ? d->len - MAC2 : d->len))] ^= (uint8_t)(1 + roll(c, 255));
	if (one_in(c, 4))
		d->len = 1 + roll(c, (unsigned)d->len);
	sim_inject(c->sim, &attacker, draw_node(c), bytes_of(d->bytes, d->len));
}

static void rubbish(struct chaos *c)
{
	struct endpoint attacker = {.ip = ip_v4(198, 18, 0, 3), .port = 666};
	uint8_t bytes[200];
	size_t len = roll(c, sizeof(bytes));

	c->dice->fill(c->dice, bytes, len);
	sim_inject(c->sim, &attacker, draw_node(c), bytes_of(bytes, len));
}

void chaos_event(struct chaos *c)
{
	static void (*const events[])(struct chaos *) = {
		packets, packets, packets, conversation, conversation, conversation, pass_time,
		pass_time, pass_time, bad_wire, good_wire, move, move, reboot_nat, go_to_sleep,
		set_clock, cut_a_cable, replay, replay, forge, rubbish};

	if (one_in(c, 30))
		sim_restart(c->sim, draw_node(c));
	else
		events[roll(c, sizeof(events) / sizeof(*events))](c);
	sim_run(c->sim, roll(c, 500));
}

void chaos_heal(struct chaos *c)
{
	good_wire(c);
	for (size_t i = 0; i < c->sim->nodes_len; i++) {
		struct sim_node *n = &c->sim->nodes[i];

		n->wall_offset = 0;
		for (size_t k = 0; k < n->links_len; k++)
			n->links[k].cut = false;
		if (!is_up(c, i))
			n->asleep_until = c->sim->now;
	}
}

/* -- theory ----------------------------------------------------------------------- */

/* What stands between a node and a net. */
struct wall {
	bool blocks;
	bool hard;			/* other ports for other destinations */
	enum nat_kind filtering;	/* of the strictest; NATS 0: none */
	unsigned nats;
};

static uint8_t net_of(const struct chaos *c, size_t i)
{
	return c->sim->nodes[i].links[0].net;
}

static bool is_above(const struct chaos *c, uint8_t net, uint8_t above)
{
	while (net != above && net != NET_INTERNET)
		net = c->sim->nets.net[net].uplink;
	return net == above;
}

static void add_nat(struct wall *w, const struct nat *nat)
{
	w->nats++;
	w->blocks |= nat->blocks;
	w->hard |= nat->mapping != INDEPENDENT;	/* a port that is taken is not kept */
	if (nat->filtering > w->filtering)
		w->filtering = nat->filtering;
}

/* Of all its links: which one the introducers see is not known. */
static struct wall wall_to_internet(const struct chaos *c, size_t i)
{
	const struct sim_node *n = &c->sim->nodes[i];
	struct wall w = {0};

	for (size_t k = 0; k < n->links_len; k++) {
		for (uint8_t net = n->links[k].net; net; net = c->sim->nets.net[net].uplink)
			add_nat(&w, &c->sim->nets.net[net].nat);
	}
	return w;
}

/* Both know each other's outermost addresses; do these lead back inside? */
static bool may_loop_back(const struct chaos *c, size_t a, size_t b)
{
	for (uint8_t net = net_of(c, a); net; net = c->sim->nets.net[net].uplink) {
		if (is_above(c, net_of(c, b), net))
			return c->sim->nets.net[net].nat.hairpin;
	}
	return true;
}

static bool may_punch(const struct wall *a, const struct wall *b)
{
	if (a->hard && b->hard)
		return false;
	if (a->hard)
		return !b->nats || b->filtering != PORT_DEPENDENT;
	if (b->hard)
		return !a->nats || a->filtering != PORT_DEPENDENT;
	return true;
}

static bool is_told(const struct chaos *c, size_t a, size_t b)
{
	bool in_one_lan = net_of(c, a) == net_of(c, b) && net_of(c, a) != NET_INTERNET;

	if (c->sim->lan && in_one_lan)
		return true;
	return c->introducers && !wall_to_internet(c, a).blocks && !wall_to_internet(c, b).blocks;
}

/* The introducer knows where it is: it keeps calling, for it needs to be introduced. */
static bool keeps_calling(const struct chaos *c, size_t i)
{
	return c->sim->nodes_len - c->introducers > 1 && !wall_to_internet(c, i).blocks;
}

bool chaos_can_reach(const struct chaos *c, size_t from, size_t to)
{
	struct wall a = wall_to_internet(c, from), b = wall_to_internet(c, to);

	if (is_introducer(c, to))
		return !a.blocks;
	if (is_introducer(c, from))
		return keeps_calling(c, to);
	if (!is_told(c, from, to))
		return false;
	if (net_of(c, from) == net_of(c, to))
		return true;
	if (a.blocks || b.blocks)
		return false;
	return may_loop_back(c, from, to) && may_punch(&a, &b);
}
