/* survey.h -- how others see our listen port, asked by STUN.
 *
 *   STUN servers of the settings --name--> address --.
 *   introducers that we are connected to -------------+-- Binding request --> answer --> gather.h
 *   the other port that one of these names -----------'
 *
 * Only while a peer is looked for: at its start, then every SURVEY_AGAIN; and for
 * who has found its peers when all may be different: other addresses, a sleep, a
 * peer that fell silent. A node that looks for nobody asks nobody; but who is reached by TCP at
 * its endpoint is asked each minute whether UDP works by now (transport.h).
 *
 * That other port (RFC 5780, OTHER-ADDRESS) is asked at the server's own address
 * only, as answers are not authenticated: nobody makes us send to a third party.
 * If it sees another port of ours than the first, our NAT is a hard one (mapping.h),
 * and a single introducer is enough to know it.
 */
#ifndef NODE_SURVEY_H
#define NODE_SURVEY_H

#include "node/node.h"
#include "stun/binding.h"

struct peer;

enum {
	SURVEY_AGAIN = 20 * 1000,	/* msec; the shortest-lived mappings last 30 s */
	SURVEY_SETTLE = 5 * 1000,	/* msec, by which all have answered that will */
	SURVEY_TELL = 50,		/* msec after the first news, to tell it with what follows it */
	SURVEY_NAMES_AGE = 300 * 1000,	/* msec until a name is looked up again */
	SURVEY_NAMES_RETRY = 30 * 1000,	/* msec, if there was no address */
};

struct survey_server {
	char host[NODE_HOST_MAX];
	uint16_t port;
	struct endpoint at4, at6;	/* family IP_NONE: none is known */
	msec look_up_after;
	bool wants_look_up;
	bool is_looked_up;		/* and there is no answer yet */
};

struct survey {
	struct survey_server servers[NODE_STUN_MAX];
	size_t servers_len;
	struct binding first, others;	/* servers and introducers; the other ports of these */
	msec next;			/* not before, without a reason to doubt */
	msec doubted;			/* since then all may be different; NEVER: no */
	msec outdated;			/* what was seen before is forgotten at settle_due */
	msec settle_due;		/* NEVER: nothing is to be forgotten */
	msec tell;			/* our candidates to the peers; NEVER: no news */
};

void survey_init(struct survey *s);
/* Those that are in it already keep their addresses. */
void survey_set_servers(struct survey *s, const struct node_stun_server *servers, size_t n);

void survey_doubt(struct survey *s, msec now);
/* Our candidates have changed: the peers shall be told soon. */
void survey_tell(struct survey *s, msec now);
/* It introduces us, and the way to it shows how we look from outside: it leads through no relay. */
bool survey_may_ask(const struct peer *peer);
/* An introducer has just told us that we are connected. */
void survey_meet(struct node *node, const struct peer *introducer, msec now);
void survey_resolved(struct node *node, const char *host, uint16_t port,
		     const struct endpoint *endpoints, size_t n, msec now);

/* True: the datagram was an answer to one of our questions. */
bool survey_feed(struct node *node, const struct path *path, struct bytes datagram, msec now);
void survey_tick(struct node *node, msec now);
msec survey_due(const struct node *node, msec now);
/* All who are asked have answered, or will not; what they said is among our candidates. */
bool survey_is_settled(const struct node *node, msec now);
enum action_kind survey_poll(struct node *node, struct action *action, msec now);

#endif
