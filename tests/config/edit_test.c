/* edit_test.c -- files change where they should, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "config/edit.h"
#include "config/keyfile.h"
#include "scratch.h"

static const char original[] = "# My net.\n"
			       "; do not touch\n"
			       "\n"
			       "[Interface]\n"
			       "  PrivateKey = " SELF_PRIVATE "   # secret!\n"
			       "\n"
			       "# odd   spacing\tand tabs\n"
			       "mtu=1400\n"
			       "\n"
			       "# the first peer\n"
			       "# has two lines\n"
			       "[peer a]\n"
			       "public_key = " KEY_A "\n"
			       "\n"
			       "# b stands alone\n"
			       "\n"
			       "[peer b] # bee\n"
			       "public_key = " KEY_B "\n";

static const struct edit_peer peer_c = {.name = "c", .public_key = KEY_C};

static void expect_file(const char *path, const char *want)
{
	char *text = scratch_read(path);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

/* Nothing of an edit stays behind. */
static void expect_no_leftovers(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' && strlen(entry->d_name) > 2)
			fail_msg("left behind: %s", entry->d_name);
	}
	closedir(dir);
}

static void add(const char *path, const struct edit_peer *peer, int want, const char *says)
{
	char error[512] = "";

	assert_int_equal(edit_add_peer(path, peer, error), want);
	assert_string_equal(error, says);
	expect_no_leftovers(".");
}

static void del(const char *path, const char *what, int want, const char *says)
{
	char error[512] = "";

	assert_int_equal(edit_del_peer(path, what, error), want);
	assert_string_equal(error, says);
	expect_no_leftovers(".");
}

static void a_peer_is_added_at_the_end(void **state)
{
	static const struct edit_peer full = {
		.name = "c",
		.public_key = KEY_C,
		.psk_file = "psk.key",
		.endpoint = "c.example.net:51820",
		.ip = "10.77.0.4, fd00:77::4",
		.allowed_ips = "10.80.0.0/16",
		.keepalive = "yes",
	};
	char want[1024];

	(void)state;
	scratch_write("psk.key", PSK "\n");
	scratch_write("t.conf", original);
	add("t.conf", &full, 0, "");
	snprintf(want, sizeof(want),
		 "%s\n[peer c]\npublic_key = " KEY_C "\npreshared_key_file = psk.key\n"
		 "ip = 10.77.0.4, fd00:77::4\nallowed_ips = 10.80.0.0/16\n"
		 "endpoint = c.example.net:51820\nkeepalive = yes\n",
		 original);
	expect_file("t.conf", want);
}

static void added_and_deleted_leaves_the_file_as_it_was(void **state)
{
	(void)state;
	scratch_write("t.conf", original);
	add("t.conf", &peer_c, 0, "");
	del("t.conf", "c", 0, "");
	expect_file("t.conf", original);
	add("t.conf", &(struct edit_peer){.public_key = KEY_C}, 0, "");
	del("t.conf", KEY_C, 0, "");
	expect_file("t.conf", original);
}

static void the_last_line_gets_its_newline_before_a_new_peer(void **state)
{
	(void)state;
	scratch_write("t.conf", "[interface]\nprivate_key = " SELF_PRIVATE);
	add("t.conf", &peer_c, 0, "");
	expect_file("t.conf", SELF "\n[peer c]\npublic_key = " KEY_C "\n");
	scratch_write("t.conf", SELF "\n");
	add("t.conf", &peer_c, 0, "");
	expect_file("t.conf", SELF "\n[peer c]\npublic_key = " KEY_C "\n");
	scratch_write("t.conf", "[interface]\r\nprivate_key = " SELF_PRIVATE "\r\n");
	add("t.conf", &peer_c, 0, "");
	expect_file("t.conf", "[interface]\r\nprivate_key = " SELF_PRIVATE
			      "\r\n\r\n[peer c]\r\npublic_key = " KEY_C "\r\n");
}

static void a_peer_goes_with_its_comments_and_no_others(void **state)
{
	static const struct {
		const char *what, *before, *after;
	} rows[] = {
		{"a", "# of a\n# and a\n" PEER_A "\n# of b\n" PEER_B, "# of b\n" PEER_B},
		{"a", "# apart\n\n" PEER_A "\n# apart\n\n# of b\n" PEER_B,
		 "# apart\n\n# apart\n\n# of b\n" PEER_B},
		{"a", PEER_A "# of b\n" PEER_B, "# of b\n" PEER_B},
		{"a", PEER_A "# still a\n\n" PEER_B, PEER_B},
		{"a", PEER_A "# in a\n\nkeepalive = 1\n" PEER_B, PEER_B},
		{"b", PEER_A "\n# of b\n" PEER_B "\n\n# the end\n", PEER_A "\n# the end\n"},
		{"b", PEER_A "\n" PEER_B "# still b\n\n", PEER_A},
		{"b", PEER_A PEER_B, PEER_A},
		{"b",
		 PEER_A "\n[peer b]\npublic_key = " KEY_B "\ninclude = none.d/*\nip = 10.7.0.1\n",
		 PEER_A "include = none.d/*\n"},
		{"b", PEER_A "\n[peer b]\npublic_key = " KEY_B, PEER_A},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char before[1024], after[1024];

		snprintf(before, sizeof(before), "%s\n%s", SELF, rows[i].before);
		snprintf(after, sizeof(after), "%s\n%s", SELF, rows[i].after);
		scratch_write("t.conf", before);
		del("t.conf", rows[i].what, 0, "");
		expect_file("t.conf", after);
	}
}

static void what_is_there_or_is_not_is_said(void **state)
{
	(void)state;
	scratch_write("t.conf", original);
	add("t.conf", &(struct edit_peer){.name = "A", .public_key = KEY_C}, -EEXIST,
	    "there is a [peer a] with that name (t.conf:12); delete it first");
	add("t.conf", &(struct edit_peer){.name = "c", .public_key = KEY_B}, -EEXIST,
	    "there is a [peer b] with that public_key (t.conf:17); delete it first");
	del("t.conf", "c", -ENOENT,
	    "there is no peer \"c\" in t.conf; \"p2pnet peer list\" names them");
	add("none.conf", &peer_c, -ENOENT, "none.conf cannot be read: No such file or directory");
	add("/", &peer_c, -EISDIR, "/ cannot be read: Is a directory");
	expect_file("t.conf", original);
}

static void what_would_not_load_is_not_written(void **state)
{
	static const struct {
		struct edit_peer peer;
		const char *says;
	} rows[] = {
		{{.name = "c"},
		 "t.conf:20: [peer c] has no public_key; add the one that \"p2pnet pubkey\" prints "
		 "there"},
		{{.public_key = SELF_PUBLIC},
		 "t.conf:20: [peer tjx1eJSP] has this node's own public_key; delete the section, "
		 "or give each "
		 "machine a key of its own"},
		{{.name = "c", .public_key = KEY_C, .ip = "10.77.0.0/24"},
		 "t.conf:22: ip 10.77.0.0/24 is a network, ip is the peer's own address; write it "
		 "without \"/24\", "
		 "and networks behind the peer as allowed_ips"},
		{{.name = "c", .public_key = KEY_C, .endpoint = "here"},
		 "t.conf:22: endpoint \"here\" has no port; write host:51820, 192.0.2.1:51820 or "
		 "[2001:db8::1]:51820"},
		{{.name = "c d", .public_key = KEY_C},
		 "this is not a name; use 1 to 63 letters, digits, \"-\", \"_\", \".\""},
		{{.name = "c", .public_key = KEY_C, .ip = "10.0.0.1\n[peer x]"},
		 "a value holds a line break or what would begin a comment; leave it out"},
		{{.name = "c", .public_key = KEY_C, .ip = "10.0.0.1 # mine"},
		 "a value holds a line break or what would begin a comment; leave it out"},
	};

	(void)state;
	scratch_write("t.conf", original);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		add("t.conf", &rows[i].peer, -EINVAL, rows[i].says);
		expect_file("t.conf", original);
	}
}

/* What is broken already may be repaired step by step. */
static void errors_that_were_there_do_not_stand_in_the_way(void **state)
{
	(void)state;
	scratch_write("t.conf", SELF PEER_A "\n[peer x]\npublic_key = " KEY_A "\n\n[peer y]\n");
	add("t.conf", &peer_c, 0, "");
	del("t.conf", "x", 0, "");
	del("t.conf", "y", 0, "");
	expect_file("t.conf", SELF PEER_A "\n[peer c]\npublic_key = " KEY_C "\n");
}

static void mode_and_owner_stay(void **state)
{
	struct stat st;

	(void)state;
	scratch_write("t.conf", original);
	assert_int_equal(chmod("t.conf", 0640), 0);
	if (geteuid() == 0)
		assert_int_equal(chown("t.conf", 12, 34), 0);
	add("t.conf", &peer_c, 0, "");
	assert_int_equal(stat("t.conf", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (geteuid() == 0) {
		assert_int_equal(st.st_uid, 12);
		assert_int_equal(st.st_gid, 34);
	}
	assert_int_equal(unlink("t.conf"), 0);
}

static void a_link_stays_and_its_target_changes(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("real", 0700), 0);
	scratch_write("real/file", original);
	assert_int_equal(symlink("real/file", "l.conf"), 0);
	add("l.conf", &peer_c, 0, "");
	assert_int_equal(lstat("l.conf", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	del("l.conf", "c", 0, "");
	expect_file("real/file", original);
	expect_no_leftovers("real");
}

static void a_peer_of_an_included_file_is_taken_out_of_that_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir("conf.d", 0700), 0);
	scratch_write("conf.d/1.conf", "# first\n\n" PEER_A);
	scratch_write("conf.d/2.conf", PEER_B "\n[peer c]\npublic_key = " KEY_C "\n");
	scratch_write("t.conf", SELF "include = conf.d/*\n");
	del("t.conf", "b", 0, "");
	expect_file("conf.d/2.conf", "[peer c]\npublic_key = " KEY_C "\n");
	expect_file("conf.d/1.conf", "# first\n\n" PEER_A);
	expect_file("t.conf", SELF "include = conf.d/*\n");
	del("t.conf", "a", 0, "");
	expect_file("conf.d/1.conf", "# first\n");
	expect_no_leftovers("conf.d");
}

/* ---- disks that are full or read-only, in a mount namespace of a child ---- */

enum { CHILD_OK, CHILD_WRONG, CHILD_CANNOT };

static bool same_file(const char *path, const char *want)
{
	char *text = scratch_read(path);
	bool same = text && strcmp(text, want) == 0;

	free(text);
	return same;
}

/* Two pages: one for the file, one for what fills the disk. */
static bool mount_tiny(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mkdir("tiny", 0700) == 0 &&
	       mount("tiny", "tiny", "tmpfs", 0, "size=8k") == 0;
}

static int on_a_full_disk(void)
{
	char error[512] = "", want[600], cwd[256], *filler = calloc(1, 4096);

	if (!filler || !mount_tiny() || !getcwd(cwd, sizeof(cwd)))
		return CHILD_CANNOT;
	scratch_write("tiny/t.conf", original);
	scratch_write_bytes("tiny/filler", filler, 4096, 0600);
	free(filler);
	snprintf(want, sizeof(want),
		 "%s/tiny/t.conf cannot be written: No space left on device; it is as it was", cwd);
	if (edit_add_peer("tiny/t.conf", &peer_c, error) != -ENOSPC || strcmp(error, want) != 0 ||
	    !same_file("tiny/t.conf", original) || access("tiny/filler", F_OK) < 0)
		return CHILD_WRONG;
	if (unlink("tiny/filler") < 0 || edit_add_peer("tiny/t.conf", &peer_c, error) != 0)
		return CHILD_WRONG;
	return same_file("tiny/t.conf", original) ? CHILD_WRONG : CHILD_OK;
}

static int create_on_a_full_disk(void)
{
	static const uint8_t key[KEY_LEN] = {1};
	char error[512] = "", *filler = calloc(1, 8192);

	if (!filler || !mount_tiny())
		return CHILD_CANNOT;
	scratch_write_bytes("tiny/filler", filler, 8192, 0600);
	free(filler);
	if (edit_create("tiny/t.conf", &(struct edit_new){.private_key_file = "self.key"}, error) !=
		    -ENOSPC ||
	    strcmp(error, "tiny/t.conf cannot be written: No space left on device") != 0 ||
	    keyfile_create("tiny/key", key, error) != -ENOSPC ||
	    strcmp(error, "tiny/key cannot be written: No space left on device") != 0)
		return CHILD_WRONG;
	return access("tiny/t.conf", F_OK) < 0 && access("tiny/key", F_OK) < 0 ? CHILD_OK
									       : CHILD_WRONG;
}

static int on_a_read_only_disk(void)
{
	char error[512] = "";

	if (!mount_tiny())
		return CHILD_CANNOT;
	scratch_write("tiny/t.conf", original);
	if (mount(NULL, "tiny", NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return CHILD_CANNOT;
	if (edit_add_peer("tiny/t.conf", &peer_c, error) != -EROFS)
		return CHILD_WRONG;
	return same_file("tiny/t.conf", original) ? CHILD_OK : CHILD_WRONG;
}

static void in_a_child(int (*run)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir("tiny");
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_CANNOT)
		skip();
	assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
	(void)state;
	in_a_child(on_a_full_disk);
}

static void a_full_disk_gets_no_half_of_a_new_file(void **state)
{
	(void)state;
	in_a_child(create_on_a_full_disk);
}

static void a_read_only_disk_leaves_the_old_file(void **state)
{
	(void)state;
	in_a_child(on_a_read_only_disk);
}

enum { WRITERS = 4, EACH = 5 };

static int add_and_delete(int writer)
{
	char name[16], error[512];
	struct edit_peer peer = {.name = name};
	char key[KEY_TEXT];
	struct rng rng;

	rng_seed(&rng, (uint64_t)writer + 1);
	for (int i = 0; i < EACH; i++) {
		uint8_t bytes[KEY_LEN];

		key_generate(bytes, &rng);
		peer.public_key = key_to_base64(key, bytes);
		snprintf(name, sizeof(name), "w%d-%d", writer, i);
		if (edit_add_peer("t.conf", &peer, error) != 0)
			return 1;
		if (i % 2 && edit_del_peer("t.conf", name, error) != 0)
			return 1;
	}
	return 0;
}

static void edits_at_the_same_time_do_not_lose_each_other(void **state)
{
	struct config_report report;
	struct config *c;

	(void)state;
	scratch_write("t.conf", original);
	for (int i = 0; i < WRITERS; i++) {
		if (fork() == 0)
			_exit(add_and_delete(i));
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	c = config_load("t.conf", &report);
	assert_non_null(c);
	assert_int_equal(c->peers_len, 2 + WRITERS * (EACH - EACH / 2));
	config_free(c);
	config_report_free(&report);
}

/* ---- init ---- */

static void a_first_file_needs_a_folder(void **state)
{
	char error[512] = "";

	(void)state;
	assert_int_equal(
		edit_create("no/n.conf", &(struct edit_new){.private_key_file = "k"}, error),
		-ENOENT);
	assert_string_equal(error, "no/n.conf cannot be created: No such file or directory");
}

static void a_first_file_loads_and_is_ours_alone(void **state)
{
	struct edit_new what = {"self.key", "10.77.0.1/24", "nas"};
	char error[512] = "";
	struct config *c;
	struct stat st;
	char *says;

	(void)state;
	umask(0);
	scratch_write("self.key", SELF_PRIVATE "\n");
	assert_int_equal(edit_create("new.conf", &what, error), 0);
	assert_int_equal(stat("new.conf", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	says = scratch_report("new.conf", &c);
	assert_string_equal(says, "");
	assert_string_equal(c->name, "nas");
	assert_int_equal(c->addresses_len, 2);
	free(says);
	config_free(c);
	assert_int_equal(edit_create("new.conf", &what, error), -EEXIST);
	assert_string_equal(error, "new.conf is there already; edit it, or move it away first");
	add("new.conf", &peer_c, 0, "");
	umask(022);
}

static void a_first_file_needs_only_a_key(void **state)
{
	char error[512] = "";

	(void)state;
	scratch_write("self.key", SELF_PRIVATE "\n");
	assert_int_equal(
		edit_create("n.conf", &(struct edit_new){.private_key_file = "self.key"}, error),
		0);
	expect_file(
		"n.conf",
		"# A p2pnet network. \"p2pnet check\" says whether this file is right.\n\n"
		"[interface]\n"
		"# This machine's secret. Its public half, for the files of the others: p2pnet "
		"pubkey\n"
		"private_key_file = self.key\n\n"
		"# This machine's address in the net, besides an IPv6 one that comes from its "
		"key.\n"
		"# address = 10.77.0.1/24\n\n"
		"# How it calls itself; without this line, as the host is called.\n"
		"# name = nas\n\n"
		"# The other machines, a section for each. \"p2pnet peer add\" writes them, too.\n"
		"#\n"
		"# [peer laptop]\n"
		"# public_key = (what \"p2pnet pubkey\" prints there)\n"
		"# ip = 10.77.0.2\n"
		"# endpoint = laptop.example.net:51820\n");
}

static void a_first_file_that_would_not_load_is_not_made(void **state)
{
	static const struct {
		struct edit_new what;
		const char *says;
	} rows[] = {
		{{.private_key_file = "no.key"},
		 "no.key cannot be read: No such file or directory; \"p2pnet genkey\" makes a key, "
		 "and umask "
		 "077 keeps it yours"},
		{{.private_key_file = "self.key", .address = "10.77.0.1/99"},
		 "address \"10.77.0.1/99\" is not an address with an optional prefix length; write "
		 "it as "
		 "10.77.0.1/24 or fd00::1/64"},
		{{.private_key_file = "self.key", .name = "a\nmtu = 9000"},
		 "a value holds a line break or what would begin a comment; leave it out"},
	};

	(void)state;
	scratch_write("self.key", SELF_PRIVATE "\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[512] = "";

		assert_int_equal(edit_create("bad.conf", &rows[i].what, error), -EINVAL);
		assert_string_equal(error, rows[i].says);
		assert_int_equal(access("bad.conf", F_OK), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_is_added_at_the_end),
		cmocka_unit_test(added_and_deleted_leaves_the_file_as_it_was),
		cmocka_unit_test(the_last_line_gets_its_newline_before_a_new_peer),
		cmocka_unit_test(a_peer_goes_with_its_comments_and_no_others),
		cmocka_unit_test(what_is_there_or_is_not_is_said),
		cmocka_unit_test(what_would_not_load_is_not_written),
		cmocka_unit_test(errors_that_were_there_do_not_stand_in_the_way),
		cmocka_unit_test(mode_and_owner_stay),
		cmocka_unit_test(a_link_stays_and_its_target_changes),
		cmocka_unit_test(a_peer_of_an_included_file_is_taken_out_of_that_file),
		cmocka_unit_test(a_full_disk_leaves_the_old_file),
		cmocka_unit_test(a_full_disk_gets_no_half_of_a_new_file),
		cmocka_unit_test(a_read_only_disk_leaves_the_old_file),
		cmocka_unit_test(edits_at_the_same_time_do_not_lose_each_other),
		cmocka_unit_test(a_first_file_loads_and_is_ours_alone),
		cmocka_unit_test(a_first_file_needs_a_folder),
		cmocka_unit_test(a_first_file_needs_only_a_key),
		cmocka_unit_test(a_first_file_that_would_not_load_is_not_made),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
