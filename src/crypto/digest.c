/* digest.c -- MD5, SHA-1 and SHA-256, for protocols that name them.
 *
 * Fetching an algorithm costs more than hashing a packet, so each has a context
 * that is kept; EVP_DigestInit_ex2() begins anew in it. What a context knew of
 * its input is gone at the end, so no key stays behind in one.
 */
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"

enum {
	BLOCK_LEN = 64,			/* of all three */
	DIGEST_MAX = SHA256_LEN,
};

struct digest {
	const char *name;
	size_t len;
	EVP_MD_CTX *ctx;
};

static struct digest digest_md5 = {"MD5", MD5_LEN, NULL};
static struct digest digest_sha1 = {"SHA1", SHA1_LEN, NULL};
static struct digest digest_sha256 = {"SHA256", SHA256_LEN, NULL};

static bool prepare(struct digest *d)
{
	EVP_MD *md;

	if (d->ctx)
		return true;
	md = EVP_MD_fetch(NULL, d->name, NULL);
	d->ctx = EVP_MD_CTX_new();
	if (!md || !d->ctx || EVP_DigestInit_ex2(d->ctx, md, NULL) != 1) {
		EVP_MD_CTX_free(d->ctx);
		d->ctx = NULL;
	}
	EVP_MD_free(md);		/* the context holds on to it */
	return d->ctx != NULL;
}

bool digest_init(void)
{
	return prepare(&digest_md5) && prepare(&digest_sha1) && prepare(&digest_sha256);
}

/* As in hash.c: nobody can go on without a hash, so rather stop. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

static void begin(struct digest *d)
{
	must(EVP_DigestInit_ex2(d->ctx, NULL, NULL) == 1);
}

static void add(struct digest *d, const struct bytes *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		must(parts[i].len == 0 ||
		     EVP_DigestUpdate(d->ctx, parts[i].data, parts[i].len) == 1);
}

static void end(struct digest *d, uint8_t *out)
{
	must(EVP_DigestFinal_ex(d->ctx, out, NULL) == 1);
}

static void whole(struct digest *d, uint8_t *out, const struct bytes *parts, size_t n)
{
	begin(d);
	add(d, parts, n);
	end(d, out);
}

void md5(uint8_t out[static MD5_LEN], const struct bytes *parts, size_t n)
{
	whole(&digest_md5, out, parts, n);
}

void sha256(uint8_t out[static SHA256_LEN], const struct bytes *parts, size_t n)
{
	whole(&digest_sha256, out, parts, n);
}

static void xor_block(uint8_t block[static BLOCK_LEN], uint8_t with)
{
	for (int i = 0; i < BLOCK_LEN; i++)
		block[i] ^= with;
}

/* RFC 2104: H(K ^ opad || H(K ^ ipad || input)) */
static void hmac(struct digest *d, uint8_t *out, struct bytes key, const struct bytes *parts,
		 size_t n)
{
	uint8_t block[BLOCK_LEN] = {0};
	uint8_t inner[DIGEST_MAX];
	const struct bytes outer[] = {bytes_of(block, sizeof(block)), bytes_of(inner, d->len)};

	if (key.len > sizeof(block))
		whole(d, block, &key, 1);
	else if (key.len)
		memcpy(block, key.data, key.len);
	xor_block(block, 0x36);
	begin(d);
	add(d, outer, 1);
	add(d, parts, n);
	end(d, inner);
	xor_block(block, 0x36 ^ 0x5c);
	whole(d, out, outer, 2);
	wipe(block, sizeof(block));
	wipe(inner, sizeof(inner));
}

void hmac_sha1(uint8_t out[static SHA1_LEN], struct bytes key, const struct bytes *parts, size_t n)
{
	hmac(&digest_sha1, out, key, parts, n);
}

void hmac_sha256(uint8_t out[static SHA256_LEN], struct bytes key, const struct bytes *parts,
		 size_t n)
{
	hmac(&digest_sha256, out, key, parts, n);
}
