#!/bin/bash
# no_io.sh -- the pure libraries do no I/O, read no clock and do not allocate.
#
#	tests/no_io.sh BUILD          src/base -> BUILD/**/libbase.a, ...
#
# What a library needs from outside is in its symbol table: `nm -u` lists it, and
# the tables below say what must not be there. Use a build without sanitizers,
# as those bring symbols of their own.
set -euo pipefail

if [ "$#" -ne 1 ] || [ ! -d "$1" ]; then
	echo "usage: $0 BUILD-DIRECTORY" >&2
	exit 2
fi
build=$1
sources=$(cd "$(dirname "$0")/../src" && pwd)

# library: the groups of functions that it must not need. node allocates when it is
# configured, and an engine of crypto when a key is made, so they have no "memory"; what
# OpenSSL allocates inside is OpenSSL's.
pure='
base:    files network clock randomness output processes threads memory
crypto:  files network clock randomness output processes threads
stun:    files network clock randomness output processes threads memory
turn:    files network clock randomness output processes threads memory
ice:     files network clock randomness output processes threads memory
wg:      files network clock randomness output processes threads memory
portmap: files network clock randomness output processes threads memory
signal:  files network clock randomness output processes threads memory
node:    files network clock randomness output processes threads
'

declare -A group=(
	[files]='open open64 openat openat64 creat close read pread pread64 readv write pwrite
		pwrite64 writev lseek lseek64 stat stat64 fstat lstat access unlink rename mkdir
		fopen fopen64 fdopen freopen fclose fread fwrite fflush fgets fgetc getc getline
		ioctl fcntl fcntl64 dup dup2 pipe pipe2 mmap mmap64 opendir readdir'
	[network]='socket socketpair bind connect listen accept accept4 shutdown send sendto
		sendmsg sendmmsg recv recvfrom recvmsg recvmmsg setsockopt getsockopt getsockname
		getaddrinfo gethostbyname getnameinfo getifaddrs if_nametoindex poll ppoll select
		pselect epoll_create epoll_create1 epoll_ctl epoll_wait uv_*'
	[clock]='clock_gettime clock_getres clock gettimeofday time times ftime timespec_get
		localtime localtime_r gmtime gmtime_r mktime strftime sleep usleep nanosleep
		clock_nanosleep alarm setitimer timer_create timerfd_create'
	[randomness]='rand rand_r srand random random_r srandom drand48 lrand48 getrandom getentropy
		arc4random arc4random_buf arc4random_uniform randombytes randombytes_buf
		randombytes_random randombytes_uniform RAND_bytes RAND_priv_bytes'
	[output]='printf vprintf fprintf vfprintf dprintf vdprintf puts fputs fputc putc putchar
		perror syslog vsyslog stdin stdout stderr asprintf vasprintf'
	[processes]='fork vfork clone execv execve execvp execl execlp posix_spawn system popen
		signal sigaction kill raise exit _exit getenv secure_getenv setenv getpid getuid
		gethostname uname'
	[threads]='pthread_create pthread_mutex_lock thrd_create mtx_lock'
	[memory]='malloc calloc realloc reallocarray free posix_memalign aligned_alloc memalign
		strdup strndup sbrk'
)

# is_forbidden SYMBOL GROUP...: prints the group. __printf_chk is printf, __isoc99_sscanf sscanf.
is_forbidden()
{
	local symbol=$1 name pattern

	shift
	symbol=${symbol%%@*}
	if [[ $symbol == __*_chk ]]; then
		symbol=${symbol#__}
		symbol=${symbol%_chk}
	fi
	for name in "$@"; do
		for pattern in ${group[$name]}; do
			# shellcheck disable=SC2053	# a pattern, on purpose
			if [[ $symbol == $pattern ]]; then
				echo "$name"
				return 0
			fi
		done
	done
	return 1
}

# check_library NAME GROUP...
check_library()
{
	local library=$1 archive object symbol why

	shift
	archive=$(find "$build" -name "lib$library.a" -print -quit)
	if [ -z "$archive" ]; then
		echo "lib$library.a: not in $build; build it first"
		return
	fi
	while read -r object symbol; do
		if why=$(is_forbidden "$symbol" "$@"); then
			echo "lib$library.a: $object needs $symbol ($why)"
		fi
	done < <(nm -u "$archive" 2>/dev/null |
		awk '/:$/ { object = substr($1, 1, length($1) - 1) } $1 == "U" { print object, $2 }')
}

offences=$(
	set -f		# patterns in the tables are not file names
	while IFS=: read -r library groups; do
		if [ -n "$library" ] && [ -e "$sources/$library/CMakeLists.txt" ]; then
			# shellcheck disable=SC2086	# words
			check_library "$library" $groups
		fi
	done <<<"$pure"
)
if [ -n "$offences" ]; then
	echo "$offences"
	exit 1
fi
echo "no_io: the pure libraries do no I/O, read no clock and keep to their memory"
