/* played.c -- the program against a daemon that is played. */
#include "cli/played.h"

#include "cli/claims.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"

enum { PATIENCE = 20, ARGV_MAX = 20 };	/* s; then a child that still runs is ended by its alarm */

char played_printed[4096], played_said[1024];

static char dir[64], socket_path[96], out_path[96], err_path[96];
static int listener, asked[2];

int played_set_up(void **state)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	(void)state;
	strcpy(dir, "/tmp/p2pnet-cli-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/home.sock", dir);
	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	snprintf(err_path, sizeof(err_path), "%s/err", dir);
	strcpy(to.sun_path, socket_path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(listener, (struct sockaddr *)&to, sizeof(to)) || listen(listener, 4) ? -1 : 0;
}

int played_tear_down(void **state)
{
	(void)state;
	close(listener);
	unlink(socket_path);
	unlink(out_path);
	unlink(err_path);
	return rmdir(dir);
}

/* A byte in the pipe says that the answer which never comes is waited for. */
static void answer_one(const char *const *texts, const char *reply)
{
	int fd = accept(listener, NULL, NULL);
	char line[256];
	ssize_t n = read(fd, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	for (; *texts; texts++) {
		if (!strstr(line, *texts))
			_exit(1);
	}
	if (!*reply && write(asked[1], "?", 1) == 1)
		pause();
	if (write(fd, reply, strlen(reply)) < 0)
		_exit(1);
	close(fd);
}

static pid_t play(const char *const *texts, const char *const *replies)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(PATIENCE);
	for (; *replies; replies++)
		answer_one(texts, *replies);
	_exit(0);
}

static pid_t start_program(const char *const *command)
{
	const char *argv[ARGV_MAX] = {"p2pnet"};
	const char *const place[] = {"-s", socket_path, "-n", "home"};
	int argc = 1, code;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(PATIENCE);
	for (; *command; command++)
		argv[argc++] = *command;
	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++)
		argv[argc++] = place[i];
	if (!freopen(out_path, "w", stdout) || !freopen(err_path, "w", stderr))
		_exit(99);
	code = cli_run(argc, (char *const *)argv);
	fflush(NULL);
	_exit(code);
}

static void read_whole(char *out, size_t size, const char *path)
{
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	memset(out, 0, size);
	assert_true(fread(out, 1, size - 1, in) < size);
	fclose(in);
}

static int run(const char *const *command, const char *const *texts, const char *const *replies,
	       bool interrupt)
{
	pid_t player, program;
	int status = 0;
	char byte;

	assert_int_equal(pipe(asked), 0);
	player = play(texts, replies);
	program = start_program(command);
	close(asked[1]);
	if (interrupt && read(asked[0], &byte, 1) == 1)
		kill(program, SIGINT);
	waitpid(program, &status, 0);
	kill(player, SIGKILL);
	waitpid(player, NULL, 0);
	close(asked[0]);
	read_whole(played_printed, sizeof(played_printed), out_path);
	read_whole(played_said, sizeof(played_said), err_path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int played_run(const char *const *command, const char *const *texts, const char *const *replies)
{
	return run(command, texts, replies, false);
}

int played_interrupt(const char *const *command, const char *const *texts,
		     const char *const *replies)
{
	return run(command, texts, replies, true);
}
