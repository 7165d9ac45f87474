/* session_facts.h -- what session.c does when session_data.c finds out that... */
#ifndef WG_SESSION_FACTS_H
#define WG_SESSION_FACTS_H

#include "wg/session.h"

/* ...so many authenticated bytes came in, or went out, */
void session_heard(struct session *s, size_t len, msec now);
void session_said(struct session *s, size_t len, msec now);

/* ...or the peer has used our next keys: it has them too. */
void session_confirm_next(struct session *s, msec now);

#endif
