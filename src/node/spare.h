/* spare.h -- memory that handshakes need: keypairs to take, room in the table of indices.
 *
 * It is there before a handshake message is worked on, so that wg/ allocates
 * nothing, and it is given back when nobody needs it any more.
 */
#ifndef NODE_SPARE_H
#define NODE_SPARE_H

#include "wg/session.h"

enum {
	SPARE_KEYPAIRS = 8,		/* free ones that are kept; more are given back */
	SPARE_INDICES = 4,		/* more than one handshake takes */
};

bool spare_init(struct session_shared *shared);		/* false: no memory */
void spare_deinit(struct session_shared *shared);	/* all sessions are gone */

/* A keypair and some indices, before a handshake is worked on. False: no memory. */
bool spare_top_up(struct session_shared *shared);
void spare_trim(struct session_shared *shared);

#endif
