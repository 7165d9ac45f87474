/* credential.h -- a user name and password for a limited time, made from a shared secret.
 *
 *   user      1767225600:laptop          until when (Unix time), and who
 *   password  base64(HMAC-SHA1(secret, user))
 *
 * "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest): the server keeps
 * no list of users. One allocation keeps its credential for life (RFC 8656 section 5), so
 * for a new one there is a new allocation.
 */
#ifndef TURN_CREDENTIAL_H
#define TURN_CREDENTIAL_H

#include <stdint.h>

#include "base/bytes.h"

enum {
	TURN_USER_MAX = 508,		/* bytes, RFC 8489 section 14.3 */
	TURN_PASSWORD_TEXT = 29,
};

struct turn_credential {
	char user[TURN_USER_MAX + 1];
	char password[TURN_PASSWORD_TEXT];
};

/* False: the name is too long. Wipe it when it is not needed any more. */
bool turn_credential_make(struct turn_credential *c, struct bytes secret, const char *name,
			  uint64_t expiry);

#endif
