/* include_test.c -- files that include files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scratch.h"

static void expect(const char *path, const char *want)
{
	struct config *c;
	char *says = scratch_report(path, &c);

	assert_string_equal(says, want);
	assert_int_equal(c == NULL, strstr(says, "error:") != NULL);
	free(says);
	config_free(c);
}

static void the_section_goes_on_behind_an_include(void **state)
{
	struct config_report report;
	struct config *c;

	(void)state;
	scratch_write("a.inc", PEER_A "endpoint = a.example.net:51820");
	scratch_write("b.inc", "# nothing\n");
	scratch_write("t.conf", SELF "include = a.inc\nmtu = 1300\n" PEER_B
				     "include = b.inc\nkeepalive = 7\n");
	c = config_load("t.conf", &report);
	assert_non_null(c);
	assert_int_equal(c->mtu, 1300);
	assert_int_equal(c->peers_len, 2);
	assert_string_equal(c->peers[0].name, "a");
	assert_string_equal(c->peers[0].where.file, "a.inc");
	assert_int_equal(c->peers[0].where.line, 1);
	assert_string_equal(c->peers[1].name, "b");
	assert_int_equal(c->peers[1].keepalive, 7);
	assert_int_equal(c->peers[1].where.line, 5);
	assert_int_equal(c->files_len, 3);
	config_free(c);
	config_report_free(&report);
}

static void wildcards_match_in_order_and_in_the_folder_of_the_file(void **state)
{
	struct config_report report;
	struct config *c;

	(void)state;
	assert_int_equal(mkdir("et[c]", 0700), 0);
	assert_int_equal(mkdir("et[c]/d", 0700), 0);
	scratch_write("et[c]/d/2.conf", PEER_B "include = more.inc\n");
	scratch_write("et[c]/d/1.conf", PEER_A);
	scratch_write("et[c]/d/.3.conf", "nonsense");
	scratch_write("et[c]/d/more.inc", "[peer c]\npublic_key = " KEY_C "\n");
	scratch_write("et[c]/t.conf", "include = d/*.conf\n" SELF);
	c = config_load("et[c]/t.conf", &report);
	config_report_print(stderr, &report);
	assert_non_null(c);
	assert_int_equal(c->peers_len, 3);
	assert_string_equal(c->peers[0].where.file, "et[c]/d/1.conf");
	assert_string_equal(c->peers[1].where.file, "et[c]/d/2.conf");
	assert_string_equal(c->peers[2].where.file, "et[c]/d/more.inc");
	config_free(c);
	config_report_free(&report);
}

static void wildcards_may_match_nothing_but_a_name_must_be_there(void **state)
{
	(void)state;
	scratch_write("t.conf", SELF "include = none.d/*.conf\n");
	expect("t.conf", "");
	scratch_write("t.conf", SELF "include = none.conf\n");
	expect("t.conf", "t.conf:3: error: include none.conf: No such file or directory; the name "
			 "is relative "
			 "to the folder of this file\n");
}

static void a_file_that_includes_itself_is_refused(void **state)
{
	(void)state;
	scratch_write("t.conf", SELF "include = ./t.conf\n");
	expect("t.conf", "t.conf:3: error: include ./t.conf: it includes itself; take it out of "
			 "one of the two\n");
	scratch_write("one.inc", "include = two.inc\n");
	scratch_write("two.inc", "\ninclude = one.inc\n");
	scratch_write("t.conf", SELF "include = one.inc\n");
	expect("t.conf", "two.inc:2: error: include one.inc: it includes itself; take it out of "
			 "one of the two\n");
}

static void more_than_eight_files_deep_is_refused(void **state)
{
	(void)state;
	scratch_write("t.conf", SELF "include = 1.inc\n");
	for (int i = 1; i < 8; i++) {
		char name[16], text[32];

		snprintf(name, sizeof(name), "%d.inc", i);
		snprintf(text, sizeof(text), "include = %d.inc\n", i + 1);
		scratch_write(name, text);
	}
	scratch_write("8.inc", PEER_A);
	expect("t.conf",
	       "7.inc:1: error: include 8.inc: more files include one another than can be meant; "
	       "include it from the first\n");
	scratch_write("7.inc", PEER_A);
	expect("t.conf", "");
}

static void what_is_wrong_in_an_included_file_has_its_name(void **state)
{
	(void)state;
	scratch_write("bad.inc", "mtu = 1400\n[peer a]\npublic_key = x\n");
	scratch_write("t.conf", SELF "include = bad.inc\nmtu = 1\n");
	expect("t.conf",
	       "bad.inc:1: error: mtu stands before any section; put [interface] or [peer NAME] "
	       "above it\n"
	       "bad.inc:3: error: public_key has 1 characters, a key is 44 characters of base64; "
	       "the peer's "
	       "\"p2pnet pubkey\" prints its\n"
	       "t.conf:4: error: mtu \"1\" is not 576 to 65456; \"auto\" is right for most nets\n");
}

static void folders_and_devices_are_not_included(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir", 0700), 0);
	scratch_write("t.conf", SELF "include = dir\ninclude = /dev/zero\n");
	expect("t.conf",
	       "t.conf:3: error: include dir: it is a folder; name its files, as conf.d/*.conf\n"
	       "t.conf:4: error: include /dev/zero: it is not a regular file\n");
}

static void an_endless_heap_of_includes_is_cut(void **state)
{
	static char blob[3 << 20];
	struct config_report report;

	(void)state;
	memset(blob, '\n', sizeof(blob));
	scratch_write_bytes("big.inc", blob, sizeof(blob), 0600);
	scratch_write("t.conf", SELF "include = big.inc\ninclude = big.inc\ninclude = big.inc\n"
				     "include = big.inc\ninclude = big.inc\ninclude = big.inc\n");
	assert_null(config_load("t.conf", &report));
	assert_int_equal(report.errors, 1);
	assert_int_equal(report.problems[0].line, 8);
	assert_string_equal(report.problems[0].text,
			    "include big.inc: it is too long to be a config");
	config_report_free(&report);
}

static void a_secret_in_an_included_file_for_all_is_refused(void **state)
{
	(void)state;
	scratch_write_bytes("open.inc", PEER_A "preshared_key = " PSK "\n",
			    strlen(PEER_A "preshared_key = " PSK "\n"), 0644);
	scratch_write("t.conf", SELF "include = open.inc\n");
	expect("t.conf",
	       "open.inc:3: error: preshared_key stands in a file that everybody may read (mode "
	       "0644); chmod 600 open.inc, or use preshared_key_file\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_section_goes_on_behind_an_include),
		cmocka_unit_test(wildcards_match_in_order_and_in_the_folder_of_the_file),
		cmocka_unit_test(wildcards_may_match_nothing_but_a_name_must_be_there),
		cmocka_unit_test(a_file_that_includes_itself_is_refused),
		cmocka_unit_test(more_than_eight_files_deep_is_refused),
		cmocka_unit_test(what_is_wrong_in_an_included_file_has_its_name),
		cmocka_unit_test(folders_and_devices_are_not_included),
		cmocka_unit_test(an_endless_heap_of_includes_is_cut),
		cmocka_unit_test(a_secret_in_an_included_file_for_all_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
