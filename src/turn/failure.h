/* failure.h -- why there is no allocation, and when it is worth asking again. */
#ifndef TURN_FAILURE_H
#define TURN_FAILURE_H

#include "base/msec.h"

enum turn_failure_kind {
	TURN_NO_FAILURE,
	TURN_SILENT,			/* nobody answers */
	TURN_UNSIGNED,			/* the answers are not signed with our password */
	TURN_DENIED,			/* 401 in spite of the credential, or 441 */
	TURN_REFUSED,			/* `error` */
	TURN_ODD,			/* the answer is against the rules */
	TURN_LOST,			/* it was there: the server has forgotten it, or its time is over */
	TURN_NO_PORT,			/* the owner has none to change to */
};

struct turn_failure {
	enum turn_failure_kind kind;
	unsigned error;			/* of TURN_REFUSED and TURN_DENIED; 0: none was named */
	msec retry_at;			/* not before; NEVER: not with these settings */
};

/* What an error response to Allocate means (RFC 8656 sections 7.4 and 19). */
struct turn_failure turn_failure_of(unsigned error, msec now);
struct turn_failure turn_failure_make(enum turn_failure_kind kind, msec now);

/* "it does not take the user name or the password" */
const char *turn_failure_text(const struct turn_failure *f);

#endif
