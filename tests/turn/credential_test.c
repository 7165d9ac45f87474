/* credential_test.c -- names and passwords made from a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "turn/credential.h"

static struct turn_credential made;

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

/* printf 1767225600:laptop | openssl dgst -sha1 -hmac north -binary | base64 */
static void the_password_is_the_hmac_of_the_name(void **state)
{
	(void)state;
	assert_true(turn_credential_make(&made, bytes_of("north", 5), "laptop", 1767225600));
	assert_string_equal(made.user, "1767225600:laptop");
	assert_string_equal(made.password, "1g//ixC92xBCk0x/HzeMh8nvLpg=");
}

static void a_name_may_be_as_long_as_stun_allows(void **state)
{
	char name[TURN_USER_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[TURN_USER_MAX - 2] = '\0';		/* behind "9:" */
	assert_true(turn_credential_make(&made, bytes_of("north", 5), name, 9));
	assert_int_equal(strlen(made.user), TURN_USER_MAX);
	assert_false(turn_credential_make(&made, bytes_of("north", 5), name, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_password_is_the_hmac_of_the_name),
		cmocka_unit_test(a_name_may_be_as_long_as_stun_allows),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
