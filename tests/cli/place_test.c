/* place_test.c -- where a net lives: flags before variables before defaults. */
#include "cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "cli/place.h"
#include "ctl/request.h"

static int clean_environment(void **state)
{
	static const char *const names[] = {"P2PNET_NET", "P2PNET_CONFIG", "P2PNET_SOCKET",
					    "RUNTIME_DIRECTORY", "STATE_DIRECTORY"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	return 0;
}

static void without_anything_it_is_p2p0(void **state)
{
	struct options o = {0};
	struct place p;

	(void)state;
	assert_int_equal(place_find(&p, &o, NULL), EXIT_OK);
	assert_string_equal(p.net, "p2p0");
	assert_string_equal(p.config, "/etc/p2pnet/p2p0.conf");
	assert_string_equal(p.socket, "/run/p2pnet/p2p0.sock");
	assert_string_equal(p.state, "/var/lib/p2pnet/p2p0");
}

static void a_file_gives_its_name(void **state)
{
	struct options o = {.value = {[OPT_CONFIG] = "dir.d/home.conf"}};
	struct place p;

	(void)state;
	setenv("P2PNET_NET", "other", 1);
	assert_int_equal(place_find(&p, &o, NULL), EXIT_OK);
	assert_string_equal(p.net, "home");
	assert_string_equal(p.config, "dir.d/home.conf");
	assert_string_equal(p.socket, "/run/p2pnet/home.sock");
	o.value[OPT_NET] = "work";
	assert_int_equal(place_find(&p, &o, NULL), EXIT_OK);
	assert_string_equal(p.net, "work");
	assert_string_equal(p.config, "dir.d/home.conf");
}

static void variables_stand_for_flags(void **state)
{
	struct options o = {0};
	struct place p;

	(void)state;
	setenv("P2PNET_CONFIG", "/x/home.conf", 1);
	setenv("P2PNET_SOCKET", "/x/s", 1);
	setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1);
	setenv("STATE_DIRECTORY", "/s", 1);
	assert_int_equal(place_find(&p, &o, NULL), EXIT_OK);
	assert_string_equal(p.net, "home");
	assert_string_equal(p.config, "/x/home.conf");
	assert_string_equal(p.socket, "/x/s");
	assert_string_equal(p.state, "/s/home");
	setenv("P2PNET_SOCKET", "", 1);
	setenv("P2PNET_NET", "work", 1);
	assert_int_equal(place_find(&p, &o, NULL), EXIT_OK);
	assert_string_equal(p.net, "work");
	assert_string_equal(p.socket, "/run/one/work.sock");
	o.value[OPT_SOCKET] = "/y";
	assert_int_equal(place_find(&p, &o, "argument"), EXIT_OK);
	assert_string_equal(p.net, "argument");
	assert_string_equal(p.socket, "/y");
}

static void a_net_is_named_once(void **state)
{
	struct options o = {.value = {[OPT_NET] = "home"}};
	struct place p;

	(void)state;
	assert_int_equal(place_find(&p, &o, "home"), EXIT_OK);
	assert_int_equal(place_find(&p, &o, "work"), EXIT_USAGE);
}

static void names_that_are_no_nets_are_refused(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "-n", "a/b", "a b", "sixteen-letters-", "\xc3\xa4", ".hidden"};
	static const char *const good[] = {"p2p0", "home", "A-b_c.9", "fifteen-letters"};
	struct options o = {0};
	struct place p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(place_find(&p, &o, bad[i]), EXIT_USAGE);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(place_find(&p, &o, good[i]), EXIT_OK);
}

static void a_path_longer_than_any_is_refused(void **state)
{
	static char path[PLACE_PATH + 1];
	struct options o = {.value = {[OPT_NET] = "home", [OPT_SOCKET] = path}};
	struct place p;

	(void)state;
	memset(path, 'a', PLACE_PATH);
	assert_int_equal(place_find(&p, &o, NULL), EXIT_USAGE);
	path[PLACE_PATH - 1] = '\0';
	assert_int_equal(place_find(&p, &o, NULL), EXIT_OK);
	/* It fits, but not behind the current directory. */
	assert_int_equal(place_make_absolute(&p), EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_anything_it_is_p2p0, clean_environment),
		cmocka_unit_test_setup(a_file_gives_its_name, clean_environment),
		cmocka_unit_test_setup(variables_stand_for_flags, clean_environment),
		cmocka_unit_test_setup(a_net_is_named_once, clean_environment),
		cmocka_unit_test_setup(names_that_are_no_nets_are_refused, clean_environment),
		cmocka_unit_test_setup(a_path_longer_than_any_is_refused, clean_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
