/* keyfile_test.c -- which key files are taken, and which are refused with what words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "config/keyfile.h"
#include "scratch.h"

static const uint8_t zero[KEY_LEN];

static void expect_refused(const char *path, int want, const char *says)
{
	uint8_t key[KEY_LEN];
	char error[512] = "";

	memset(key, 0xaa, sizeof(key));
	assert_int_equal(keyfile_read(key, path, error), want);
	assert_string_equal(error, says);
	assert_memory_equal(key, zero, KEY_LEN);
}

static void expect_taken(const char *path)
{
	uint8_t want[KEY_LEN], key[KEY_LEN];
	char error[512] = "";

	assert_true(key_from_base64(want, SELF_PRIVATE));
	if (keyfile_read(key, path, error) != 0)
		fail_msg("%s", error);
	assert_memory_equal(key, want, KEY_LEN);
}

static void a_line_of_base64_is_taken(void **state)
{
	(void)state;
	scratch_write("a", SELF_PRIVATE "\n");
	expect_taken("a");
	scratch_write("a", SELF_PRIVATE);
	expect_taken("a");
	scratch_write("a", SELF_PRIVATE " \r\n\n");
	expect_taken("a");
	scratch_write_bytes("a", SELF_PRIVATE, 44, 0400);
	expect_taken("a");
	assert_int_equal(symlink("a", "link"), 0);
	expect_taken("link");
}

static void expect_line(const char *text, const char *want, int err)
{
	char line[8], error[512] = "";

	scratch_write_bytes("line", text, strlen(text), 0600);
	assert_int_equal(keyfile_read_line(line, sizeof(line), "line", error), err);
	assert_string_equal(line, want);
	assert_int_equal(*error != '\0', err != 0);
}

static void a_password_is_the_first_line(void **state)
{
	char line[8], error[512] = "";

	(void)state;
	expect_line("secret", "secret", 0);
	expect_line("secret\r\nmore", "secret", 0);
	expect_line(" a b \n", " a b ", 0);
	expect_line("", "", -EINVAL);
	expect_line("\nsecret\n", "", -EINVAL);
	expect_line("secrets\n", "", -EINVAL);
	scratch_write_bytes("open", "secret", 6, 0644);
	assert_int_equal(keyfile_read_line(line, sizeof(line), "open", error), -EPERM);
	assert_int_equal(keyfile_read_line(line, sizeof(line), "missing", error), -ENOENT);
}

static void what_others_may_use_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0620, 0604, 0602, 0644, 0777, 0610};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char says[128];

		scratch_write_bytes("open", SELF_PRIVATE, 44, modes[i]);
		snprintf(says, sizeof(says),
			 "open may be used by others than its owner (mode %04o); chmod 600 open",
			 modes[i]);
		expect_refused("open", -EPERM, says);
	}
}

/* systemd lets its user read it by an ACL, and the mask of that stands in the mode. */
static void a_credential_of_the_service_manager_may_be_read_by_the_group(void **state)
{
	(void)state;
	assert_int_equal(mkdir("given", 0700), 0);
	scratch_write_bytes("given/key", SELF_PRIVATE, 44, 0440);
	scratch_write_bytes("given/open", SELF_PRIVATE, 44, 0444);
	scratch_write_bytes("key", SELF_PRIVATE, 44, 0440);
	expect_refused("given/key", -EPERM,
		       "given/key may be used by others than its owner (mode 0440); chmod 600 given/key");
	setenv("CREDENTIALS_DIRECTORY", "given", 1);
	expect_taken("given/key");
	expect_refused("given/open", -EPERM,
		       "given/open may be used by others than its owner (mode 0444); chmod 600 "
		       "given/open");
	expect_refused("given/../key", -EPERM,
		       "given/../key may be used by others than its owner (mode 0440); chmod 600 "
		       "given/../key");
	expect_refused("key", -EPERM,
		       "key may be used by others than its owner (mode 0440); chmod 600 key");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void what_belongs_to_another_user_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	scratch_write("theirs", SELF_PRIVATE "\n");
	assert_int_equal(chown("theirs", 65534, 0), 0);
	expect_refused("theirs", -EPERM,
		       "theirs belongs to user 65534, who could change it; chown 0 theirs");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	expect_refused("folder", -EPERM,
		       "folder is not a regular file; name the file that holds the key");
	expect_refused("pipe", -EPERM,
		       "pipe is not a regular file; name the file that holds the key");
	expect_refused(
		"missing", -ENOENT,
		"missing cannot be read: No such file or directory; \"p2pnet genkey\" makes a key, "
		"and umask 077 keeps it yours");
}

static void what_is_no_key_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{"", 0},
		{"\n", 1},
		{"AA9w/rEuI3PdUYdlv+6QSNkjyC6CRTBNnFO4nj2CQF=\n", 44},
		{SELF_PRIVATE "\n" SELF_PRIVATE "\n", 90},
		{"AA9w/rEuI3PdUYdlv+6QSNkjyC6CRTBNnFO4nj2CQFV=\n", 45}, /* a low bit that is set */
		{SELF_PRIVATE "\0\n", 46},
		{"PrivateKey = " SELF_PRIVATE "\n", 58},
	};
	static char long_text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scratch_write_bytes("bad", rows[i].text, rows[i].len, 0600);
		expect_refused("bad", -EINVAL,
			       "bad does not hold a key: 44 characters of base64 on one line are "
			       "expected, "
			       "as \"p2pnet genkey\" prints them");
	}
	memset(long_text, '\n', sizeof(long_text));
	memcpy(long_text, SELF_PRIVATE, 44);
	scratch_write_bytes("bad", long_text, sizeof(long_text), 0600);
	expect_refused("bad", -EINVAL,
		       "bad does not hold a key: 44 characters of base64 on one line are expected, "
		       "as \"p2pnet genkey\" prints them");
}

static void a_new_one_is_0600_and_reads_back(void **state)
{
	uint8_t key[KEY_LEN];
	char error[512];
	struct stat st;
	char *text;

	(void)state;
	umask(0);
	assert_true(key_from_base64(key, SELF_PRIVATE));
	assert_int_equal(keyfile_create("new", key, error), 0);
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	text = scratch_read("new");
	assert_string_equal(text, SELF_PRIVATE "\n");
	free(text);
	expect_taken("new");
}

static void one_that_is_there_is_never_overwritten(void **state)
{
	uint8_t key[KEY_LEN];
	char error[512];
	char *text;

	(void)state;
	scratch_write("there", "precious");
	assert_true(key_from_base64(key, SELF_PRIVATE));
	assert_int_equal(keyfile_create("there", key, error), -EEXIST);
	assert_string_equal(error,
			    "there is there already and is never overwritten; move it away, or use "
			    "the key in it (File exists)");
	text = scratch_read("there");
	assert_string_equal(text, "precious");
	free(text);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(keyfile_create("dangling", key, error), -EEXIST);
	assert_int_equal(keyfile_create("no/such/folder", key, error), -ENOENT);
	assert_string_equal(error, "no/such/folder cannot be created: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_base64_is_taken),
		cmocka_unit_test(a_password_is_the_first_line),
		cmocka_unit_test(what_others_may_use_is_refused),
		cmocka_unit_test(a_credential_of_the_service_manager_may_be_read_by_the_group),
		cmocka_unit_test(what_belongs_to_another_user_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_new_one_is_0600_and_reads_back),
		cmocka_unit_test(one_that_is_there_is_never_overwritten),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
