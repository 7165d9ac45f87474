/* micro_node.c -- the whole brain: bursts from the TUN device, and from the network.
 *
 *             .--- far 1
 *      hub ---+--- ...           each a whole node, connected on a simulated network
 *             '--- far 10
 *
 * Once by endpoints of the config, and once where all were found by checks: then each has a
 * reach that wants to know what comes and goes.
 */
#include <stdio.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "crypto/aead.h"
#include "sim/sim.h"

enum {
	HUB, FARS = 10,
	LEN_MAX = 1420,
	SLOT = HEADROOM + LEN_MAX + TAILROOM,
	NAME_MAX = 80,
};

struct mesh {
	struct sim *sim;
	const char *name;
	struct path ways[1 + FARS];		/* from the hub to each */
};

struct traffic {
	struct mesh *mesh;
	size_t fars;				/* that take turns */
	size_t len;
	size_t burst;				/* packets in a call */
	bool polls;				/* what the node owes is fetched after each call */
	uint8_t slots[MICRO_OPS][SLOT];
	struct packet packets[MICRO_OPS];
	struct datagram datagrams[MICRO_OPS];
	struct node_out out;
};

static struct node *node_of(const struct traffic *t, size_t i)
{
	return t->mesh->sim->nodes[i].node;
}

static size_t far_of(const struct traffic *t, size_t op)
{
	return 1 + op % t->fars;
}

static void drain(struct node *node, msec now)
{
	struct action action;

	while (node_poll(node, &action, now) != ACTION_NONE)
		;
}

/* IPv4, from one to the other; what it carries does not matter. */
static void write_packet(struct traffic *t, size_t op, size_t from, size_t to)
{
	const struct sim_node *nodes = t->mesh->sim->nodes;
	struct packet *p = &t->packets[op];

	*p = packet_in(t->slots[op], SLOT, HEADROOM, t->len);
	memset(p->data, 0, 20);
	p->data[0] = 0x45;
	store_be16(p->data + 2, (uint16_t)t->len);
	p->data[9] = 6;		/* TCP */
	memcpy(p->data + 12, nodes[from].inner.bytes, 4);
	memcpy(p->data + 16, nodes[to].inner.bytes, 4);
}

/* -- out ------------------------------------------------------------------------ */

static void prepare_send(void *context)
{
	struct traffic *t = context;

	drain(node_of(t, HUB), t->mesh->sim->now);
	for (size_t i = 0; i < MICRO_OPS; i++)
		write_packet(t, i, HUB, far_of(t, i));
}

static void send(void *context)
{
	struct traffic *t = context;

	for (size_t i = 0; i < MICRO_OPS; i += t->burst) {
		node_send(node_of(t, HUB), t->packets + i, t->burst, &t->out, t->mesh->sim->now);
		micro_must(t->out.to_net_len >= t->burst);
		if (t->polls)
			drain(node_of(t, HUB), t->mesh->sim->now);
	}
}

/* -- in ------------------------------------------------------------------------- */

static void prepare_receive(void *context)
{
	struct traffic *t = context;

	drain(node_of(t, HUB), t->mesh->sim->now);
	for (size_t i = 0; i < MICRO_OPS; i++) {
		struct node *far = node_of(t, far_of(t, i));

		write_packet(t, i, far_of(t, i), HUB);
		node_send(far, &t->packets[i], 1, &t->out, t->mesh->sim->now);
		micro_must(t->out.to_net_len >= 1);
		drain(far, t->mesh->sim->now);
		t->datagrams[i] = (struct datagram){.packet = t->out.to_net[0].packet,
						    .path = t->mesh->ways[far_of(t, i)]};
	}
}

static void receive(void *context)
{
	struct traffic *t = context;

	for (size_t i = 0; i < MICRO_OPS; i += t->burst) {
		node_receive(node_of(t, HUB), t->datagrams + i, t->burst, &t->out,
			     t->mesh->sim->now);
		micro_must(t->out.to_tun_len == t->burst);
		if (t->polls)
			drain(node_of(t, HUB), t->mesh->sim->now);
	}
}

/* -- the AEAD alone, in the same calls -------------------------------------------- */

struct crypto {
	struct traffic *traffic;
	struct aead_key key;
	struct aead_job jobs[MICRO_OPS];
};

static void prepare_crypto(void *context)
{
	struct crypto *c = context;

	for (size_t i = 0; i < MICRO_OPS; i++)
		c->jobs[i] = (struct aead_job){.text = c->traffic->slots[i],
					       .len = c->traffic->len, .counter = i};
}

static void seal(void *context)
{
	struct crypto *c = context;
	size_t run = c->traffic->fars > 1 ? 1 : c->traffic->burst;

	for (size_t i = 0; i < MICRO_OPS; i += run)
		aead_seal(&c->key, c->jobs + i, run);
}

static void prepare_open(void *context)
{
	prepare_crypto(context);
	seal(context);
}

static void open(void *context)
{
	struct crypto *c = context;
	size_t run = c->traffic->fars > 1 ? 1 : c->traffic->burst;

	for (size_t i = 0; i < MICRO_OPS; i += run)
		aead_open(&c->key, c->jobs + i, run);
}

static void name_row(char name[static NAME_MAX], const struct traffic *t, const char *what)
{
	snprintf(name, NAME_MAX, "%s %zu x %zu B, %zu %s%s", what, t->burst, t->len, t->fars,
		 t->mesh->name, t->polls ? ", polled" : "");
}

static double measure_crypto(struct traffic *t, bool opens)
{
	static const uint8_t zero[KEY_LEN];
	static struct crypto c;
	char name[NAME_MAX];
	double ns;

	c.traffic = t;
	if (!aead_key_init(&c.key, AEAD_CHACHA20POLY1305, zero))
		return 0;
	name_row(name, t, opens ? "  AEAD alone, open" : "  AEAD alone, seal");
	ns = micro_measure(&(struct micro){name, MICRO_OPS, t->len, 0,
					   opens ? prepare_open : prepare_crypto,
					   opens ? open : seal, &c});
	aead_key_wipe(&c.key);
	return ns;
}

/* -- all of it -------------------------------------------------------------------- */

static void measure(struct traffic *t)
{
	double known = measure_crypto(t, false);
	char name[NAME_MAX];

	name_row(name, t, "send");
	micro_measure(&(struct micro){name, MICRO_OPS, t->len, known, prepare_send, send, t});
	known = measure_crypto(t, true);
	name_row(name, t, "receive");
	micro_measure(&(struct micro){name, MICRO_OPS, t->len, known, prepare_receive, receive, t});
}

static void measure_mesh(struct mesh *mesh)
{
	static struct traffic t;

	t = (struct traffic){.mesh = mesh, .fars = 1, .len = LEN_MAX, .burst = MICRO_OPS};
	measure(&t);
	t.fars = FARS;
	measure(&t);
	t.len = 64;
	measure(&t);
	t.fars = 1;
	measure(&t);
	t.burst = 1;
	t.polls = true;
	measure(&t);
}

/* Each says something to the hub, and learns the way. */
static void connect(struct mesh *mesh)
{
	static struct traffic t;

	for (size_t i = 1; i <= FARS; i++)
		sim_talk(mesh->sim, i, HUB, 100, SECONDS(5));
	t = (struct traffic){.mesh = mesh, .fars = FARS, .len = 64};
	prepare_send(&t);
	for (size_t i = 0; i < FARS; i++) {
		node_send(node_of(&t, HUB), &t.packets[i], 1, &t.out, mesh->sim->now);
		micro_must(t.out.to_net_len >= 1);
		mesh->ways[far_of(&t, i)] = t.out.to_net[0].path;
	}
}

static void measure_nodes(const char *heading, const char *name, struct sim *sim)
{
	static struct mesh mesh;

	mesh.sim = sim;
	mesh.name = name;
	sim_run(sim, SECONDS(5));
	connect(&mesh);
	micro_heading(heading);
	measure_mesh(&mesh);
	sim_free(sim);
}

void micro_node(void)
{
	static const enum sim_nat_kind kinds[1 + FARS] = {SIM_FULL_CONE, SIM_FULL_CONE};

	measure_nodes("a node, endpoints in the config", "called", sim_new(1, 1 + FARS, true));
	measure_nodes("a node, peers found by checks", "found",
		      sim_new_behind_nats(1, kinds, 2 + FARS, 1));
}
