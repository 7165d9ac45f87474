/* identity_test.c -- the address and the port of a key, as Python's hashlib has them:
 *
 *	"fd" + hashlib.blake2s(b"p2pnet ula" + key).digest()[:15].hex()
 *	20000 + int.from_bytes(hashlib.blake2s(b"p2pnet port" + key).digest()[:2], "big") % 12768
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/identity.h"
#include "crypto/crypto.h"
#include "vectors.h"

static const struct {
	const char *key, *ula, *text;
	uint16_t port;
} known[] = {
	{"0000000000000000000000000000000000000000000000000000000000000000",
	 "fd857e16c21ffd9c6fdceb77f89ec95e", "fd85:7e16:c21f:fd9c:6fdc:eb77:f89e:c95e", 31680},
	{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	 "fdd90c49e8c81ddb4223b4d70c15ca52", "fdd9:c49:e8c8:1ddb:4223:b4d7:c15:ca52", 23532},
	{"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	 "fd5d69e9363746b4a8e23492ccf64068", "fd5d:69e9:3637:46b4:a8e2:3492:ccf6:4068", 32013},
};

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static void address_and_port_are_the_known_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t key[KEY_LEN], want[16];
		char text[IP_TEXT];
		struct ip ula;

		from_hex(key, sizeof(key), known[i].key);
		from_hex(want, sizeof(want), known[i].ula);
		ula = identity_ula(key);
		assert_int_equal(ula.family, IP_V6);
		assert_memory_equal(ula.bytes, want, sizeof(want));
		assert_string_equal(ip_format(text, &ula), known[i].text);
		assert_int_equal(identity_port(key), known[i].port);
	}
}

enum { MANY = 2000 };

static int compare_ips(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip));
}

static void no_two_of_many_keys_share_an_address(void **state)
{
	static struct ip ulas[MANY];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (size_t i = 0; i < MANY; i++) {
		uint8_t key[KEY_LEN];

		key_generate(key, &rng);
		ulas[i] = identity_ula(key);
		assert_int_equal(ulas[i].bytes[0], 0xfd);
	}
	qsort(ulas, MANY, sizeof(ulas[0]), compare_ips);
	for (size_t i = 1; i < MANY; i++)
		assert_false(ip_equal(&ulas[i - 1], &ulas[i]));
}

/* 2000 of 12768 ports at random: about 1850 different ones. */
static void ports_spread_over_their_range(void **state)
{
	static bool taken[65536];
	unsigned different = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2);
	for (size_t i = 0; i < MANY; i++) {
		uint8_t key[KEY_LEN];
		uint16_t port;

		key_generate(key, &rng);
		port = identity_port(key);
		assert_in_range(port, 20000, 32767);
		different += !taken[port];
		taken[port] = true;
	}
	assert_in_range(different, 1800, 1900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_and_port_are_the_known_ones),
		cmocka_unit_test(no_two_of_many_keys_share_an_address),
		cmocka_unit_test(ports_spread_over_their_range),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
