/* rig.h -- one agent, and a peer whose every byte the test writes itself.
 *
 *   agent, base 10.0.0.1:5000  <-- rig_feed ---   peer 192.0.2.1:6000, "PEER", its password
 *                              --- rig_next -->
 */
#ifndef TESTS_ICE_RIG_H
#define TESTS_ICE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ice/agent.h"
#include "stun/integrity.h"

#define PEER_UFRAG "PEER"
#define PEER_PWD "peerpasswordpeerpassword"

enum { RIG_BYTES = 1024 };

struct rig {
	struct ice_agent agent;
	struct ice_pacer pacer;
	struct rng rng;
	msec now;
	struct ice_base base;
	struct endpoint peer;
	struct ice_action action;	/* the last one that rig_next() got */
	struct endpoint asked;		/* where the last ICE_SEND went */
	uint8_t sent[RIG_BYTES];	/* its datagram, if it was ICE_SEND */
	struct stun_msg msg;		/* and what that says */
};

/* What a message of the peer's is made of; zeroed is a good request. */
struct forged {
	enum stun_class class;
	uint16_t method;		/* 0: Binding */
	const char *username;		/* NULL: "ours:PEER"; "": none */
	const char *pwd;		/* NULL: ours; "": no integrity */
	const uint8_t *id;		/* NULL: drawn */
	unsigned error;
	uint16_t unknown;		/* an attribute of that type */
	uint64_t controlling, controlled;	/* tie-breakers; 0: not there */
	const struct endpoint *mapped;
	bool no_priority, no_fingerprint, bad_fingerprint, use_candidate, short_role;
};

int rig_prepare(void **state);		/* for a group of tests */

/* With one host candidate, tie-breaker 1000, at time 1000. */
void rig_init(struct rig *r, bool controlling);
/* With the peer's credentials; and with one candidate, at peer. */
void rig_meet(struct rig *r);
void rig_add_remote(struct rig *r, const char *at, enum candidate_type type);
/* And the pair to it works; and has been nominated, so that there is nothing more to do. */
void rig_connect(struct rig *r);
void rig_settle(struct rig *r);

struct endpoint rig_endpoint(const char *text);
struct bytes rig_text(const char *s);

struct bytes rig_forge(struct rig *r, const struct forged *f, uint8_t out[static RIG_BYTES]);
enum ice_verdict rig_feed(struct rig *r, const struct forged *f);	/* from the peer */
enum ice_verdict rig_feed_from(struct rig *r, const char *from, const struct forged *f);
/* The right answer to what was sent last, seen as coming from `mapped`; NULL: from base. */
enum ice_verdict rig_answer(struct rig *r, const char *mapped);
/* The same answer from another source. */
enum ice_verdict rig_answer_from(struct rig *r, const char *from);

/* Tick, and the next action now. */
enum ice_action_kind rig_next(struct rig *r);
/* The next action of this kind, others left out, up to this time; false: none. */
bool rig_until(struct rig *r, enum ice_action_kind kind, msec deadline);
bool rig_until_request(struct rig *r, msec deadline);
/* Everything up to this time; returns how many requests were sent. */
unsigned rig_run(struct rig *r, msec until);

#endif
