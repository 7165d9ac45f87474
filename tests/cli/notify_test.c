/* notify_test.c -- what the service manager hears. */
#include "cli/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/notify.h"

/* Bound to a name of the abstract namespace, which leaves no file. */
static int manager(char name[static 64])
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(name, 64, "@p2pnet-notify-%ld", (long)getpid());
	memcpy(to.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	return fd;
}

static const char *heard(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void each_state_is_one_datagram(void **state)
{
	char name[64];
	int fd = manager(name);

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	notify_ready();
	assert_string_equal(heard(fd), "READY=1");
	notify_reloading();
	assert_non_null(strstr(heard(fd), "RELOADING=1\nMONOTONIC_USEC="));
	notify_stopping();
	assert_string_equal(heard(fd), "STOPPING=1");
	close(fd);
}

static void without_a_socket_that_can_be_nothing_happens(void **state)
{
	static char longest[200];
	static const char *const names[] = {"", "relative", "/nowhere/at/all", longest};

	(void)state;
	memset(longest, '/', sizeof(longest) - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_ready();
	}
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_is_one_datagram),
		cmocka_unit_test(without_a_socket_that_can_be_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
