/* turns_fate.c -- what becomes of a way to a TURN server, and who is told.
 *
 *   it is up          the others of its round end; the peers are told of the relayed address
 *   it fails          the next of its round has its turn; after the last the server rests
 *   it was up, is not the peers are told; again at once, unless that happens again and again
 */
#include <stdio.h>

#include "node/brain.h"
#include "node/turns_facts.h"

static const char *problem_of(const struct turns_server *s)
{
	if (s->stream_closed)
		return node_stream_end_text(s->why);
	if (s->failure.kind == TURN_NO_FAILURE && s->no_address)
		return "its name has no address";
	return turn_failure_text(&s->failure);
}

static void tell(struct node *node, const struct turns_server *s, enum event_kind kind, msec now)
{
	struct event e = {.at = now, .kind = kind, .text = s->problem};

	if (s->used) {
		e.way.transport = s->used->transport;
		e.seen = s->used->allocation.relayed;
	}
	snprintf(e.way.relay, sizeof(e.way.relay), "%s", s->name);
	events_add(&node->events, &e);
}

static struct turns_server *server_of(struct turns *t, const struct turn_link *l)
{
	return l->server == NO_INDEX ? NULL : &t->servers[l->server];
}

static void show_candidate(struct node *node, const struct turn_link *l,
			   const struct gathered_turn *turn, msec now)
{
	if (gather_set_turn(&node->signalling.gather, l->via, turn))
		signalling_tell(node, now);
}

/* Nothing is sent there any more. */
void turns_give_back(struct node *node, struct turn_link *l, msec now)
{
	struct turns_server *s = server_of(&node->signalling.turns, l);

	if (s && s->used == l)
		s->used = NULL;
	show_candidate(node, l, &(struct gathered_turn){0}, now);
	turn_link_stop(l, now);
}

/* What else was tried in this round is too late; the one before, whose credential is about to
 * run out, stays for a moment. */
void turns_link_is_up(struct node *node, struct turn_link *l, msec now)
{
	struct turns *t = &node->signalling.turns;
	struct turns_server *s = server_of(t, l);
	const struct gathered_turn turn = {
		.base = {.at = l->allocation.relayed, .via = l->via},
		.mapped = l->allocation.mapped,
		.server = l->at.ip,
		.is_stream = l->transport != PATH_UDP,
	};
	struct turn_link *other;

	if (!s)
		return;
	if (s->used)
		s->used->retires = now + TURNS_HANDOVER;
	s->used = l;
	s->stream_at = NEVER;
	s->has_worked = true;
	s->problem = NULL;
	s->failure = (struct turn_failure){0};
	while ((other = turns_find_trying(t, s)))
		turn_link_stop(other, now);
	tell(node, s, EVENT_TURN_UP, now);
	show_candidate(node, l, &turn, now);
}

static bool is_answer(enum turn_failure_kind kind)
{
	return kind == TURN_REFUSED || kind == TURN_DENIED || kind == TURN_UNSIGNED;
}

/* An answer of the server's tells more than silence. */
static void keep_failure(struct turns_server *s, const struct turn_link *l)
{
	if (is_answer(s->failure.kind))
		return;
	s->failure = l->allocation.failure;
	s->stream_closed = l->stream_closed;
	s->why = l->why;
}

/* All ways of this round have failed. */
static void round_failed(struct node *node, struct turns_server *s, msec now)
{
	turns_rest(node, s, now);
	s->problem = problem_of(s);
	if (is_answer(s->failure.kind))
		s->retry_at = s->failure.retry_at;
	if (s->retry_at == NEVER && s->has_worked)
		s->retry_at = now + TURNS_RETRY_MAX;	/* what was good once may be again */
	if (s->failures == 1 || s->retry_at == NEVER)
		tell(node, s, s->retry_at == NEVER ? EVENT_TURN_REFUSED : EVENT_TURN_FAILED, now);
}

static void link_failed(struct node *node, struct turns_server *s, const struct turn_link *l,
			msec now)
{
	bool lacks_ipv4 = l->allocation.failure.error == STUN_FAMILY_NOT_SUPPORTED;

	if (lacks_ipv4 && !s->no_ipv4)
		s->no_ipv4 = true;		/* and again at once */
	else if (s->stream_at != NEVER)
		s->stream_at = now;
	else if (!turns_is_trying(&node->signalling.turns, s))
		round_failed(node, s, now);
}

static void link_was_lost(struct node *node, struct turns_server *s, const struct turn_link *l,
			  msec now)
{
	if (now - l->up_since >= TURNS_STEADY)
		s->failures = 0;
	s->retry_at = now + turns_wait_after(s, node->shared.rng);
	s->failures++;
	s->problem = problem_of(s);
	tell(node, s, EVENT_TURN_LOST, now);
}

void turns_link_is_over(struct node *node, unsigned number, msec now)
{
	struct turns *t = &node->signalling.turns;
	struct turn_link *l = t->links[number];
	struct turns_server *s = l->is_stopped ? NULL : server_of(t, l);
	bool was_used = s && s->used == l;

	if (!l->is_stopped)
		turns_give_back(node, l, now);
	if (s)
		keep_failure(s, l);
	if (was_used)
		link_was_lost(node, s, l, now);
	else if (s && l->up_since == NEVER)
		link_failed(node, s, l, now);
	turns_free_link(node, number);
	node->signalling.touched = true;
}
