/* sandbox.c -- a process gives up all that it does not need, before it listens to strangers. */
#include "io/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif

#if defined(P2PNET_SECCOMP) && !defined(HAS_SANITIZER)
#include <seccomp.h>
#endif

enum { NOBODY = 65534, MEMORY = 64 << 20, COMPUTING = 5 };

static int limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit rlimit = {most, most};

	return setrlimit(resource, &rlimit) < 0 ? -errno : 0;
}

static int set_limits(void)
{
	int err = limit(RLIMIT_FSIZE, 0);

	if (!err)
		err = limit(RLIMIT_CORE, 0);
	if (!err)
		err = limit(RLIMIT_NPROC, 0);
	if (!err)
		err = limit(RLIMIT_CPU, COMPUTING);
#ifndef HAS_SANITIZER
	if (!err)
		err = limit(RLIMIT_AS, MEMORY);
#endif
	return err;
}

static int drop_identity(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return -errno;
	if (syscall(SYS_capset, &header, none) < 0)
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* A change of identity takes the signal away, so this comes after it; the parent may have
 * ended before. */
static int live_no_longer_than(pid_t parent, unsigned seconds)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	alarm(seconds);
	return getppid() == parent ? 0 : -ESRCH;
}

#if defined(P2PNET_SECCOMP) && !defined(HAS_SANITIZER)
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(send), SCMP_SYS(sendto), SCMP_SYS(recv),
	SCMP_SYS(recvfrom), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(select),
	SCMP_SYS(_newselect), SCMP_SYS(pselect6), SCMP_SYS(restart_syscall),
	SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
};

static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed) && !err; i++) {
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
		if (err == -EDOM)	/* this machine has no such call */
			err = 0;
	}
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, AF_INET));
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}
#else
static int filter_calls(void)
{
	return 0;
}
#endif

int sandbox_enter(unsigned seconds)
{
	pid_t parent = getppid();
	int err;

	closefrom(STDERR_FILENO + 1);
	err = drop_identity();
	if (!err)
		err = live_no_longer_than(parent, seconds);
	if (!err)
		err = set_limits();
	return err ? err : filter_calls();
}
