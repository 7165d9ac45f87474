/* control.h -- the control socket: who asks, may they, and the answer.
 *
 *             .--- 5 s ---.
 *   accept --> READING --line--> may they? --answer---> REPLYING --> closed
 *                                    |                     ^
 *                                    |-- wait ---> WAITING-+  connected, or too late
 *                                    |-- ping ---> PINGING-'  answered, or too late
 *                                    '-- events -> FOLLOWING -- a reply whenever something happens
 *
 * Everybody on the host may read; changes are for root, the user that the
 * daemon runs as, and the group p2pnet, as the kernel says who they are
 * (SO_PEERCRED, SO_PEERGROUPS). At most CONNECTIONS_MAX at a time, of which
 * strangers get STRANGERS_MAX, so that they cannot keep root out. Who follows has
 * one reply on the way at a time, and is sent away if it is not taken in 5 s.
 */
#ifndef IO_CONTROL_H
#define IO_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "ctl/request.h"

enum {
	CONTROL_CONNECTIONS_MAX = 16,
	CONTROL_STRANGERS_MAX = 12,
	CONTROL_PATIENCE = 5000,	/* msec to say something, and to take the reply */
};

#define CONTROL_GROUP "p2pnet"

struct control;

struct control_hooks {
	void *context;
	/* All verbs but wait, ping and events. The reply is the callee's to make and ours to free; NULL: no memory. */
	json_t *(*answer)(void *context, const struct ctl_request *request);
	void (*wait_begins)(void *context);
	bool (*is_connected)(void *context);	/* what `wait` waits for */
	/* `ping` begins. True: follow it by *id. False: *reply is all there is to say. */
	bool (*ping_begins)(void *context, const struct ctl_request *request, uint64_t *id,
			    json_t **reply);
	bool (*is_answered)(void *context, uint64_t id);
	json_t *(*ping_reply)(void *context, uint64_t id);	/* answered or not; NULL: no memory */
	void (*ping_ends)(void *context, uint64_t id);
	/* `events`: what happened from *next on (0: at first), and where to go on then. False:
	 * nothing yet. *last: that was all there will ever be to say. */
	bool (*events)(void *context, const struct ctl_request *request, uint64_t *next,
		       json_t **reply, bool *last);
	void (*stop)(void *context);		/* the reply to `down` is out */
	void (*all_left)(void *context);	/* nobody is connected any more */
};

/* Bind the socket (what a dead daemon left there is replaced: the caller holds the net's lock).
 * 0, or -errno with a sentence in error. */
int control_open(struct control **out, uv_loop_t *loop, const char *path,
		 const struct control_hooks *hooks, char error[static 512]);

/* The file is gone at once, the memory when the loop has run. NULL is fine. */
void control_close(struct control *control);

/* Something may have changed: answer those who wait if they need not any more. */
void control_check(struct control *control);
bool control_has_waiting(const struct control *control);	/* for all to be connected */

#endif
