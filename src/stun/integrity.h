/* integrity.h -- who wrote this message, and is it STUN at all.
 *
 *   MESSAGE-INTEGRITY          HMAC-SHA1 of all before it        RFC 8489 section 14.5
 *   MESSAGE-INTEGRITY-SHA256   HMAC-SHA256 of all before it      section 14.6
 *   FINGERPRINT                CRC-32 of all before it, no key   section 14.7
 *
 * Each is computed with the length in the header reaching up to and including
 * the attribute itself. Put them in that order, after everything else.
 *
 * The key of a short-term credential is the password as it is (section 9.1.1);
 * of a long-term credential it is a hash of user, realm and password (9.2.2).
 * Texts are taken as they are: who lets a person type a password that is not
 * ASCII prepares it first (OpaqueString, RFC 8265).
 */
#ifndef STUN_INTEGRITY_H
#define STUN_INTEGRITY_H

#include "crypto/digest.h"
#include "stun/message.h"

void stun_put_integrity(struct writer *w, struct bytes key);
void stun_put_integrity_sha256(struct writer *w, struct bytes key);
void stun_put_fingerprint(struct writer *w);

/* False: it is missing, has the wrong size (a truncated SHA-256 is refused: the
 * sender must not choose how much of it we check), or was made with another key.
 * Compared in constant time. */
bool stun_check_integrity(const struct stun_msg *msg, struct bytes key);
bool stun_check_integrity_sha256(const struct stun_msg *msg, struct bytes key);
bool stun_check_fingerprint(const struct stun_msg *msg);

/* Wipe the key when it is not needed any more. */
void stun_key_md5(uint8_t out[static MD5_LEN], struct bytes user, struct bytes realm,
		  struct bytes password);
void stun_key_sha256(uint8_t out[static SHA256_LEN], struct bytes user, struct bytes realm,
		     struct bytes password);
/* What USERHASH carries in place of USERNAME (section 14.4). */
void stun_userhash(uint8_t out[static SHA256_LEN], struct bytes user, struct bytes realm);

#endif
