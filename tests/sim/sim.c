/* sim.c -- whole nodes on a simulated network: datagrams, packets, time. */
#include "sim/sim.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "node/brain.h"

#define WALL_AT_START UINT64_C(1700000000000000000)

enum { INDICES_MAX = 4 };

static const char marker[8] = {'p', 'l', 'a', 'i', 'n', 't', 'x', 't'};

enum { INNER_HEADER = 20, INNER_MIN = INNER_HEADER + sizeof(marker) + 4 };

/* -- what they say -------------------------------------------------------------- */

/* A log line does not know who says it. */
static const struct sim *told_by;
static size_t teller;

static void print_line(enum log_level level, const char *line)
{
	printf("%9lld n%zu %s: %s\n", (long long)(told_by ? told_by->now : 0), teller,
	       log_level_name(level), line);
}

void sim_log(void)
{
	const char *how = getenv("SIM_LOG");

	told_by = NULL;
	if (how)
		log_to(print_line, *how == '2' ? LOG_TRACE : LOG_DEBUG);
}

static void print_datagram(const struct sim *sim, size_t from, const struct sim_datagram *d)
{
	char text[ENDPOINT_TEXT];

	if (log_level() == LOG_TRACE)
		printf("%9lld n%zu sends type %u, %zu bytes, to %s\n", (long long)sim->now, from,
		       d->bytes[0], d->len, endpoint_format(text, &d->to));
}

static struct sim_node *turn_to(struct sim *sim, size_t i)
{
	told_by = sim;
	teller = i;
	return &sim->nodes[i];
}

/* -- what must hold ---------------------------------------------------------- */

static bool is_place(const struct sim *sim, const struct ip *ip)
{
	for (size_t i = sim->places_len; i-- > 0;) {
		if (ip_equal(&sim->places[i], ip))
			return true;
	}
	return false;
}

void sim_add_place(struct sim *sim, struct ip ip)
{
	if (is_place(sim, &ip))
		return;
	assert_true(sim->places_len < SIM_PLACES);
	sim->places[sim->places_len++] = ip;
}

static void may_send_more(struct sim_node *n, unsigned datagrams)
{
	n->may_send += datagrams * 1000;
}

static void check_rate(struct sim *sim, struct sim_node *n)
{
	int64_t peers = (int64_t)sim->nodes_len - 1;
	int64_t rate = SIM_RATE * peers + sim->punch_rate;

	n->may_send += (sim->now - n->may_send_at) * rate;
	if (n->may_send > SIM_BURST * peers * 1000)
		n->may_send = SIM_BURST * peers * 1000;
	n->may_send_at = sim->now;
	n->may_send -= 1000;
	if (n->may_send < 0)
		fail_msg("node %zu storms", (size_t)(n - sim->nodes));
}

/* It may go to a place of the mesh, or back to where `cause` came from. */
static void check_datagram(struct sim *sim, struct sim_node *from, const struct sim_datagram *d,
			   const struct endpoint *cause)
{
	assert_int_not_equal(d->to.ip.family, IP_NONE);
	assert_null(memmem(d->bytes, d->len, marker, sizeof(marker)));
	if (!cause || !endpoint_equal(cause, &d->to))
		assert_true(is_place(sim, &d->to.ip));
	check_rate(sim, from);
}

static void check_promotion(struct sim *sim, struct sim_node *n, size_t to)
{
	const struct peer *peer = node_find_peer(n->node, sim->nodes[to].public_key);
	msec at = peer && peer->reach ? peer->reach->promoted_at : n->promoted_at[to];

	if (at == n->promoted_at[to])
		return;
	if (at != NEVER && n->promoted_at[to] != NEVER)
		assert_true(at - n->promoted_at[to] >= REACH_DWELL);
	n->promoted_at[to] = at;
}

static void check_node(struct sim *sim, struct sim_node *n)
{
	const struct session_shared *shared = &n->node->shared;
	size_t reaches = 0;

	list_for_each(struct reach, r, &n->node->signalling.reaches, link)
		reaches++;
	assert_true(reaches < sim->nodes_len);
	assert_true(shared->indices.len <= INDICES_MAX * sim->nodes_len);
	assert_true(shared->keypairs.free_count <= SPARE_KEYPAIRS);
	for (size_t i = 0; i < n->node->roster.len; i++)
		assert_true(n->node->roster.peers[i]->queue.len <= QUEUE_PACKETS);
	for (size_t i = 0; i < sim->nodes_len; i++)
		check_promotion(sim, n, i);
}

/* -- out of a node ------------------------------------------------------------ */

static struct sim_link *link_with(struct sim_node *n, const struct ip *ip)
{
	for (struct sim_link *l = n->links; l < n->links + n->links_len; l++) {
		if (ip_equal(&l->at.ip, ip))
			return l;
	}
	return NULL;
}

/* As io/ does it: without that source, if it is gone. */
static struct sim_link *link_for(struct sim_node *n, const struct path *path)
{
	struct sim_link *link = path->local.family == IP_NONE ? NULL : link_with(n, &path->local);

	if (path->local.family != IP_NONE && !link)
		node_source_gone(n->node, path);
	if (!link && n->links_len)
		link = &n->links[0];
	return link;
}

static struct endpoint port_of(const struct sim_link *link, uint16_t via)
{
	struct endpoint at = link->at;

	if (via)
		at.port = (uint16_t)(SIM_MORE + via);
	return at;
}

static void launch(struct sim *sim, struct sim_datagram *d, const struct sim_link *link)
{
	if (link->cut || (!d->multicast && !nets_climb(&sim->nets, d, sim->now)))
		return;
	if (sim->tap && !sim->tap(sim, d, sim->tap_context))
		return;
	nets_fly(&sim->nets, d, &sim->wire, sim->now);
}

static void transmit(struct sim *sim, struct sim_node *from, const struct datagram *out,
		     const struct endpoint *cause)
{
	struct sim_datagram d = {.to = out->path.remote, .len = out->packet.len};
	const struct sim_link *link = link_for(from, &out->path);

	assert_in_range(d.len, 1, sizeof(d.bytes));
	memcpy(d.bytes, out->packet.data, d.len);
	print_datagram(sim, (size_t)(from - sim->nodes), &d);
	check_datagram(sim, from, &d, cause);
	from->datagrams++;
	if (via_is_stream(out->path.via)) {
		pipes_send(sim, (size_t)(from - sim->nodes), out->path.via, packet_bytes(&out->packet));
		return;
	}
	if (!link)
		return;
	if (out->path.via == VIA_TCP) {
		if (!link->cut)
			tcp_send(sim, from, &link->at, link->net, out);
		return;
	}
	d.from = port_of(link, out->path.via);
	d.net = link->net;
	assert_true(out->path.via == 0 || from->more[out->path.via]);
	launch(sim, &d, link);
}

static void multicast(struct sim *sim, struct sim_node *from, struct bytes bytes)
{
	struct sim_datagram d = {.multicast = true, .len = bytes.len};

	assert_in_range(d.len, 1, sizeof(d.bytes));
	assert_null(memmem(bytes.data, bytes.len, marker, sizeof(marker)));
	memcpy(d.bytes, bytes.data, d.len);
	check_rate(sim, from);
	from->datagrams++;
	for (const struct sim_link *l = from->links; l < from->links + from->links_len; l++) {
		d.from = l->at;
		d.net = l->net;
		if (l->net != NET_INTERNET)
			launch(sim, &d, l);
	}
}

static uint32_t number_of(const struct packet *p)
{
	return load_be32(p->data + INNER_HEADER + sizeof(marker));
}

static void accept_inner(struct sim *sim, size_t i, const struct packet *p)
{
	uint32_t number;

	if (p->len >= INNER_HEADER && p->data[9] == 1) {	/* ICMP */
		sim->nodes[i].refused++;
		return;
	}
	assert_true(p->len >= INNER_MIN);
	assert_memory_equal(p->data + INNER_HEADER, marker, sizeof(marker));
	number = number_of(p);
	assert_true(number < sim->sent);
	assert_int_equal(sim->to[number], i);
	assert_int_equal(sim->delivered[number], 0);
	for (size_t k = INNER_MIN; k < p->len; k++)
		assert_int_equal(p->data[k], (uint8_t)(number + k));
	sim->delivered[number] = 1;
	sim->nodes[i].got++;
}

static void take(struct sim *sim, size_t i, const struct node_out *out,
		 const struct endpoint *cause)
{
	for (size_t k = 0; k < out->to_net_len; k++)
		transmit(sim, &sim->nodes[i], &out->to_net[k], cause);
	for (size_t k = 0; k < out->to_tun_len; k++)
		accept_inner(sim, i, &out->to_tun[k]);
}

uint64_t sim_wall(const struct sim *sim, const struct sim_node *n)
{
	return WALL_AT_START + (uint64_t)n->wall_offset + (uint64_t)sim->now * 1000000;
}

void sim_save_peers(struct sim *sim, struct sim_node *n)
{
	struct writer w = writer_over(n->peers, sizeof(n->peers));

	assert_true(node_known_size(n->node) <= sizeof(n->peers));
	node_known_write(n->node, &w, sim->now);
	assert_false(w.bad);
	n->peers_len = w.len;
}

static void carry_out(struct sim *sim, struct sim_node *n, const struct action *action)
{
	switch (action->kind) {
	case ACTION_NONE:
		break;
	case ACTION_SEND:
		transmit(sim, n, &action->datagram, NULL);
		break;
	case ACTION_SAVE_MARK:
		assert_true(action->mark > n->marks[action->which]);
		n->marks[action->which] = action->mark;
		break;
	case ACTION_SAVE_PEERS:
		sim_save_peers(sim, n);
		break;
	case ACTION_LAN:
		multicast(sim, n, action->bytes);
		break;
	case ACTION_RESOLVE:
		n->resolves++;
		break;
	case ACTION_OPEN_SOCKET:
		assert_false(n->more[action->via]);
		n->more[action->via] = true;
		node_socket_opened(n->node, action->via, (uint16_t)(SIM_MORE + action->via));
		break;
	case ACTION_CLOSE_SOCKET:
		assert_true(n->more[action->via]);
		n->more[action->via] = false;
		break;
	case ACTION_OPEN_STREAM:
		pipes_open(sim, (size_t)(n - sim->nodes), action->via, &action->target);
		break;
	case ACTION_CLOSE_STREAM:
		pipes_close(sim, (size_t)(n - sim->nodes), action->via);
		break;
	}
}

void sim_drain(struct sim *sim, size_t i)
{
	struct sim_node *n = turn_to(sim, i);
	struct action action;

	node_set_wall(n->node, sim_wall(sim, n));
	for (unsigned turns = 0; node_poll(n->node, &action, sim->now) != ACTION_NONE; turns++) {
		assert_true(turns < SIM_TURNS);
		carry_out(sim, n, &action);
	}
	check_node(sim, n);
}

/* -- into a node -------------------------------------------------------------- */

static bool awake(const struct sim *sim, const struct sim_node *n)
{
	return n->node && n->asleep_until <= sim->now;
}

/* The number of the socket that it came to; 0: that of the listen port, or none of ours. */
static uint16_t via_of(const struct sim_link *link, const struct sim_datagram *d)
{
	bool has_number = !d->segment && d->to.port > SIM_MORE && d->to.port <= SIM_MORE + NODE_SOCKETS_MAX;

	return !d->multicast && d->to.port != link->at.port && has_number
		       ? (uint16_t)(d->to.port - SIM_MORE) : 0;
}

void sim_receive(struct sim *sim, size_t i, const struct path *path, struct bytes datagram)
{
	struct sim_node *n = turn_to(sim, i);
	struct datagram in = {.path = *path, .packet = exact_packet(datagram.data, datagram.len)};
	uint8_t *buffer = in.packet.start;
	struct node_out out;

	may_send_more(n, 1);
	node_receive(n->node, &in, 1, &out, sim->now);
	take(sim, i, &out, &path->remote);
	exact_free(buffer);
	sim_drain(sim, i);
}

static void feed(struct sim *sim, size_t i, const struct sim_link *link,
		 const struct sim_datagram *d)
{
	struct sim_node *n = turn_to(sim, i);
	struct path path = {.remote = d->from, .local = link->at.ip,
			    .ifindex = (uint32_t)(link - n->links) + 1, .via = via_of(link, d)};

	if (d->segment && !tcp_receive(sim, n, &link->at, link->net, d))
		return;
	if (d->segment)
		path.via = VIA_TCP;
	if (!d->multicast) {
		sim_receive(sim, i, &path, bytes_of(d->bytes, d->len));
		return;
	}
	may_send_more(n, 1);
	node_feed_lan(n->node, bytes_of(d->bytes, d->len), path.ifindex, sim->now);
	sim_drain(sim, i);
}

static bool is_for(const struct sim_node *n, const struct sim_link *link,
		   const struct sim_datagram *d)
{
	uint16_t via = via_of(link, d);

	if (link->cut || link->net != d->net)
		return false;
	if (d->multicast)
		return !endpoint_equal(&link->at, &d->from);
	if (via)
		return ip_equal(&link->at.ip, &d->to.ip) && n->more[via];
	return endpoint_equal(&link->at, &d->to);
}

static void deliver(struct sim *sim, const struct sim_datagram *d)
{
	for (size_t i = 0; i < sim->nodes_len; i++) {
		struct sim_node *n = &sim->nodes[i];

		for (size_t k = 0; k < n->links_len && awake(sim, n); k++) {
			if (is_for(n, &n->links[k], d))
				feed(sim, i, &n->links[k], d);
		}
	}
}

void sim_inject(struct sim *sim, const struct endpoint *from, size_t to, struct bytes datagram)
{
	struct sim_datagram d = {.from = *from, .len = datagram.len};
	struct sim_node *n = &sim->nodes[to];

	if (datagram.len)
		memcpy(d.bytes, datagram.data, datagram.len);
	if (awake(sim, n) && n->links_len)
		feed(sim, to, &n->links[0], &d);
}

void sim_send(struct sim *sim, const struct endpoint *from, const struct endpoint *to,
	      struct bytes datagram)
{
	struct sim_datagram d = {
		.net = NET_INTERNET, .from = *from, .to = *to, .len = datagram.len};

	assert_in_range(d.len, 1, sizeof(d.bytes));
	memcpy(d.bytes, datagram.data, d.len);
	nets_fly(&sim->nets, &d, &sim->wire, sim->now);
}

uint32_t sim_packet(struct sim *sim, size_t from, size_t to, size_t len)
{
	uint8_t buffer[HEADROOM + 2048 + TAILROOM];
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);
	uint32_t number = sim->sent++;
	struct node_out out;

	assert_true(number < SIM_PACKETS && len >= INNER_MIN && len <= SIM_MTU);
	memset(p.data, 0, INNER_HEADER);
	p.data[0] = 0x45;
	store_be16(p.data + 2, (uint16_t)len);
	p.data[9] = 253;	/* RFC 3692: for experiments */
	memcpy(p.data + 12, sim->nodes[from].inner.bytes, 4);
	memcpy(p.data + 16, sim->nodes[to].inner.bytes, 4);
	memcpy(p.data + INNER_HEADER, marker, sizeof(marker));
	store_be32(p.data + INNER_HEADER + sizeof(marker), number);
	for (size_t k = INNER_MIN; k < len; k++)
		p.data[k] = (uint8_t)(number + k);
	sim->to[number] = (uint8_t)to;
	may_send_more(turn_to(sim, from), 2);	/* by two ways, after a silence */
	node_send(sim->nodes[from].node, &p, 1, &out, sim->now);
	take(sim, from, &out, NULL);
	sim_drain(sim, from);
	return number;
}

bool sim_arrived(const struct sim *sim, uint32_t number)
{
	return sim->delivered[number];
}

/* -- time ---------------------------------------------------------------------- */

static msec node_next(const struct sim *sim, const struct sim_node *n)
{
	if (!n->node)
		return NEVER;
	if (n->asleep_until <= sim->now && tcp_due(n) < node_due(n->node))
		return tcp_due(n);
	if (n->asleep_until > sim->now)
		return n->notices_sleep || node_due(n->node) < n->asleep_until
			       ? n->asleep_until : node_due(n->node);
	return node_due(n->node);
}

static msec next_event(const struct sim *sim)
{
	msec at = msec_min(nets_due(&sim->nets), pipes_due(&sim->pipes));

	for (size_t i = 0; i < sim->nodes_len; i++)
		at = msec_min(at, node_next(sim, &sim->nodes[i]));
	return at;
}

static void tick(struct sim *sim, size_t i)
{
	struct sim_node *n = turn_to(sim, i);

	if (!awake(sim, n))
		return;
	if (n->notices_sleep)
		sim_resumed(sim, i);
	tcp_tick(sim, n);
	if (node_due(n->node) > sim->now)
		return;
	n->wakeups++;
	node_tick(n->node, sim->now);
	sim_drain(sim, i);
}

static void turn(struct sim *sim)
{
	struct sim_datagram d;
	bool let_in;

	while (nets_arrive(&sim->nets, &d, &let_in, sim->now)) {
		if (let_in)
			deliver(sim, &d);
	}
	pipes_turn(sim);
	for (size_t i = 0; i < sim->nodes_len; i++)
		tick(sim, i);
}

void sim_run(struct sim *sim, msec duration)
{
	msec end = sim->now + duration, second = sim->now;
	unsigned turns = 0;

	for (msec at = next_event(sim); at <= end; at = next_event(sim)) {
		if (at - second >= SECONDS(1)) {
			second = at;
			turns = 0;
		}
		assert_true(++turns < SIM_TURNS);
		if (at > sim->now)
			sim->now = at;
		turn(sim);
	}
	sim->now = end;
}

void sim_talk(struct sim *sim, size_t a, size_t b, size_t len, msec duration)
{
	for (msec t = 0; t < duration; t += 100) {
		sim_packet(sim, a, b, len);
		sim_packet(sim, b, a, len);
		sim_run(sim, 100);
	}
}

struct peer_status sim_status(const struct sim *sim, size_t of, size_t peer)
{
	struct peer_status status;

	assert_true(node_find_peer_status(sim->nodes[of].node, sim->nodes[peer].public_key, &status,
					  sim->now));
	return status;
}
