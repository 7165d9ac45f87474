/* ping.c -- ask a peer through its session, once a second.
 *
 *	ask --reply, or none in 5 s--> print --> enough? --> the tally
 *	 ^                                         |
 *	 '------- what is left of the interval ----'
 */
#include "cli/ping.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/msec.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/message.h"

/* As ping(8) has them. */
enum { PING_REPLY = 0, PING_NO_REPLY = 1, PING_ERROR = 2 };

enum { PATIENCE = 5 /* s */, COUNT_MAX = 1000000, INTERVAL_MAX = 3600 /* s */ };

#define INTERVAL_MIN 0.2	/* s; faster ones would not all be answered */

struct pinging {
	struct place place;
	struct ctl_request request;
	unsigned count;			/* 0: no end */
	double interval;		/* s */
	bool until_direct, json, quiet;
	struct ping_tally tally;
	json_t *replies;
};

/* -- what was asked for ------------------------------------------------------ */

static bool number_of(double *out, const char *text, double min, double max)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && *out >= min && *out <= max;	/* and no NaN */
}

static int read_options(struct pinging *p, const struct options *o)
{
	const char *count = o->value[OPT_COUNT], *interval = o->value[OPT_INTERVAL];
	double n = 0;

	if (count && (!number_of(&n, count, 1, COUNT_MAX) || n != (unsigned)n))
		return fail(PING_ERROR,
			    "--count is a whole number from 1 to %d, not '%s'; the file is --config",
			    COUNT_MAX, count);
	p->count = (unsigned)n;
	p->interval = 1;
	if (interval && !number_of(&p->interval, interval, INTERVAL_MIN, INTERVAL_MAX))
		return fail(PING_ERROR, "--interval is a number of seconds from %.1f to %d, not '%s'",
			    INTERVAL_MIN, INTERVAL_MAX, interval);
	p->until_direct = o->count[OPT_UNTIL_DIRECT] > 0;
	p->json = o->count[OPT_JSON] > 0;
	p->quiet = o->count[OPT_QUIET] > 0;
	return EXIT_OK;
}

static int set_up(struct pinging *p, const struct invocation *in)
{
	const char *peer = argument(in, 0);
	int code = read_options(p, in->options);

	if (code)
		return code;
	if (!*peer || strlen(peer) >= sizeof(p->request.peer))
		return fail(PING_ERROR, "a peer is its name, public key or address, not '%s'",
			    peer);
	p->request.verb = CTL_PING;
	p->request.seconds = PATIENCE;
	strcpy(p->request.peer, peer);
	return place_find(&p->place, in->options, NULL) ? PING_ERROR : EXIT_OK;
}

/* -- asking ------------------------------------------------------------------ */

static void on_interrupt(int signal)
{
	(void)signal;
	client_interrupted = 1;
}

/* Takes the reply. */
static void note_reply(struct pinging *p, json_t *reply)
{
	ping_count(&p->tally, reply);
	if (p->json) {
		json_object_del(reply, "ok");
		json_object_del(reply, "net");
		json_array_append(p->replies, reply);
	} else if (!p->quiet) {
		ping_print_reply(stdout, reply);
		fflush(stdout);
	}
	json_decref(reply);
}

/* PING_ERROR, and the sentence is printed; or PING_REPLY: go on. */
static int ask_once(struct pinging *p)
{
	char error[CLIENT_ERROR];
	json_t *reply;
	int code = client_ask(&reply, &p->place, &p->request, PATIENCE + CLIENT_TIMEOUT, error);

	if (code && !client_interrupted)
		return fail(PING_ERROR, "%s", error);
	if (!code)
		note_reply(p, reply);
	return PING_REPLY;
}

static bool is_direct(const struct pinging *p)
{
	return p->tally.path && strcmp(p->tally.path, "direct") == 0;
}

static bool is_enough(const struct pinging *p)
{
	return client_interrupted || ferror(stdout) || (p->count && p->tally.sent >= p->count) ||
	       (p->until_direct && is_direct(p));
}

/* Not at all if the answer took longer than that. */
static void rest(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds};

	if (seconds <= 0)
		return;
	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

static int ask_all(struct pinging *p)
{
	for (;;) {
		double start = client_seconds();
		int code = ask_once(p);

		if (code || is_enough(p))
			return code;
		rest(start + p->interval - client_seconds());
		if (is_enough(p))
			return PING_REPLY;
	}
}

static int conclude(struct pinging *p)
{
	bool well = p->until_direct ? is_direct(p) : p->tally.received > 0;

	if (p->json) {
		int code = json_out(ping_report(&p->tally, p->place.net, p->replies));

		p->replies = NULL;
		if (code)
			return PING_ERROR;
	} else {
		ping_print_tally(stdout, &p->tally);
	}
	return well ? PING_REPLY : PING_NO_REPLY;
}

int run_ping(const struct invocation *in)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	static struct pinging p;
	int code = set_up(&p, in);

	if (code)
		return code;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	p.replies = json_array();
	code = ask_all(&p);
	if (!code)
		code = conclude(&p);
	json_decref(p.replies);
	return code;
}
