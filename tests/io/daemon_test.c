/* daemon_test.c -- a whole daemon in a network namespace of its own.
 *
 *   this thread     daemon_new --> daemon_run ............................. --> daemon_free
 *   the visitor                        '--> asks, looks around, stops it --'
 *
 * The visitor only notes what it sees; the test judges when the daemon is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <grp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/offload.h"
#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "ctl/report.h"
#include "ctl/request.h"
#include "io/daemon.h"
#include "io/random.h"
#include "scratch.h"
#include "tun/link.h"

#define DEVICE "p2ptest0"

enum { PORT = 41999, OTHER_PORT = 42000, NOBODY = 65534, NOTES = 4 };

static uint8_t our_private[KEY_LEN], our_public[KEY_LEN];
static uint8_t peer_private[KEY_LEN], peer_public[KEY_LEN];

/* -- what it is made from -------------------------------------------------- */

static struct cidr address, peer_ips[2];
static struct node_peer_settings peer;

static struct daemon_settings settings_for_test(void)
{
	struct daemon_settings s = {
		.net = "home",
		.name = "nas",
		.device = DEVICE,
		.config_path = "/etc/p2pnet/home.conf",
		.socket_path = scratch_path("run/home.sock"),
		.state_dir = scratch_path("state"),
		.version = "0.1.0",
		.table = ROUTE_TABLE_MAIN,
		.mtu = 1400,
		.offloads = OFFLOAD_ALL,
		.addresses = &address,
		.addresses_len = 1,
		.tcp = true,
	};

	cidr_parse(&address, "10.77.0.1/24");
	cidr_parse(&peer_ips[0], "10.77.0.2/32");
	cidr_parse(&peer_ips[1], "192.168.40.0/24");
	peer = (struct node_peer_settings){
		.name = "laptop",
		.allowed_ips = peer_ips,
		.allowed_ips_len = 1,
	};
	memcpy(peer.public_key, peer_public, KEY_LEN);
	s.node = (struct node_settings){
		.addresses = &address,
		.addresses_len = 1,
		.listen_port = PORT,
		.mtu = 1400,
		.peers = &peer,
		.peers_len = 1,
	};
	memcpy(s.node.private_key, our_private, KEY_LEN);
	return s;
}

/* -- the visitor ----------------------------------------------------------- */

static json_t *notes[NOTES];		/* replies, in order */
static size_t notes_len;

/* Blocks for the whole reply, up to its end. */
static void ask(const char *line)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	static char reply[1 << 16];
	size_t len = 0;
	ssize_t n = 1;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/run/home.sock", scratch_dir);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    send(fd, line, strlen(line), MSG_NOSIGNAL) > 0) {
		for (; n > 0 && len < sizeof(reply); len += (size_t)n)
			n = read(fd, reply + len, sizeof(reply) - len);
	}
	close(fd);
	notes[notes_len++] = json_loadb(reply, len, 0, NULL);
}

static void *visit(void *visitor)
{
	void (*see)(void);

	memcpy(&see, visitor, sizeof(see));
	see();
	return NULL;
}

/* Up, visited, down: what daemon_run() said. */
static int run_visited(struct daemon *daemon, void (*visitor)(void))
{
	pthread_t thread;
	int code;

	notes_len = 0;
	pthread_create(&thread, NULL, visit, &visitor);
	code = daemon_run(daemon);
	pthread_join(thread, NULL);
	return code;
}

static struct daemon *start(const struct daemon_settings *s, const struct daemon_hooks *hooks)
{
	struct daemon *daemon = NULL;
	char error[512] = "";
	int code = daemon_new(&daemon, s, hooks, error);

	if (code)
		fail_msg("%d: %s", code, error);
	return daemon;
}

static void forget_notes(void)
{
	for (size_t i = 0; i < NOTES; i++) {
		json_decref(notes[i]);
		notes[i] = NULL;
	}
}

static bool note_is_ok(size_t i)
{
	return json_is_true(json_object_get(notes[i], "ok"));
}

static int note_code(size_t i)
{
	return (int)report_number(notes[i], "code", 0);
}

#define STATUS "{\"verb\":\"status\"}\n"
#define DOWN "{\"verb\":\"down\"}\n"
#define RELOAD "{\"verb\":\"reload\"}\n"

static bool nothing_is_left(void)
{
	return if_nametoindex(DEVICE) == 0 && !scratch_has("run/home.sock") &&
	       !scratch_has("run/home.lock");
}

/* As the kernel has it: an IPv4 route by this interface. */
static bool has_route(const char *network, const char *device)
{
	FILE *f = fopen("/proc/net/route", "r");
	char line[256], name[64];
	struct ip ip;
	unsigned to, want;
	bool found = false;

	ip_parse(&ip, network);
	memcpy(&want, ip.bytes, 4);
	while (f && fgets(line, sizeof(line), f))
		found |= sscanf(line, "%63s %x", name, &to) == 2 && to == want &&
			 strcmp(name, device) == 0;
	if (f)
		fclose(f);
	return found;
}

/* By TCP on the loopback; closed again. */
static bool can_be_called(int domain)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed;

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	failed = domain == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
				   : connect(fd, (struct sockaddr *)&v6, sizeof(v6));
	close(fd);
	return !failed;
}

static bool note_has_address(void *context, uint32_t ifindex, const struct cidr *has)
{
	bool *found = context;

	*found |= ifindex == if_nametoindex(DEVICE) && cidr_equal(has, &address);
	return true;
}

static bool has_address(void)
{
	struct link *link;
	bool found = false;

	if (link_open(&link))
		return false;
	link_each_address(link, note_has_address, &found);
	link_free(link);
	return found;
}

/* -- up and down ----------------------------------------------------------- */

static bool saw_address, saw_socket, saw_lock, saw_tcp4, saw_tcp6;

static void look_around_and_stop(void)
{
	saw_address = has_address();
	saw_socket = scratch_mode("run/home.sock") == 0666;
	saw_lock = scratch_has("run/home.lock");
	saw_tcp4 = can_be_called(AF_INET);
	saw_tcp6 = can_be_called(AF_INET6);
	ask(STATUS);
	ask(DOWN);
}

static void comes_up_answers_and_leaves_nothing(void **state)
{
	struct daemon_settings s = settings_for_test();
	size_t before = count_fds();
	struct daemon *daemon = start(&s, NULL);
	char key[KEY_TEXT];
	json_t *self, *first;

	(void)state;
	assert_int_equal(run_visited(daemon, look_around_and_stop), 0);
	daemon_free(daemon);
	assert_true(nothing_is_left());
	assert_int_equal(count_fds(), before);
	assert_true(saw_address && saw_socket && saw_lock && saw_tcp4 && saw_tcp6);
	assert_int_equal(scratch_mode("state"), 0700);

	assert_true(note_is_ok(0) && note_is_ok(1));
	assert_int_equal(report_number(notes[0], "schema", 0), REPORT_SCHEMA);
	assert_string_equal(report_text(notes[0], "net", ""), "home");
	assert_int_equal(report_number(notes[0], "pid", 0), getpid());
	self = json_object_get(notes[0], "self");
	assert_string_equal(report_text(self, "name", ""), "nas");
	assert_string_equal(report_text(self, "device", ""), DEVICE);
	assert_string_equal(report_text(self, "public_key", ""), key_to_base64(key, our_public));
	assert_string_equal(json_string_value(json_array_get(json_object_get(self, "addresses"), 0)),
			    "10.77.0.1/24");
	assert_int_equal(report_number(self, "listen_port", 0), PORT);
	assert_int_equal(report_number(self, "mtu", 0), 1400);
	assert_true(report_number(self, "fwmark", 0) != 0);
	assert_int_equal(report_number(json_object_get(self, "counters"), "bad_mac1", -1), 0);
	assert_int_equal(report_number(json_object_get(self, "counters"), "udp_too_big", -1), 0);
	assert_int_equal(report_number(json_object_get(self, "counters"), "stream_queue_full", -1),
			 0);
	first = json_array_get(json_object_get(notes[0], "peers"), 0);
	assert_string_equal(report_text(first, "name", ""), "laptop");
	assert_string_equal(report_text(first, "state", ""), "idle");
	assert_string_equal(report_text(first, "public_key", ""), key_to_base64(key, peer_public));
	assert_true(json_is_false(json_object_get(first, "preshared_key")));
	assert_true(json_is_null(json_object_get(first, "path")));
	assert_true(json_is_null(json_object_get(first, "last_handshake")));
	forget_notes();
}

static void ask_and_stop(void)
{
	ask(STATUS);
	ask(DOWN);
}

static void threads_that_encrypt_come_and_go(void **state)
{
	struct daemon_settings s = settings_for_test();
	size_t before = count_threads();
	struct daemon *daemon;
	json_t *data_path;

	(void)state;
	s.queues = 3;
	daemon = start(&s, NULL);
	assert_int_equal(count_threads(), before + 2);
	assert_int_equal(run_visited(daemon, ask_and_stop), 0);
	daemon_free(daemon);
	assert_true(has_threads_soon(before));
	data_path = json_object_get(notes[0], "data_path");
	assert_int_equal(report_number(data_path, "threads", 0), 3);
	assert_int_equal(report_number(data_path, "helped", -1), 0);
	forget_notes();
}

static void without_tcp_nobody_listens_there(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;

	(void)state;
	s.tcp = false;
	daemon = start(&s, NULL);
	assert_int_equal(run_visited(daemon, look_around_and_stop), 0);
	daemon_free(daemon);
	assert_true(saw_address && !saw_tcp4 && !saw_tcp6);
	forget_notes();
}

/* Another program has the port: that is a warning. */
static void a_tcp_port_that_is_taken_is_done_without(void **state)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 1), 0);
	daemon = start(&s, NULL);
	close(fd);
	assert_int_equal(run_visited(daemon, look_around_and_stop), 0);
	daemon_free(daemon);
	assert_true(saw_address && !saw_tcp4 && !saw_tcp6);
	forget_notes();
}

static void no_secret_is_in_the_report(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;
	char key[KEY_TEXT], *text;

	(void)state;
	memset(peer.psk, 0x55, KEY_LEN);
	daemon = start(&s, NULL);
	assert_int_equal(run_visited(daemon, look_around_and_stop), 0);
	daemon_free(daemon);
	text = json_dumps(notes[0], 0);
	assert_non_null(strstr(text, "\"preshared_key\": true"));
	assert_null(strstr(text, key_to_base64(key, our_private)));
	assert_null(strstr(text, key_to_base64(key, peer.psk)));
	free(text);
	forget_notes();
}

static void ask_then_terminate(void)
{
	ask(STATUS);
	kill(getpid(), SIGTERM);
}

static void a_signal_stops_it_too(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, NULL);

	(void)state;
	assert_int_equal(run_visited(daemon, ask_then_terminate), 0);
	daemon_free(daemon);
	assert_true(note_is_ok(0));
	assert_true(nothing_is_left());
	forget_notes();
}

static void one_that_comes_before_the_loop_is_not_lost(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, NULL);

	(void)state;
	kill(getpid(), SIGINT);
	assert_int_equal(daemon_run(daemon), 0);
	daemon_free(daemon);
	assert_true(nothing_is_left());
}

static void take_the_device_away(void)
{
	if (system("ip link del " DEVICE))
		kill(getpid(), SIGTERM);
}

static void a_device_that_is_taken_away_ends_it(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, NULL);

	(void)state;
	assert_int_equal(run_visited(daemon, take_the_device_away), EXIT_FAILED);
	daemon_free(daemon);
	assert_true(nothing_is_left());
}

static void ask_and_set_the_level(void)
{
	ask("{\"verb\":\"log\"}\n");
	ask("{\"verb\":\"log\",\"level\":\"error\"}\n");
	ask("{\"verb\":\"wait\",\"seconds\":60}\n");
	ask(DOWN);
}

static void the_log_level_is_asked_and_set(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;

	(void)state;
	log_to(NULL, LOG_WARN);
	daemon = start(&s, NULL);
	assert_int_equal(run_visited(daemon, ask_and_set_the_level), 0);
	daemon_free(daemon);
	assert_string_equal(report_text(notes[0], "level", ""), "warn");
	assert_string_equal(report_text(notes[1], "level", ""), "error");
	assert_true(note_is_ok(2));	/* no peer has an endpoint: nothing to wait for */
	forget_notes();
	log_to(NULL, LOG_ERROR);
}

static void ask_for_a_peer(void)
{
	ask("{\"verb\":\"explain\",\"peer\":\"10.77.0.2\"}\n");
	ask("{\"verb\":\"ping\",\"peer\":\"laptop\",\"seconds\":0}\n");
	ask("{\"verb\":\"explain\",\"peer\":\"nobody\"}\n");
	ask("{\"verb\":\"ping\",\"peer\":\"nobody\",\"seconds\":60}\n");
	kill(getpid(), SIGTERM);
}

/* The peer has no endpoint, and nobody is there who could be asked. */
static void a_peer_that_cannot_be_reached_is_explained(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, NULL);
	json_t *channels;

	(void)state;
	assert_int_equal(run_visited(daemon, ask_for_a_peer), 0);
	daemon_free(daemon);
	assert_true(note_is_ok(0) && note_is_ok(1));
	assert_int_equal(report_number(notes[0], "schema", 0), REPORT_SCHEMA);
	assert_string_equal(report_text(notes[0], "name", ""), "laptop");
	assert_string_equal(report_text(notes[0], "state", ""), "idle");
	assert_string_equal(report_text(notes[0], "verdict", ""), "no_channel");
	assert_non_null(report_text(notes[0], "fix", NULL));
	assert_true(json_is_null(json_object_get(notes[0], "path")));
	assert_string_equal(report_text(json_object_get(notes[0], "self"), "nat", ""), "unknown");
	assert_true(json_is_array(json_object_get(notes[0], "pairs")));
	channels = json_object_get(notes[0], "channels");
	assert_string_equal(report_text(json_array_get(channels, 0), "kind", ""), "lan");

	assert_true(json_is_false(json_object_get(notes[1], "answered")));
	assert_true(json_is_null(json_object_get(notes[1], "rtt_ms")));
	assert_string_equal(report_text(notes[1], "why", ""), report_text(notes[0], "why", "?"));
	assert_int_equal(note_code(2), EXIT_UNKNOWN);
	assert_int_equal(note_code(3), EXIT_UNKNOWN);
	forget_notes();
}

/* -- starts that fail ------------------------------------------------------ */

static void fails_with(const struct daemon_settings *s, int code, const char *says)
{
	struct daemon *daemon = NULL;
	size_t before = count_fds(), threads = count_threads();
	char error[512] = "";

	assert_int_equal(daemon_new(&daemon, s, NULL, error), code);
	assert_null(daemon);
	if (!strstr(error, says))
		fail_msg("\"%s\" does not say \"%s\"", error, says);
	assert_int_equal(count_fds(), before);
	assert_true(has_threads_soon(threads));
}

static void a_net_that_is_up_is_not_started_twice(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, NULL);
	char says[64];

	(void)state;
	snprintf(says, sizeof(says), "home is up already (pid %ld)", (long)getpid());
	fails_with(&s, EXIT_FAILED, says);
	assert_true(if_nametoindex(DEVICE) != 0);
	assert_true(scratch_has("run/home.sock") && scratch_has("run/home.lock"));
	daemon_free(daemon);
	assert_true(nothing_is_left());
}

static void every_step_that_fails_is_undone(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	scratch_write("file", "");
	s.socket_path = scratch_path("file/home.sock");
	fails_with(&s, EXIT_FAILED, "cannot lock");

	s = settings_for_test();
	s.state_dir = scratch_path("file");
	fails_with(&s, EXIT_FAILED, "state directory");
	assert_true(nothing_is_left());

	s = settings_for_test();
	s.device = "lo";
	fails_with(&s, EXIT_FAILED, "device =");
	assert_true(nothing_is_left());

	s = settings_for_test();
	memset(peer.public_key, 0, KEY_LEN);
	fails_with(&s, EXIT_CONFIG, "laptop");
	assert_true(nothing_is_left());

	s = settings_for_test();
	s.queues = 2;
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	fails_with(&s, EXIT_FAILED, "listen_port =");
	close(fd);
	assert_true(nothing_is_left());

	s = settings_for_test();
	assert_int_equal(mkdir(scratch_path("run/home.sock"), 0755), 0);
	fails_with(&s, EXIT_FAILED, "in the way");
	assert_int_equal(rmdir(scratch_path("run/home.sock")), 0);
	assert_true(nothing_is_left());
	assert_false(has_route("10.77.0.0", DEVICE));
}

static void without_rights_it_says_sudo(void **state)
{
	struct daemon_settings s = settings_for_test();
	int status = 0;
	pid_t pid;

	(void)state;
	chmod(scratch_dir, 0777);
	pid = fork();
	if (pid == 0) {
		struct daemon *daemon;
		char error[512];
		int code;

		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(100);
		code = daemon_new(&daemon, &s, NULL, error);
		_exit(strstr(error, "try sudo") ? code : 101);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), EXIT_PERMISSION);
	assert_true(nothing_is_left());
}

/* -- changes --------------------------------------------------------------- */

static struct daemon_settings next_settings;
static unsigned reloads;
static bool route_before, route_after;

static json_t *reload(struct daemon *daemon, void *context, json_t *warnings)
{
	char error[512];
	int code = daemon_reconfigure(daemon, &next_settings, error);

	(void)context;
	reloads++;
	json_array_append_new(warnings, json_string("home.conf:7: a warning"));
	return code ? ctl_error(code, "%s", error) : NULL;
}

static const struct daemon_hooks reload_hooks = {.reload = reload};

static void reload_and_look(void)
{
	route_before = has_route("192.168.40.0", DEVICE);
	ask(RELOAD);
	route_after = has_route("192.168.40.0", DEVICE);
	ask(STATUS);
	ask(DOWN);
}

static void a_reload_brings_new_routes_and_names(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, &reload_hooks);
	json_t *peers;

	(void)state;
	next_settings = settings_for_test();
	next_settings.name = "nas2";
	peer.allowed_ips_len = 2;
	assert_int_equal(run_visited(daemon, reload_and_look), 0);
	daemon_free(daemon);
	assert_true(note_is_ok(0));
	assert_int_equal(json_array_size(json_object_get(notes[0], "warnings")), 1);
	assert_false(route_before);
	assert_true(route_after);
	assert_string_equal(report_text(json_object_get(notes[1], "self"), "name", ""), "nas2");
	peers = json_object_get(notes[1], "peers");
	assert_int_equal(json_array_size(json_object_get(json_array_get(peers, 0), "ips")), 2);
	assert_true(nothing_is_left());
	forget_notes();
}

static void a_reload_that_fails_changes_nothing(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;

	(void)state;
	peer.allowed_ips_len = 2;
	daemon = start(&s, &reload_hooks);
	next_settings = settings_for_test();	/* without the second network, ... */
	memset(peer.public_key, 0, KEY_LEN);	/* ... and with a key that cannot be */
	assert_int_equal(run_visited(daemon, reload_and_look), 0);
	daemon_free(daemon);
	assert_int_equal(note_code(0), EXIT_CONFIG);
	assert_true(route_before && route_after);
	assert_int_equal(json_array_size(json_object_get(notes[1], "peers")), 1);
	forget_notes();
}

static void what_needs_a_restart_is_said(void **state)
{
	static const char *const words[] = {"device", "listen_port", "fwmark",
					     "mtu", "tcp", "offload", "queues"};
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;
	char error[512];

	(void)state;
	s.fwmark = 1;
	daemon = start(&s, NULL);
	for (size_t i = 0; i < 7; i++) {
		struct daemon_settings next = settings_for_test();

		next.fwmark = i == 2 ? 2 : 1;
		next.device = i == 0 ? "other0" : DEVICE;
		next.node.listen_port = i == 1 ? OTHER_PORT : PORT;
		next.mtu = i == 3 ? 1300 : 1400;
		next.tcp = i != 4;
		next.queues = i == 6 ? 2 : 0;
		next.offloads = i == 5 ? OFFLOAD_TUN_GSO : OFFLOAD_ALL;
		assert_int_equal(daemon_reconfigure(daemon, &next, error), EXIT_CONFIG);
		assert_int_equal(strncmp(error, words[i], strlen(words[i])), 0);
	}
	daemon_free(daemon);
}

static void ask_for_a_reload_by_signal(void)
{
	kill(getpid(), SIGHUP);
	while (!reloads)
		sched_yield();
	ask(RELOAD);
	ask(DOWN);
}

static void sighup_reloads(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, &reload_hooks);

	(void)state;
	next_settings = settings_for_test();
	reloads = 0;
	assert_int_equal(run_visited(daemon, ask_for_a_reload_by_signal), 0);
	daemon_free(daemon);
	assert_int_equal(reloads, 2);
	forget_notes();
}

static void reload_then_down(void)
{
	ask(RELOAD);
	ask(DOWN);
}

static void without_a_hook_there_is_no_reload(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon = start(&s, NULL);

	(void)state;
	assert_int_equal(run_visited(daemon, reload_then_down), 0);
	daemon_free(daemon);
	assert_int_equal(note_code(0), EXIT_FAILED);
	forget_notes();
}

/* -- two of them ----------------------------------------------------------- */

/* The other end, in a child: until it is killed. */
static pid_t start_other(void)
{
	struct daemon_settings s = settings_for_test();
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct daemon *daemon;
		char error[512];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		s.net = "away";
		s.device = "p2ptest1";
		s.socket_path = scratch_path("run/away.sock");
		s.state_dir = scratch_path("away");
		cidr_parse(&address, "10.77.0.2/32");
		cidr_parse(&peer_ips[0], "10.77.0.1/32");
		memcpy(s.node.private_key, peer_private, KEY_LEN);
		memcpy(peer.public_key, our_public, KEY_LEN);
		s.node.listen_port = OTHER_PORT;
		if (daemon_new(&daemon, &s, NULL, error) || write(ready[1], "r", 1) != 1)
			_exit(1);
		daemon_run(daemon);
		daemon_free(daemon);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void wait_and_look(void)
{
	ask("{\"verb\":\"wait\",\"seconds\":30}\n");
	ask(STATUS);
	ask(DOWN);
}

/* By name, so the resolver has its part; the mark of the clock is on disk before it sends. */
static void two_find_each_other_and_shake_hands(void **state)
{
	struct daemon_settings s;
	struct daemon *daemon;
	pid_t other = start_other();
	json_t *first, *path;
	int status;

	(void)state;
	s = settings_for_test();
	peer.endpoint_host = "localhost";
	peer.endpoint_port = OTHER_PORT;
	daemon = start(&s, NULL);
	assert_int_equal(run_visited(daemon, wait_and_look), 0);
	daemon_free(daemon);
	kill(other, SIGTERM);
	waitpid(other, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(note_is_ok(0));
	first = json_array_get(json_object_get(notes[1], "peers"), 0);
	assert_string_equal(report_text(first, "state", ""), "direct");
	assert_string_equal(report_text(first, "endpoint", ""), "localhost:42000");
	assert_true(report_number(first, "rtt_ms", -1) >= 0);
	assert_true(report_number(first, "handshake_age_s", -1) >= 0);
	assert_non_null(report_text(first, "last_handshake", NULL));
	path = json_object_get(first, "path");
	assert_non_null(strstr(report_text(path, "remote", ""), ":42000"));
	assert_non_null(report_text(path, "local", NULL));
	assert_true(scratch_has("state/handshakes") && !scratch_has("state/handshakes.new"));
	forget_notes();
}

static void wait_in_vain(void)
{
	ask("{\"verb\":\"wait\",\"seconds\":0}\n");
	ask(DOWN);
}

static void wait_in_vain_says_timeout(void **state)
{
	struct daemon_settings s = settings_for_test();
	struct daemon *daemon;

	(void)state;
	peer.endpoint_host = "127.0.0.1";
	peer.endpoint_port = OTHER_PORT;
	daemon = start(&s, NULL);
	assert_int_equal(run_visited(daemon, wait_in_vain), 0);
	daemon_free(daemon);
	assert_int_equal(note_code(0), EXIT_TIMEOUT);
	assert_true(nothing_is_left());
	forget_notes();
}

/* libuv keeps two descriptors for signals from its first loop on: make that one now. */
static int once(void **state)
{
	struct rng rng;
	struct daemon_settings s;
	struct daemon *daemon;
	char error[512];

	random_init(&rng);
	if (!crypto_init() || scratch_begin(state))
		return -1;
	key_generate(our_private, &rng);
	key_generate(peer_private, &rng);
	x25519_public(our_public, our_private);
	x25519_public(peer_public, peer_private);
	s = settings_for_test();
	if (daemon_new(&daemon, &s, NULL, error)) {
		fprintf(stderr, "%s\n", error);
		return -1;
	}
	daemon_free(daemon);
	return scratch_end(state);
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
	const struct CMUnitTest tests[] = {
		in_scratch(comes_up_answers_and_leaves_nothing),
		in_scratch(threads_that_encrypt_come_and_go),
		in_scratch(without_tcp_nobody_listens_there),
		in_scratch(a_tcp_port_that_is_taken_is_done_without),
		in_scratch(no_secret_is_in_the_report),
		in_scratch(a_signal_stops_it_too),
		in_scratch(one_that_comes_before_the_loop_is_not_lost),
		in_scratch(a_device_that_is_taken_away_ends_it),
		in_scratch(the_log_level_is_asked_and_set),
		in_scratch(a_peer_that_cannot_be_reached_is_explained),
		in_scratch(a_net_that_is_up_is_not_started_twice),
		in_scratch(every_step_that_fails_is_undone),
		in_scratch(without_rights_it_says_sudo),
		in_scratch(a_reload_brings_new_routes_and_names),
		in_scratch(a_reload_that_fails_changes_nothing),
		in_scratch(what_needs_a_restart_is_said),
		in_scratch(sighup_reloads),
		in_scratch(without_a_hook_there_is_no_reload),
		in_scratch(two_find_each_other_and_shake_hands),
		in_scratch(wait_in_vain_says_timeout),
	};

	if (unshare(CLONE_NEWNET) || system("ip link set lo up")) {
		fprintf(stderr, "skipped: a network namespace needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, once, NULL);
}
