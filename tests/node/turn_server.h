/* turn_server.h -- the TURN server of a lab, played by hand: it answers when a test says so.
 *
 * A whole one is in tests/sim/turnbox.h.
 */
#ifndef TESTS_NODE_TURN_SERVER_H
#define TESTS_NODE_TURN_SERVER_H

#include "node/lab.h"
#include "stun/message.h"

/* "user" and "pass" get these from "turn.example". */
extern const struct endpoint turn_server_at;
extern const struct endpoint turn_server_relayed;	/* the address that it gives us, */
extern const struct endpoint turn_server_seen;		/* and ours as it sees it */

unsigned turn_server_requests(const struct lab *lab);
/* There is one. */
const struct mail *turn_server_last(const struct lab *lab, struct stun_msg *msg);

/* The last request is answered: with that error, or as it wishes (0). `user` NULL: not signed. */
void turn_server_answer(struct lab *lab, unsigned error, const char *user, const char *password);
void turn_server_demand(struct lab *lab);		/* a credential */
void turn_server_grant(struct lab *lab);
void turn_server_refuse(struct lab *lab, unsigned error);

#endif
