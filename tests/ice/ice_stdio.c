/* ice_stdio.c -- an agent on a real socket, told by lines what to do.
 *
 *	ice_stdio ADDRESS controlling|controlled
 *
 *   stdin    "ufrag U", "pwd P", "candidate:...", "end"; its end ends the program
 *   stdout   the same of ours; then "role R", "valid REMOTE", "nominated REMOTE",
 *            "data TEXT", "consent lost", "failed"
 *
 * Once a pair is nominated it is the active one; what comes on the socket and is no STUN
 * is printed and sent back. For interop_aioice.py.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "ice/agent.h"
#include "ice/candidate_line.h"

static struct ice_agent agent;
static struct ice_pacer pacer;
static struct ice_base base;
static char remote_ufrag[ICE_CREDENTIAL_MAX + 1];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static msec clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void system_fill(struct rng *rng, void *out, size_t len)
{
	(void)rng;
	if (getrandom(out, len, 0) != (ssize_t)len)
		die("getrandom");
}

/* -- the socket ---------------------------------------------------------- */

static socklen_t to_sockaddr(struct sockaddr_storage *out, const struct endpoint *e)
{
	memset(out, 0, sizeof(*out));
	if (e->ip.family == IP_V4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->ip.bytes, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(e->port);
	memcpy(&in6->sin6_addr, e->ip.bytes, 16);
	return sizeof(*in6);
}

static struct endpoint from_sockaddr(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const void *)from;
	const struct sockaddr_in6 *in6 = (const void *)from;
	struct endpoint e = {0};

	if (from->ss_family == AF_INET) {
		e.ip.family = IP_V4;
		memcpy(e.ip.bytes, &in->sin_addr, 4);
		e.port = ntohs(in->sin_port);
	} else {
		e.ip = ip_v6((const uint8_t *)&in6->sin6_addr);
		e.port = ntohs(in6->sin6_port);
	}
	return e;
}

static int open_socket(const char *address)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	if (!ip_parse(&base.at.ip, address)) {
		fprintf(stderr, "ice_stdio: no address: %s\n", address);
		exit(2);
	}
	len = to_sockaddr(&ss, &base.at);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		die(address);
	base.at = from_sockaddr(&ss);
	return fd;
}

static void send_bytes(int fd, const struct endpoint *to, struct bytes b)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(&ss, to);

	if (sendto(fd, b.data, b.len, 0, (struct sockaddr *)&ss, len) < 0 && errno != ECONNREFUSED)
		die("sendto");
}

/* -- what is said -------------------------------------------------------- */

static void introduce(void)
{
	struct local_candidate c = {.c = {.type = CANDIDATE_HOST, .at = base.at}, .base = base};
	char line[CANDIDATE_LINE_MAX];
	uint8_t i = ice_agent_add_local(&agent, &c);

	if (i == NO_INDEX) {
		fprintf(stderr, "ice_stdio: that address cannot be a candidate\n");
		exit(2);
	}
	printf("ufrag %s\npwd %s\n%s\nend\n", agent.ufrag, agent.pwd,
	       candidate_write(line, &agent.list.locals[i].c));
}

static void tell_pair(const char *what, uint8_t pair)
{
	char text[ENDPOINT_TEXT];

	printf("%s %s\n", what,
	       endpoint_format(text, &agent.list.remotes[agent.list.pairs[pair].remote].at));
}

static void do_all(int fd, msec now)
{
	struct ice_action action;
	enum ice_action_kind kind;

	ice_agent_tick(&agent, now);
	while ((kind = ice_agent_poll(&agent, &action, now)) != ICE_NOTHING) {
		if (kind == ICE_SEND)
			send_bytes(fd, &action.remote, action.datagram);
		if (kind == ICE_PAIR_VALID)
			tell_pair("valid", action.pair);
		if (kind == ICE_ROLE_CHANGED)
			printf("role %s\n", agent.list.controlling ? "controlling" : "controlled");
		if (kind == ICE_CONSENT_LOST)
			printf("consent lost\n");
		if (kind == ICE_FAILED)
			printf("failed\n");
		if (kind == ICE_NOMINATED) {
			ice_agent_set_active(&agent, action.pair, now);
			tell_pair("nominated", action.pair);
		}
	}
}

/* -- what is heard ------------------------------------------------------- */

static struct bytes text_of(const char *s)
{
	return bytes_of(s, strlen(s));
}

static void obey(char *line, msec now)
{
	struct candidate c;
	struct bytes ufrag;

	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "ufrag ", 6) == 0)
		snprintf(remote_ufrag, sizeof(remote_ufrag), "%s", line + 6);
	else if (strncmp(line, "pwd ", 4) == 0 &&
		 ice_agent_set_remote(&agent, text_of(remote_ufrag), text_of(line + 4), now))
		return;
	else if (candidate_parse(&c, &ufrag, line))
		ice_agent_add_remote(&agent, text_of(remote_ufrag), &c, now);
	else if (strcmp(line, "end") == 0)
		ice_agent_end_of_candidates(&agent, text_of(remote_ufrag));
	else
		fprintf(stderr, "ice_stdio: what is this: %s\n", line);
}

static void receive(int fd, msec now)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	uint8_t buffer[2048];
	ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&ss, &len);
	struct endpoint from;

	if (n < 0)
		return;		/* somebody's port is closed */
	from = from_sockaddr(&ss);
	if (ice_agent_feed(&agent, &base, &from, bytes_of(buffer, (size_t)n), now) != ICE_NOT_OURS)
		return;
	printf("data %.*s\n", (int)n, (const char *)buffer);
	send_bytes(fd, &from, bytes_of(buffer, (size_t)n));
}

static int wait_for(struct pollfd fds[static 2], msec now)
{
	msec due = ice_agent_due(&agent);
	int timeout = due == NEVER ? -1 : due <= now ? 0 : (int)(due - now);

	fflush(stdout);
	return poll(fds, 2, timeout);
}

/* Lines are short and come whole: who drives this writes them so. */
static bool listen_to_stdin(msec now)
{
	static char buffer[4096];
	ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer) - 1);
	char *rest = buffer, *line;

	if (n <= 0)
		return false;
	buffer[n] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line)
			obey(line, now);
	return true;
}

int main(int argc, char **argv)
{
	static struct rng rng = {.fill = system_fill};
	struct ice_settings settings = {.rng = &rng, .pacer = &pacer};
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};

	if (argc != 3 || !crypto_init()) {
		fprintf(stderr, "usage: ice_stdio ADDRESS controlling|controlled\n");
		return 2;
	}
	fds[1].fd = open_socket(argv[1]);
	settings.controlling = strcmp(argv[2], "controlling") == 0;
	ice_pacer_init(&pacer);
	ice_agent_init(&agent, &settings);
	introduce();
	while (wait_for(fds, clock_now()) >= 0) {
		if ((fds[0].revents & (POLLIN | POLLHUP)) && !listen_to_stdin(clock_now()))
			break;
		if (fds[1].revents & (POLLIN | POLLERR))
			receive(fds[1].fd, clock_now());
		do_all(fds[1].fd, clock_now());
	}
	ice_agent_deinit(&agent);
	return 0;
}
