/* fuzz_token.c -- any text as a token, and any content in a token that is sealed well.
 *
 * What begins with 'S' is the sealed content of a token from a peer; the rest is
 * text. In text, "@" stands for a good token, so that one with a flaw is near.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "signal/mailbox.h"
#include "signal/token.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW	UINT64_C(1700000000000)

static struct rng rng;
static struct noise_x_self me, peer;
static struct noise_x_peer to_me, from_peer;
static char good[TOKEN_TEXT];
static size_t good_len;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct noise_x_self draw(void)
{
	struct noise_x_self self;
	uint8_t key[KEY_LEN];

	key_generate(key, &rng);
	noise_x_self_init(&self, key);
	return self;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t none[KEY_LEN], desc[100] = {1};

	(void)argc;
	(void)argv;
	must(crypto_init());
	rng_seed(&rng, 1);
	me = draw();
	peer = draw();
	must(noise_x_peer_init(&to_me, &peer, me.public_key, none));
	must(noise_x_peer_init(&from_peer, &me, peer.public_key, none));
	good_len = token_write(good, &peer, &to_me, bytes_of(desc, sizeof(desc)), NOW + 1, 1, &rng);
	must(good_len);
	return 0;
}

static void try_content(const uint8_t *data, size_t size)
{
	struct token_memory memory = {0};
	uint8_t mailbox[MAILBOX_LEN] = {0}, sender[KEY_LEN];
	struct token token;
	struct desc d;
	uint64_t expires;

	token.len = seal_envelope(token.envelope, mailbox, &peer, &to_me, bytes_of(data, size), &rng);
	if (!token.len)
		return;
	must(token_sender(sender, &token, &me) == TOKEN_OK);
	must(key_equal(sender, peer.public_key));
	if (token_open(&d, &expires, &memory, &token, &me, &from_peer, NOW) != TOKEN_OK)
		return;
	must(expires > NOW && d.time_ms);
	must(token_open(&d, &expires, &memory, &token, &me, &from_peer, NOW) == TOKEN_USED);
}

static void try_text(const char *text, size_t len)
{
	struct token token;

	if (token_read(&token, text, len) == TOKEN_OK)
		must(token.len <= ENVELOPE_MAX);
}

/* The text with the good token in place of each "@". */
static void try_expanded(const uint8_t *data, size_t size)
{
	static char text[4 * TOKEN_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < size && len + good_len < sizeof(text); i++) {
		if (data[i] == '@') {
			memcpy(text + len, good, good_len);
			len += good_len;
		} else {
			text[len++] = (char)data[i];
		}
	}
	try_text(text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 'S') {
		try_content(data + 1, size - 1);
		return 0;
	}
	try_text((const char *)data, size);
	try_expanded(data, size);
	return 0;
}
