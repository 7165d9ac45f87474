/* spray.c -- a direct way to a peer whose NAT shows each destination another port. */
#include "node/spray.h"

#include "node/brain.h"
#include "node/mapping.h"

enum {
	PORT_FIRST = 1024,
	PORTS = 65536 - PORT_FIRST,	/* 2^10 * 3^2 * 7 */
	BURST_AT_ONCE = 4,
};

void sprayer_init(struct sprayer *all, uint32_t rate)
{
	*all = (struct sprayer){.rate = rate, .sweep_due = NEVER};
}

void spray_arm(struct spray *s, msec now)
{
	if (s->due == NEVER)
		*s = (struct spray){.due = now + SPRAY_AFTER};
}

void spray_disarm(struct spray *s)
{
	*s = (struct spray){.due = NEVER};
}

void spray_pause(struct spray *s, msec now)
{
	if (s->due == NEVER)
		return;
	s->left = 0;
	s->due = now + SPRAY_AGAIN;
}

/* -- what to do ------------------------------------------------------------ */

static bool wants(const struct reach *r, msec now)
{
	return r->spray.due != NEVER && reach_tier(r) > TIER_IPV4 && reach_is_active(r, now);
}

/* Where the peer is seen, if its NAT is easy: of what it told the best IPv4 address that is
 * not its own. IP_NONE: nowhere. */
static struct endpoint port_of_peer(const struct reach *r)
{
	const struct candidate *best = NULL;

	for (size_t i = 0; i < REMOTES_SIGNALLED; i++) {
		const struct candidate *c = &r->agent.list.remotes[i];

		if (c->type == CANDIDATE_SRFLX && !candidate_is_tcp(c) && c->at.ip.family == IP_V4 &&
		    (!best || c->priority > best->priority))
			best = c;
	}
	return best ? best->at : (struct endpoint){0};
}

static uint16_t port_ahead(uint16_t port, unsigned by)
{
	return (uint16_t)(PORT_FIRST + ((unsigned)port - PORT_FIRST + by) % PORTS);
}

static void opens(struct spray *s, const struct endpoint *target)
{
	s->role = target->ip.family == IP_V4 ? SPRAY_OPENS : SPRAY_NONE;
	s->target = *target;
	s->left = SPRAY_SOCKETS;
}

static void guesses(struct spray *s, const struct mapping *theirs, unsigned ahead, unsigned n)
{
	s->role = SPRAY_GUESSES_PORTS;
	s->target = theirs->last;
	s->in_a_row = theirs->is_sequential;
	s->target.port = port_ahead(theirs->last.port, ahead);
	s->left = n;
}

/* Both give ports in a row, and each packet to a new port uses up one of them: one opens
 * SPRAY_SOCKETS in a row towards one port that the other will come to use; the other walks
 * through the middle of these, until it does. */
static void meet_halfway(struct spray *s, const struct reach *r, const struct mapping *theirs)
{
	struct endpoint ahead = theirs->last;

	ahead.port = port_ahead(ahead.port, SPRAY_AHEAD / 2);
	if (r->agent.list.controlling)
		guesses(s, theirs, SPRAY_AHEAD, SPRAY_AHEAD);
	else
		opens(s, &ahead);
}

static void choose_role(struct spray *s, const struct reach *r, const struct gather *gather)
{
	struct mapping ours = mapping_of_ours(gather);
	struct mapping theirs = mapping_of_peer(&r->agent.list);
	struct endpoint peer = port_of_peer(r);

	s->role = SPRAY_NONE;
	if (ours.is_hard && !theirs.is_hard)
		opens(s, &peer);
	else if (!ours.is_hard && theirs.is_hard)
		guesses(s, &theirs, 1, SPRAY_GUESSES);
	else if (ours.is_sequential && theirs.is_sequential)
		meet_halfway(s, r, &theirs);
}

/* A step that has no divisor in common with PORTS leads to each of them. */
static void shuffle(struct spray *s, struct rng *rng)
{
	uint32_t random[2];

	rng->fill(rng, random, sizeof(random));
	s->start = random[0] % PORTS;
	s->step = random[1] % PORTS | 1;
	while (s->step % 3 == 0 || s->step % 7 == 0)
		s->step += 2;
}

static void begin_burst(struct node *node, struct reach *r, msec now)
{
	struct spray *s = &r->spray;

	choose_role(s, r, &node->signalling.gather);
	s->sent = 0;
	if (s->role == SPRAY_NONE) {
		s->left = 0;
		s->due = now + SPRAY_AGAIN;
		return;
	}
	if (!s->step)
		shuffle(s, node->shared.rng);
	s->bursts++;
	log_debug("%s: %s", r->peer->settings->name,
		  s->role == SPRAY_OPENS ? "opening many ports of our NAT"
					 : "guessing ports of its NAT");
}

/* What is open must stay open; who guesses in vain may give up hope. */
static void end_burst(struct spray *s, msec now)
{
	static const msec pauses[] = {SECONDS(2), SECONDS(10), SECONDS(20), SECONDS(40), SECONDS(60)};
	unsigned last = sizeof(pauses) / sizeof(*pauses) - 1;
	unsigned i = s->bursts - 1 < last ? s->bursts - 1 : last;

	s->due = now + (s->role == SPRAY_OPENS ? SPRAY_REFRESH : pauses[i]);
}

/* -- doing it -------------------------------------------------------------- */

static void open_sockets(struct node *node)
{
	struct sprayer *all = &node->signalling.sprayer;

	while (all->vias_len < SPRAY_SOCKETS) {
		uint16_t via = sockets_take(&node->signalling.sockets, IP_V4);

		if (!via)
			return;
		all->vias[all->vias_len++] = via;
	}
}

/* False: that socket could not be had. */
static bool open_next(struct node *node, struct spray *s, struct path *path)
{
	const struct sprayer *all = &node->signalling.sprayer;

	if (s->sent >= all->vias_len)
		return false;
	path->via = all->vias[s->sent];
	path->remote = s->target;
	return sockets_is_open(&node->signalling.sockets, path->via);
}

static void guess_next(struct spray *s, struct path *path)
{
	path->remote = s->target;
	if (s->in_a_row && s->sent < 2 * SPRAY_AHEAD)
		path->remote.port = port_ahead(s->target.port, s->sent);
	else
		path->remote.port = (uint16_t)(PORT_FIRST + (s->start + s->taken++ *
							     (uint64_t)s->step) % PORTS);
}

/* True: there is a datagram to send. */
static bool next_of_burst(struct node *node, struct reach *r, struct datagram *out, msec now)
{
	struct spray *s = &r->spray;
	bool ready = true;

	*out = (struct datagram){0};
	if (s->role == SPRAY_OPENS)
		ready = open_next(node, s, &out->path);
	else
		guess_next(s, &out->path);
	s->sent++;
	if (--s->left == 0)
		end_burst(s, now);
	if (ready)
		out->packet = reach_guess(r);
	return ready && out->packet.len;
}

static bool may_send(struct sprayer *all, msec now)
{
	struct bucket_limit limit = {all->rate, BURST_AT_ONCE};

	return bucket_take(&all->sends, &limit, now);
}

static enum action_kind poll_burst(struct node *node, struct reach *r, struct action *action,
				   msec now)
{
	struct sprayer *all = &node->signalling.sprayer;

	if (!r->spray.left && now >= r->spray.due)
		begin_burst(node, r, now);
	if (r->spray.left && r->spray.role == SPRAY_OPENS) {
		all->wanted = now;
		all->sweep_due = msec_min(all->sweep_due, now + SPRAY_SWEEP);
		open_sockets(node);
		if (node->signalling.sockets.owed)
			return sockets_poll(&node->signalling.sockets, action);
	}
	while (r->spray.left && may_send(all, now)) {
		if (next_of_burst(node, r, &action->datagram, now))
			return ACTION_SEND;
	}
	return ACTION_NONE;
}

/* -- what is left of it ---------------------------------------------------- */

static bool is_way_of(const struct reach *r, uint16_t via)
{
	const struct checklist *l = &r->agent.list;

	if (r->peer->path.via == via)
		return true;
	for (size_t i = 0; i < PAIRS_MAX; i++) {
		if (l->pairs[i].state == PAIR_VALID && l->locals[l->pairs[i].local].base.via == via)
			return true;
	}
	return false;
}

static bool is_in_use(const struct signalling *s, uint16_t via)
{
	list_for_each(struct reach, r, &s->reaches, link) {
		if (is_way_of(r, via))
			return true;
	}
	return false;
}

static void close_unused(struct node *node)
{
	struct signalling *s = &node->signalling;

	s->sprayer.vias_len = 0;
	for (uint16_t via = 1; via <= NODE_SOCKETS_MAX; via++) {
		if (s->sockets.by_via[via].state == SOCKET_FREE || s->sockets.by_via[via].is_kept ||
		    is_in_use(s, via))
			continue;
		list_for_each(struct reach, r, &s->reaches, link)
			reach_disown(r, via);
		sockets_release(&s->sockets, via);
	}
}

static void sweep(struct node *node, msec now)
{
	const struct signalling *s = &node->signalling;
	struct sprayer *all = &node->signalling.sprayer;

	if (now < all->sweep_due)
		return;
	all->sweep_due = NEVER;
	if (s->sockets.used == s->sockets.kept)
		return;
	if (now - all->wanted >= SPRAY_SWEEP)
		close_unused(node);
	all->sweep_due = now + SPRAY_SWEEP;
}

enum action_kind spray_poll(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	enum action_kind kind = sockets_poll(&s->sockets, action);

	sweep(node, now);
	list_for_each(struct reach, r, &s->reaches, link) {
		if (kind != ACTION_NONE)
			break;
		if (s->sprayer.rate && wants(r, now))
			kind = poll_burst(node, r, action, now);
	}
	return kind;
}

msec spray_due(const struct node *node, msec now)
{
	const struct signalling *s = &node->signalling;
	struct bucket_limit limit = {s->sprayer.rate, BURST_AT_ONCE};
	msec due = s->sprayer.sweep_due;

	if (s->sockets.owed)
		return now;
	list_for_each(struct reach, r, &s->reaches, link) {
		if (!s->sprayer.rate || !wants(r, now))
			continue;
		due = msec_min(due, r->spray.left ? bucket_due(&s->sprayer.sends, &limit, now)
						  : r->spray.due);
	}
	return due;
}
