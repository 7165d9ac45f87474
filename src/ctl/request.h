/* request.h -- what the command line and the daemon say to each other.
 *
 * One request is one line of JSON over a UNIX stream socket, and so is each
 * reply; then the daemon closes, except for verbs that stream.
 *
 *   --> {"verb":"status"}
 *   <-- {"ok":true,"schema":1,"net":"home",...}
 *   --> {"verb":"log","level":"debug"}
 *   <-- {"ok":false,"code":4,"error":"log: only root and the group p2pnet may change this; try sudo"}
 *
 * verb      arguments              who        reply beyond ok
 * status    -                      all        the report, see report.h
 * reload    -                      root/group warnings: [string]
 * down      -                      root/group - (sent as the daemon begins to stop)
 * log       level (optional)       all/group  level: the one in force; setting it is a change
 * wait      seconds                all        - , or code 7 if not every peer with an endpoint
 *                                             has a session by then; starts their handshakes
 * ping      peer, seconds          all        the peer's part of the report, in which path and
 *                                             rtt_ms (with a fraction) are those of this one ping;
 *                                             answered: bool; why: a sentence if it was not
 * explain   peer                   all        all that is known of the way to it: see io/explain.h
 * offer     peer, seconds          root/group token: a line of text; name, expires, expires_s; complete:
 *                                             false while others are asked how they see us: a later
 *                                             one says more. seconds: so long is it good for
 * accept    token                  root/group name, public_key, expires_s; token: the answer, or null if
 *                                             the peer needs none
 * events    peer, since_ms, follow all        events: [event], see io/events.h. since_ms: 1970 began so
 *           (all optional)                    long before. With follow: true more such replies come, as
 *                                             things happen; who does not keep up gets code 1
 *
 * `code` is the exit code of the command line (EXIT_* below).
 */
#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3,
	EXIT_PERMISSION = 4,
	EXIT_CONFIG = 5,
	EXIT_UNKNOWN = 6,		/* no such peer or net */
	EXIT_TIMEOUT = 7,
};

enum { CTL_LINE_MAX = 4096 };		/* a request; replies have no limit */

enum ctl_verb {
	CTL_STATUS, CTL_RELOAD, CTL_DOWN, CTL_LOG, CTL_WAIT, CTL_PING, CTL_EXPLAIN, CTL_EVENTS,
	CTL_OFFER, CTL_ACCEPT, CTL_VERBS
};

enum {
	CTL_PEER_MAX = 128,		/* a name, a key or an address */
	CTL_TOKEN_MAX = 2048,		/* more than the longest has, so that the daemon sees what is too much */
};

struct ctl_request {
	enum ctl_verb verb;
	char level[16];			/* log: "" asks */
	unsigned seconds;		/* wait, ping, offer */
	char peer[CTL_PEER_MAX];	/* ping, explain; events: "" are all */
	uint64_t since_ms;		/* events; 0: from the first on */
	bool follow;			/* events */
	char token[CTL_TOKEN_MAX];	/* accept */
};

const char *ctl_verb_name(enum ctl_verb verb);
/* May somebody who is neither root nor in the group ask this? */
bool ctl_changes(const struct ctl_request *request);

/* The text is malloc'ed and ends with a newline. NULL: no memory. */
char *ctl_request_encode(const struct ctl_request *request);
/* False with a sentence in error: no JSON, an unknown verb, a wrong argument, an unknown key. */
bool ctl_request_decode(struct ctl_request *out, const char *line, size_t len,
			char error[static 256]);

json_t *ctl_ok(void);						/* {"ok":true} to add to */
json_t *ctl_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *ctl_reply_encode(const json_t *reply);			/* one line, malloc'ed */

#endif
