/* lock_test.c -- one daemon per net. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "io/lock.h"
#include "scratch.h"

static int take(struct lock *lock, char error[static 512])
{
	return lock_take(lock, scratch_path("run/home.sock"), "home", error);
}

static void stands_beside_the_socket_with_our_pid(void **state)
{
	struct lock lock;
	char error[512], pid[32];

	(void)state;
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	assert_int_equal(take(&lock, error), 0);
	assert_string_equal(scratch_read("run/home.lock"), pid);
	assert_int_equal(scratch_mode("run"), 0755);
	assert_true(fcntl(lock.fd, F_GETFD) & FD_CLOEXEC);
	lock_release(&lock);
	assert_false(scratch_has("run/home.lock"));
	lock_release(&lock);
}

static void the_second_hears_who_has_it(void **state)
{
	struct lock first, second;
	char error[512], says[128];
	size_t before;

	(void)state;
	assert_int_equal(take(&first, error), 0);
	before = count_fds();
	assert_int_equal(take(&second, error), -EBUSY);
	snprintf(says, sizeof(says), "home is up already (pid %ld); `p2pnet reload home`",
		 (long)getpid());
	assert_non_null(strstr(error, says));
	assert_int_equal(count_fds(), before);
	assert_true(scratch_has("run/home.lock"));
	lock_release(&second);
	assert_true(scratch_has("run/home.lock"));
	lock_release(&first);
	assert_int_equal(take(&second, error), 0);
	lock_release(&second);
}

static void a_holder_without_a_pid_is_just_up(void **state)
{
	struct lock first, second;
	char error[512];

	(void)state;
	assert_int_equal(take(&first, error), 0);
	scratch_write("run/home.lock", "not a pid\n");
	assert_int_equal(take(&second, error), -EBUSY);
	assert_non_null(strstr(error, "home is up already; "));
	lock_release(&first);
}

static void a_file_left_behind_locks_nothing(void **state)
{
	struct lock lock;
	char error[512], pid[32];

	(void)state;
	assert_int_equal(mkdir(scratch_path("run"), 0755), 0);
	scratch_write("run/home.lock", "4194303999\n");
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	assert_int_equal(take(&lock, error), 0);
	assert_string_equal(scratch_read("run/home.lock"), pid);
	lock_release(&lock);
}

static void other_nets_have_other_locks(void **state)
{
	struct lock home, work;
	char error[512];

	(void)state;
	assert_int_equal(take(&home, error), 0);
	assert_int_equal(lock_take(&work, scratch_path("run/work.sock"), "work", error), 0);
	lock_release(&work);
	lock_release(&home);
}

static void says_which_file_cannot_be_locked(void **state)
{
	struct lock lock;
	char error[512];

	(void)state;
	assert_int_equal(mkdir(scratch_path("run"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("run/home.lock"), 0755), 0);
	assert_int_equal(take(&lock, error), -EISDIR);
	assert_non_null(strstr(error, "run/home.lock"));
	scratch_write("file", "");
	assert_int_equal(lock_take(&lock, scratch_path("file/home.sock"), "home", error), -ENOTDIR);
	assert_non_null(strstr(error, "file/home.sock"));
}

static void does_not_follow_a_link(void **state)
{
	struct lock lock;
	char error[512];

	(void)state;
	assert_int_equal(mkdir(scratch_path("run"), 0755), 0);
	scratch_write("victim", "precious");
	assert_int_equal(symlink(scratch_path("victim"), scratch_path("run/home.lock")), 0);
	assert_int_equal(take(&lock, error), -ELOOP);
	assert_string_equal(scratch_read("victim"), "precious");
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
	const struct CMUnitTest tests[] = {
		in_scratch(stands_beside_the_socket_with_our_pid),
		in_scratch(the_second_hears_who_has_it),
		in_scratch(a_holder_without_a_pid_is_just_up),
		in_scratch(a_file_left_behind_locks_nothing),
		in_scratch(other_nets_have_other_locks),
		in_scratch(says_which_file_cannot_be_locked),
		in_scratch(does_not_follow_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
