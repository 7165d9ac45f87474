/* status.c -- who is connected, by which path; once or every second. */
#include "cli/status.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/message.h"

static bool wants_color(const struct options *o)
{
	const char *when = o->value[OPT_COLOR], *no_color = getenv("NO_COLOR"),
		   *term = getenv("TERM");

	if ((when && strcmp(when, "never") == 0) || (no_color && *no_color))
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int show_once(const struct invocation *in, const struct place *place)
{
	const struct ctl_request request = {.verb = CTL_STATUS};
	const struct options *o = in->options;
	struct status_style style = {.color = wants_color(o), .verbose = o->count[OPT_VERBOSE] > 0};
	const char *peer = argument(in, 0);
	json_t *report = NULL;
	int code = client_ask_or_fail(&report, place, &request);

	if (code)
		return code;
	json_object_del(report, "ok");
	if (peer && !status_keep_peer(report, peer)) {
		json_decref(report);
		return fail(EXIT_UNKNOWN, "%s has no peer '%s'; 'p2pnet status -n %s' lists them",
			    place->net, peer, place->net);
	}
	if (o->count[OPT_JSON])
		return json_out(report);
	status_print(stdout, report, &style);
	json_decref(report);
	return EXIT_OK;
}

/* -- watch ----------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* Until a second is over. True: q, the end of stdin, or ^C. */
static bool wait_for_end(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char c;

	if (poll(&in, 1, 1000) <= 0)
		return interrupted;
	return read(STDIN_FILENO, &c, 1) <= 0 || c == 'q' || c == 'Q' || c == 4 /* ^D */;
}

static int watch_loop(const struct invocation *in, const struct place *place)
{
	bool clear = isatty(STDOUT_FILENO) && !in->options->count[OPT_JSON];
	int code;

	do {
		if (clear)
			fputs("\033[H\033[2J", stdout);
		code = show_once(in, place);
		fflush(stdout);
	} while (!code && !ferror(stdout) && !interrupted && !wait_for_end());
	return code;
}

/* Keys come one by one and unseen, and the terminal is as before in the end. */
static int watch(const struct invocation *in, const struct place *place)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	struct termios before, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int code;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (terminal) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	code = watch_loop(in, place);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return code;
}

int run_status(const struct invocation *in)
{
	struct place place;
	int code = place_find(&place, in->options, NULL);

	if (code)
		return code;
	return in->options->count[OPT_WATCH] ? watch(in, &place) : show_once(in, &place);
}
