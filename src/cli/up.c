/* up.c -- start a net.
 *
 *   p2pnet up                          child (own session)
 *   ---------                          -------------------
 *   read the file, say what is wrong
 *   fork ----------------------------> daemon_new(): device, routes, sockets
 *   wait <--- a code and a sentence -- ready, or why not
 *   print it, [wait for sessions]      stderr to /dev/null, log to syslog
 *   exit                               daemon_run()
 *
 * With -f there is no child: the right column runs here, and the log stays on
 * stderr, where a service manager wants it.
 */
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/level.h"
#include "cli/load.h"
#include "cli/message.h"
#include "cli/notify.h"
#include "cli/settings.h"
#include "io/daemon.h"
#include "io/logsink.h"
#include "io/memory.h"

enum { SENTENCE = 512, WAIT_DEFAULT = 10, WAIT_MAX = 86400 };

struct up {
	struct place place;
	bool quiet;
	bool foreground;
	bool waits;
	unsigned wait;			/* seconds */
	enum log_level file_level;	/* as the file said it when it was read last */
	int pipe;			/* to the parent that waits; -1: foreground */
};

/* What the child tells its parent, in one write. */
struct outcome {
	int code;
	char text[SENTENCE];
};

/* -- reload --------------------------------------------------------------- */

static json_t *config_errors(const struct config_report *report, const char *path)
{
	for (size_t i = 0; i < report->len; i++) {
		const struct config_problem *p = &report->problems[i];

		if (p->severity == CONFIG_ERROR)
			return ctl_error(
				EXIT_CONFIG,
				"%s:%u: %s; nothing was changed, and 'p2pnet check %s' lists all",
				p->file, p->line, p->text, path);
	}
	return ctl_error(EXIT_CONFIG, "%s: cannot be read; nothing was changed", path);
}

static void append_warnings(json_t *warnings, const struct config_report *report)
{
	for (size_t i = 0; i < report->len; i++) {
		const struct config_problem *p = &report->problems[i];

		json_array_append_new(warnings,
				      json_sprintf("%s:%u: %s", p->file, p->line, p->text));
	}
}

/* The level that the file asks for holds when it changed there: a reload for another
 * reason does not undo `p2pnet log debug`. */
static void take_level(struct up *up, const struct config *config)
{
	if (config->log_level != up->file_level)
		logsink_set_level(config->log_level);
	up->file_level = config->log_level;
}

static json_t *reconfigure(struct daemon *daemon, struct up *up, const struct config *config)
{
	struct settings settings;
	char error[SENTENCE];
	int code;

	if (!settings_init(&settings, config, &up->place))
		return ctl_error(EXIT_FAILED, "no memory; nothing was changed");
	code = daemon_reconfigure(daemon, &settings.daemon, error);
	settings_deinit(&settings);
	if (code)
		return ctl_error(code, "%s", error);
	take_level(up, config);
	return NULL;
}

static json_t *reload(struct daemon *daemon, void *context, json_t *warnings)
{
	struct up *up = context;
	struct config_report report;
	struct config *config;
	json_t *refusal;

	notify_reloading();
	config = config_load(up->place.config, &report);
	append_warnings(warnings, &report);
	refusal =
		config ? reconfigure(daemon, up, config) : config_errors(&report, up->place.config);
	config_free(config);
	config_report_free(&report);
	notify_ready();
	return refusal;
}

/* -- the net itself ------------------------------------------------------- */

static void describe(char out[static SENTENCE], const struct config *config, const char *net)
{
	char address[CIDR_TEXT] = "no address";

	if (config->addresses_len)
		cidr_format(address, &config->addresses[0]);
	snprintf(out, SENTENCE, "%s is up: %s, udp/%u, %zu peer%s", net, address,
		 (unsigned)config->listen_port, config->peers_len,
		 config->peers_len == 1 ? "" : "s");
}

static int announce_here(const struct up *up, const struct outcome *outcome)
{
	if (outcome->code)
		return fail(outcome->code, "%s", outcome->text);
	if (!up->quiet)
		puts(outcome->text);
	fflush(stdout);
	return EXIT_OK;
}

static void announce(struct up *up, const struct outcome *outcome)
{
	if (up->foreground) {
		announce_here(up, outcome);
		return;
	}
	/* A parent that is gone needs no answer. */
	(void)!write(up->pipe, outcome, sizeof(*outcome));
	close(up->pipe);
}

/* Takes the config. */
static int start(struct daemon **daemon, struct up *up, struct config *config)
{
	const struct daemon_hooks hooks = {.context = up, .reload = reload};
	struct outcome outcome = {0};
	struct settings settings;

	if (settings_init(&settings, config, &up->place)) {
		outcome.code = daemon_new(daemon, &settings.daemon, &hooks, outcome.text);
		settings_deinit(&settings);
	} else {
		outcome.code = EXIT_FAILED;
		snprintf(outcome.text, sizeof(outcome.text), "no memory for the peers of %s",
			 up->place.net);
	}
	if (!outcome.code)
		describe(outcome.text, config, up->place.net);
	config_free(config);
	memory_give_back();	/* with many peers a third of all is what the file took */
	announce(up, &outcome);
	return outcome.code;
}

static void let_go_of_stderr(const struct up *up)
{
	fflush(stderr);
	dup2(STDOUT_FILENO, STDERR_FILENO);	/* which is /dev/null */
	logsink_start_syslog(log_level(), up->place.net);
}

/* Takes the config. */
static int serve(struct up *up, struct config *config)
{
	struct daemon *daemon;
	int code = start(&daemon, up, config);

	if (code)
		return code;
	if (!up->foreground)
		let_go_of_stderr(up);
	notify_ready();
	code = daemon_run(daemon);
	notify_stopping();
	daemon_free(daemon);
	return code;
}

/* -- the background ------------------------------------------------------- */

/* Nothing of the caller's is held: not its terminal, directory, nor files (a lock of the
 * script that started us would else be held as long as the net is up). */
static bool detach(const struct up *up)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || chdir("/"))
		return false;
	signal(SIGPIPE, SIG_IGN);
	setsid();
	if (up->pipe > 3)
		close_range(3, (unsigned)up->pipe - 1, 0);
	close_range((unsigned)up->pipe + 1, ~0u, 0);
	return true;
}

static int hear_outcome(int fd, struct outcome *outcome)
{
	ssize_t n;

	do
		n = read(fd, outcome, sizeof(*outcome));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*outcome) ? 0 : -EPIPE;
}

static int ask_wait(const struct up *up)
{
	struct ctl_request request = {.verb = CTL_WAIT, .seconds = up->wait};
	char error[CLIENT_ERROR];
	json_t *reply = NULL;
	int code = client_ask(&reply, &up->place, &request, up->wait + CLIENT_TIMEOUT, error);

	if (code == EXIT_TIMEOUT)
		return fail(
			code,
			"%s is up, but not every peer with an endpoint has a session after %u s; "
			"'p2pnet status -n %s' shows which has",
			up->place.net, up->wait, up->place.net);
	if (code)
		return fail(code, "%s", error);
	json_decref(reply);
	return EXIT_OK;
}

static int parent(const struct up *up, int fd)
{
	struct outcome outcome = {0};
	int code;

	if (hear_outcome(fd, &outcome))
		return fail(EXIT_FAILED, "%s died while it started; 'p2pnet up -f %s' shows how",
			    up->place.net, up->place.net);
	code = announce_here(up, &outcome);
	if (!code && up->waits)
		code = ask_wait(up);
	return code;
}

/* Takes the config. */
static int go_background(struct up *up, struct config *config)
{
	int fds[2], code;
	pid_t pid;

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC)) {
		config_free(config);
		return fail(EXIT_FAILED, "cannot make a pipe: %s", strerror(errno));
	}
	up->pipe = fds[1];
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(detach(up) ? serve(up, config) : EXIT_FAILED);
	}
	close(fds[1]);
	config_free(config);
	code = pid < 0 ? fail(EXIT_FAILED, "cannot fork: %s", strerror(errno)) : parent(up, fds[0]);
	close(fds[0]);
	return code;
}

/* -- before ---------------------------------------------------------------- */

static int check_right(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &head, data) == 0 && data[0].effective & (1u << CAP_NET_ADMIN))
		return EXIT_OK;
	return fail(EXIT_PERMISSION,
		    "to make a network interface takes root or CAP_NET_ADMIN; try sudo");
}

static int parse_wait(struct up *up, const struct options *o)
{
	const char *text = o->value[OPT_WAIT];

	up->waits = o->count[OPT_WAIT] > 0;
	up->wait = WAIT_DEFAULT;
	if (up->waits && up->foreground)
		return fail(EXIT_USAGE,
			    "--wait goes with the background and -f with the foreground; "
			    "leave one out");
	if (!text)
		return EXIT_OK;
	if (!option_number(&up->wait, text, 0, WAIT_MAX))
		return fail(EXIT_USAGE, "--wait is a number of seconds from 0 to %d, not '%s'",
			    WAIT_MAX, text);
	return EXIT_OK;
}

static int prepare(struct up *up, const struct invocation *in)
{
	const struct options *o = in->options;
	int code;

	up->pipe = -1;
	up->quiet = o->count[OPT_QUIET] > 0;
	up->foreground = o->count[OPT_FOREGROUND] > 0;
	code = parse_wait(up, o);
	if (!code)
		code = place_find(&up->place, o, argument(in, 0));
	if (!code)
		code = place_make_absolute(&up->place);	/* the daemon works from "/" */
	if (!code)
		code = check_right();
	return code;
}

int run_up(const struct invocation *in)
{
	static struct up up;	/* the reload hook needs it as long as the daemon lives */
	struct config *config;
	enum log_level level;
	int code = prepare(&up, in);

	if (!code)
		code = load_config(&config, up.place.config, up.quiet);
	if (code)
		return code;
	up.file_level = level = config->log_level;
	code = level_choose(&level, in->options);
	if (code) {
		config_free(config);
		return code;
	}
	logsink_start(level, up.place.net);
	return up.foreground ? serve(&up, config) : go_background(&up, config);
}
