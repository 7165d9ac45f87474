/* turns_facts.h -- what the files of the TURN servers tell each other.
 *
 *   turns.c        all of them: whether they are wanted, time, datagrams, settings
 *   turns_ask.c    one: when it is asked, where, and by what
 *   turns_fate.c   a way to it: up, failed, lost
 */
#ifndef NODE_TURNS_FACTS_H
#define NODE_TURNS_FACTS_H

#include "node/turns.h"

/* A reach that a relay would help, or does. */
bool turns_are_wanted(const struct node *node, msec now);
bool turns_is_called(const struct turns_server *s, const char *host, uint16_t port);
void turns_free_link(struct node *node, unsigned number);

/* -- turns_ask.c ------------------------------------------------------------ */

/* Its way that is not up yet, and not on its way out; NULL: none. */
struct turn_link *turns_find_trying(const struct turns *t, const struct turns_server *s);
bool turns_is_trying(const struct turns *t, const struct turns_server *s);
bool turns_may_begin(const struct node *node, const struct turns_server *s, msec now);
void turns_attend_server(struct node *node, struct turns_server *s, msec now);
msec turns_server_due(const struct node *node, const struct turns_server *s, bool wanted);
enum action_kind turns_poll_names(struct turns *t, struct action *action);

/* After so many failures: 0, 2, 4 .. 60 s, and up to a tenth less. */
msec turns_wait_after(const struct turns_server *s, struct rng *rng);
void turns_rest(struct node *node, struct turns_server *s, msec now);	/* one more */

/* -- turns_fate.c ----------------------------------------------------------- */

void turns_link_is_up(struct node *node, struct turn_link *l, msec now);
void turns_link_is_over(struct node *node, unsigned number, msec now);	/* and freed */
/* Nothing is sent there any more. */
void turns_give_back(struct node *node, struct turn_link *l, msec now);

#endif
