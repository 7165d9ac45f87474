/* credential.c -- a user name and password for a limited time, made from a shared secret. */
#include "turn/credential.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/key.h"

_Static_assert(TURN_PASSWORD_TEXT == BASE64_TEXT(SHA1_LEN), "it is a whole HMAC");

bool turn_credential_make(struct turn_credential *c, struct bytes secret, const char *name,
			  uint64_t expiry)
{
	int len = snprintf(c->user, sizeof(c->user), "%" PRIu64 ":%s", expiry, name);
	struct bytes user = bytes_of(c->user, (size_t)len);
	uint8_t mac[SHA1_LEN];

	if (len > TURN_USER_MAX)
		return false;
	hmac_sha1(mac, secret, &user, 1);
	base64_write(c->password, mac, sizeof(mac));
	wipe(mac, sizeof(mac));
	return true;
}
