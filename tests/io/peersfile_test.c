/* peersfile_test.c -- peers.cache on disk: for its owner alone, whole, and never needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "io/folder.h"
#include "io/peersfile.h"
#include "io/random.h"
#include "scratch.h"

static unsigned errors, warnings, infos;
static struct rng rng;

static void count_lines(enum log_level level, const char *line)
{
	(void)line;
	errors += level == LOG_ERROR;
	warnings += level == LOG_WARN;
	infos += level == LOG_INFO;
}

static struct node *node(void)
{
	static const uint64_t no_marks[NODE_MARKS];
	struct node_settings settings = {.private_key = {1}, .listen_port = 1, .mtu = 1400};
	struct node *node;
	char error[256];

	assert_true(crypto_init());
	random_init(&rng);
	node = node_new(&settings, &rng, no_marks, 1000, error);
	assert_non_null(node);
	errors = warnings = infos = 0;
	log_to(count_lines, LOG_INFO);
	return node;
}

static struct peersfile state_dir(void)
{
	struct peersfile file = {.dir = -1};

	assert_int_equal(folder_make(scratch_path("state"), 0700), 0);
	file.dir = open(scratch_path("state"), O_RDONLY | O_DIRECTORY);
	assert_true(file.dir >= 0);
	return file;
}

static void end(struct peersfile *file, struct node *n)
{
	close(file->dir);
	node_free(n);
}

static void no_file_is_no_news(void **state)
{
	struct node *n = node();
	struct peersfile file = state_dir();

	(void)state;
	peersfile_load(&file, n, 1000);
	assert_int_equal(warnings, 0);
	end(&file, n);
}

static void what_is_saved_is_for_its_owner_alone_and_can_be_loaded(void **state)
{
	struct node *n = node();
	struct peersfile file = state_dir();

	(void)state;
	peersfile_save(&file, n, 1000);
	assert_int_equal(scratch_mode("state/peers.cache"), 0600);
	peersfile_load(&file, n, 1000);
	assert_int_equal(warnings + errors, 0);
	end(&file, n);
}

static void what_is_damaged_is_ignored_with_one_warning(void **state)
{
	struct node *n = node();
	struct peersfile file = state_dir();

	(void)state;
	scratch_write("state/peers.cache", "p2pnet peers 1\nand then nothing that makes sense");
	peersfile_load(&file, n, 1000);
	assert_int_equal(warnings, 1);
	scratch_write("state/peers.cache", "");
	peersfile_load(&file, n, 1000);
	assert_int_equal(warnings, 2);
	end(&file, n);
}

static void what_is_no_file_is_not_read(void **state)
{
	struct node *n = node();
	struct peersfile file = state_dir();

	(void)state;
	assert_int_equal(mkfifo(scratch_path("state/peers.cache"), 0600), 0);
	peersfile_load(&file, n, 1000);
	assert_int_equal(warnings, 1);
	end(&file, n);
}

static void failing_is_said_once_and_so_is_its_end(void **state)
{
	struct node *n = node();
	struct peersfile file = state_dir(), gone = {.dir = -1};

	(void)state;
	peersfile_save(&gone, n, 1000);
	peersfile_save(&gone, n, 1000);
	assert_int_equal(errors, 1);
	gone.dir = file.dir;
	peersfile_save(&gone, n, 1000);
	assert_int_equal(infos, 1);
	end(&file, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_file_is_no_news, scratch_begin, scratch_end),
		cmocka_unit_test_setup_teardown(what_is_saved_is_for_its_owner_alone_and_can_be_loaded,
						scratch_begin, scratch_end),
		cmocka_unit_test_setup_teardown(what_is_damaged_is_ignored_with_one_warning,
						scratch_begin, scratch_end),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_not_read, scratch_begin, scratch_end),
		cmocka_unit_test_setup_teardown(failing_is_said_once_and_so_is_its_end, scratch_begin,
						scratch_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
