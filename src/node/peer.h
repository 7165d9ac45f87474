/* peer.h -- one configured peer: its session, its path, what waits for it.
 *
 * A silent peer is this struct and its settings, less than a kilobyte, and no timer.
 *
 * Whom to send to (paper, section 2.1): the source of the last authenticated
 * message, else the configured endpoint. A name is looked up when it is first
 * needed, and again when nobody answers where it led; then the address after the
 * one that did not answer is tried.
 */
#ifndef NODE_PEER_H
#define NODE_PEER_H

#include "base/heap.h"
#include "base/list.h"
#include "base/log.h"
#include "node/cipher.h"
#include "node/events.h"
#include "node/node.h"
#include "node/queue.h"
#include "node/status.h"
#include "signal/bucket.h"
#include "signal/relay.h"
#include "wg/session.h"

struct reach;
struct introducer;
struct known;
struct rendezvous_link;

enum {
	RESOLVE_AGAIN_AFTER = 2,	/* unanswered initiations, then the name is asked for again, and
					   the endpoint and the last source take turns */
	RESOLVE_PAUSE = 30 * 1000,	/* msec between two questions for one name that has an address */
	RESOLVE_RETRY = 5 * 1000,	/* msec after an answer that there is none; doubles each time */
	RESOLVE_RETRY_MAX = 60 * 1000,
	MOVES_PER_SECOND = 1,		/* that are told; who is on the way can bring them about, */
	MOVES_BURST = 10,		/* and this is how many at once */
};

/* The peer's settings, copied: one allocation. */
struct peer_settings {
	char *name;
	struct cidr *allowed_ips;
	size_t allowed_ips_len;
	char *endpoint_host;	/* NULL: none */
	uint16_t endpoint_port;
	uint32_t keepalive;
	enum node_peer_path path;
	enum node_cipher cipher;
};

struct peer {
	struct session session;
	struct events *events;		/* the node's: what happens to the peer goes there */
	struct heap_node timer;		/* in node->timers */
	struct list owing;		/* in node->owing while it may owe something */
	struct path path;		/* remote.ip.family IP_NONE: unknown */
	struct endpoint configured;	/* where the endpoint of the settings led last, or none */
	struct endpoint left;		/* the source that was given up for it, or none */
	struct queue queue;
	struct peer_settings *settings;
	msec resolve_after;		/* not to be asked for again before */
	struct reach *reach;		/* how it is looked for and kept; NULL: no need */
	struct introducer *introducer;	/* it passes our signalling on; NULL: it does not */
	struct known *known;		/* where it was; NULL: it never was connected */
	struct rendezvous_link *link;	/* it is a rendezvous; NULL: a peer indeed */
	uint64_t signal_heard_ms;	/* see exchange_init() */
	msec heard_by_udp;		/* NEVER: not yet */
	struct cipher_facts cipher;	/* as was told last, and what is to be explained */
	struct bucket pongs;		/* that we still owe it */
	struct bucket moves;		/* of its address, which are told */
	unsigned unresolved;		/* answers in a row that the name has no address */
	unsigned unanswered;		/* initiations sent since the peer was last heard */
	uint32_t seat;			/* its place in the roster */
	uint32_t tag_day;		/* that the tag is for, if it has one */
	uint8_t tag[RELAY_TAG];		/* see mailboxes_tag() */
	bool has_tag;
	bool is_client;			/* it has registered its mailboxes here */
	bool was_connected;		/* as was told last */
	bool udp_answers;		/* its endpoint, to which TCP leads now: see transport.h */
	bool wants_resolve;
	bool resolving;			/* asked for, no answer yet */
	bool eager;			/* a session is wanted though no packet waits: see peer_call_if_found() */
};

struct peer_settings *peer_settings_new(const struct node_peer_settings *from);	/* NULL: no memory */
void peer_settings_free(struct peer_settings *settings);

/* Takes `settings`, and `link` (NULL for a peer indeed), if it succeeds. NULL: no memory, or
 * a public key that cannot be (*bad_key tells which). */
struct peer *peer_new(struct session_shared *shared, struct events *events,
		      const struct node_peer_settings *from, struct peer_settings *settings,
		      struct rendezvous_link *link, bool *bad_key);
void peer_free(struct peer *peer);

/* Look for it no more. It keeps its path. */
void peer_drop_reach(struct peer *peer);

/* Takes the new settings, and what has changed into force. */
void peer_configure(struct peer *peer, struct peer_settings *settings,
		    const uint8_t psk[static KEY_LEN], msec now);

bool peer_has_path(const struct peer *peer);
bool peer_is_endpoint(const struct peer *peer, const struct endpoint *remote);

/* Do its settings allow that way? */
bool peer_allows(const struct peer *peer, const struct path *path);

/* A key and a way: what is said now leaves now. */
bool peer_may_send(const struct peer *peer, msec now);

/* Its handshake waits for a way that answers (reach_hold). */
bool peer_is_held(const struct peer *peer, msec now);

/* There is something to say to the peer: make it able to. False: no key, no path
 * and no name to look for one: only the peer can begin. */
bool peer_connect(struct peer *peer, msec now);

/* A way was found, and nobody but us wants to use it: call, once. */
void peer_call_if_found(struct peer *peer, msec now);

/* An authenticated message came by this path: answer there from now on. */
void peer_heard(struct peer *peer, const struct path *path, msec now);

/* Is this its endpoint in the settings? */
bool peer_is_named(const struct peer *peer, const char *host, uint16_t port);

/* The name was looked up; n = 0: without success. What waited for it begins, or is given
 * up: returns how many packets were dropped. An answer to a question that the peer does
 * not ask any more is ignored. */
unsigned peer_resolved(struct peer *peer, const struct endpoint *endpoints, size_t n, msec now);

/* An initiation was sent. If nobody answered the ones before, the name is asked for again. */
void peer_initiated(struct peer *peer, msec now);

/* The session's deadline and the end of its keys; without a path when to ask for the name again. */
msec peer_due(const struct peer *peer);
void peer_tick(struct peer *peer, msec now);

/* What happened to it, for the log and for who asks. */
void peer_tell(const struct peer *peer, enum event_kind kind, enum event_reason reason, msec now);
/* How it sees us. */
void peer_tell_seen(const struct peer *peer, const struct endpoint *seen, msec now);
/* Why there is no connection to it. */
void peer_tell_stream(const struct peer *peer, enum node_stream_end why, msec now);
/* Of its cipher suites. */
void peer_tell_cipher(const struct peer *peer, enum event_kind kind, enum aead_suite suite, msec now);
/* Whether it is connected, if that is not as it was. */
void peer_tell_session(struct peer *peer, msec now);

enum peer_state peer_state(const struct peer *peer, msec now);
void peer_path_status(const struct peer *peer, struct path_status *out);

#endif
