/* verdict.h -- what a session says of a message, as the counter that it belongs to. */
#ifndef NODE_VERDICT_H
#define NODE_VERDICT_H

#include "node/status.h"
#include "wg/session.h"

/* Not SESSION_OK. */
enum node_counter verdict_on_data(enum session_verdict verdict);
enum node_counter verdict_on_handshake(enum session_verdict verdict);

#endif
