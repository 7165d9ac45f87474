/* fuzz_desc.c -- any bytes as a DESC: taken only in its one form, and the exchange stands.
 *
 * What begins with 2 is tried as an envelope too; the rest as a frame of a session.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "signal/exchange.h"
#include "signal/inband.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rng rng;
static struct exchange_shared shared;
static struct exchange fresh;		/* as it is before each input */

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t none[KEY_LEN];
	struct noise_x_self peer;
	uint8_t key[KEY_LEN];

	(void)argc;
	(void)argv;
	must(crypto_init());
	rng_seed(&rng, 1);
	key_generate(key, &rng);
	exchange_shared_init(&shared, key, 0, &rng);
	exchange_shared_set_clock(&shared, 1700000000000, 19675);
	shared.boot_id = 0x2222222222222222;		/* the corpus acks it */
	key_generate(key, &rng);
	noise_x_self_init(&peer, key);
	must(exchange_init(&fresh, &shared, peer.public_key, none, 0));
	exchange_start(&fresh, 0);
	return 0;
}

static bool has_unknown_fields(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2u + data[i + 1]) {
		if (data[i] > 9)
			return true;
	}
	return false;
}

static void check_form(const struct desc *d, const uint8_t *data, size_t size)
{
	static uint8_t out[1 << 12], twice[1 << 12];
	struct desc again;
	size_t len = desc_encode(out, sizeof(out), d);

	must(len && len <= size);
	must(desc_decode(&again, bytes_of(out, len)));
	must(desc_encode(twice, sizeof(twice), &again) == len && memcmp(out, twice, len) == 0);
	if (!has_unknown_fields(data, size))
		must(len == size && memcmp(out, data, size) == 0);
}

static void check_exchange(const struct desc *d, enum exchange_via via)
{
	struct exchange x = fresh;
	struct exchange_message m;
	struct exchange_news news;
	enum exchange_verdict verdict = exchange_accept(&x, d, via, &news, 0);

	if (verdict == EXCHANGE_LIVE || verdict == EXCHANGE_UNPROVEN) {
		must(x.heard_ms == d->time_ms);
		must(exchange_accept(&x, d, via, &news, 0) == EXCHANGE_OLD);
	} else {
		must(memcmp(&x, &fresh, sizeof(x)) == 0);
	}
	exchange_tick(&x, SECONDS(5));
	while (exchange_poll(&x, &m, SECONDS(5)))
		must(m.len && m.len <= DESC_MAX);
}

static void try_envelope(const uint8_t *data, size_t size)
{
	uint8_t bytes[ENVELOPE_MAX];
	struct exchange x = fresh;
	struct exchange_news news;
	struct desc d;

	if (size > sizeof(bytes))
		return;
	memcpy(bytes, data, size);
	bytes[0] = ENVELOPE_VERSION;
	must(exchange_feed(&x, bytes_of(bytes, size), &d, &news, 0) == EXCHANGE_BAD);
	must(memcmp(&x, &fresh, sizeof(x)) == 0);
}

static void try_inband(const uint8_t *data, size_t size)
{
	uint8_t out[INBAND_MAX];
	struct inband m;
	size_t len;

	if (!inband_read(&m, bytes_of(data, size)))
		return;
	len = inband_write(out, sizeof(out), &m);
	must(len && len <= size && memcmp(out, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct desc d;

	if (size && data[0] == 2)
		try_envelope(data, size);
	try_inband(data, size);
	if (!desc_decode(&d, bytes_of(data, size)))
		return 0;
	check_form(&d, data, size);
	check_exchange(&d, EXCHANGE_BY_CHANNEL);
	check_exchange(&d, EXCHANGE_BY_SESSION);
	return 0;
}
