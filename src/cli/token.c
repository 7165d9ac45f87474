/* token.c -- offer and accept: two peers meet by what people paste to each other.
 *
 *   offer PEER    --> the token on stdout, what to do with it on stderr
 *   accept TOKEN  --> the answer likewise, if the peer needs one; with --wait: until connected
 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/json.h"
#include "cli/message.h"
#include "cli/way.h"
#include "ctl/report.h"

enum {
	EXPIRES_DEFAULT = 60,		/* minutes */
	EXPIRES_MAX = 24 * 60,
	WAIT_DEFAULT = 10,		/* seconds */
	WAIT_MAX = 24 * 60 * 60,
	PATIENCE = 5,			/* seconds that one ping waits */
	COMPLETE_WITHIN = 2,		/* seconds until a token is printed, whoever has not answered */
	ASK_AGAIN = 100 * 1000 * 1000,	/* ns */
};

/* -- printing ---------------------------------------------------------------- */

static void say_expiry(char out[static 64], const json_t *reply)
{
	unsigned long long s = (unsigned long long)report_number(reply, "expires_s", 0);

	if (s < 120)
		snprintf(out, 64, "%llu s", s);
	else
		snprintf(out, 64, "%llu min", (s + 30) / 60);
}

/* One line, which is easy to select or to pipe; flushed, for whoever waits for it. */
static void print_token(const json_t *reply)
{
	puts(report_text(reply, "token", ""));
	fflush(stdout);
}

/* The first offer makes the net ask how others see it; a later one knows. */
static int offer_until_complete(json_t **reply, const struct place *place,
				const struct ctl_request *offer)
{
	const struct timespec pause = {.tv_nsec = ASK_AGAIN};
	double end = client_seconds() + COMPLETE_WITHIN;
	int code = client_ask_or_fail(reply, place, offer);

	while (!code && json_is_false(json_object_get(*reply, "complete")) && client_seconds() < end) {
		json_decref(*reply);
		*reply = NULL;
		nanosleep(&pause, NULL);
		code = client_ask_or_fail(reply, place, offer);
	}
	return code;
}

/* -- offer ------------------------------------------------------------------- */

static int read_expires(struct ctl_request *request, const struct options *o)
{
	const char *text = o->value[OPT_EXPIRES];
	unsigned minutes = EXPIRES_DEFAULT;

	if (text && !option_number(&minutes, text, 1, EXPIRES_MAX))
		return fail(EXIT_USAGE, "--expires is a number of minutes from 1 to %d, not '%s'",
			    EXPIRES_MAX, text);
	request->seconds = minutes * 60;
	return EXIT_OK;
}

int run_offer(const struct invocation *in)
{
	struct ctl_request request = {.verb = CTL_OFFER};
	const char *peer = argument(in, 0);
	struct place place;
	json_t *reply = NULL;
	char expiry[64];
	int code = read_expires(&request, in->options);

	if (!code && (!*peer || strlen(peer) >= sizeof(request.peer)))
		code = fail(EXIT_USAGE, "a peer is its name, public key or address, not '%s'", peer);
	if (code)
		return code;
	strcpy(request.peer, peer);
	code = place_find(&place, in->options, NULL);
	if (!code)
		code = offer_until_complete(&reply, &place, &request);
	if (code)
		return code;
	json_object_del(reply, "ok");
	if (in->options->count[OPT_JSON])
		return json_out(reply);
	print_token(reply);
	say_expiry(expiry, reply);
	note("send this line to %s, who gives it to 'p2pnet accept'; give the answer to 'p2pnet accept' "
	     "here; it expires in %s", report_text(reply, "name", "?"), expiry);
	json_decref(reply);
	return EXIT_OK;
}

/* -- accept ------------------------------------------------------------------ */

struct accepting {
	struct place place;
	struct ctl_request request;
	bool waits;
	unsigned wait;			/* seconds */
	size_t len;
};

/* Mail wraps lines, and quotes nothing here: white space goes. False: too long. */
static bool add_text(struct accepting *a, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(" \t\r\n\v\f", text[i]))
			continue;
		if (a->len + 1 == sizeof(a->request.token))
			return false;
		a->request.token[a->len++] = text[i];
	}
	return true;
}

static bool read_stdin(struct accepting *a)
{
	char text[1024];
	ssize_t n;

	if (isatty(STDIN_FILENO))
		fputs("paste the token, then ^D:\n", stderr);
	while ((n = read(STDIN_FILENO, text, sizeof(text))) > 0) {
		if (!add_text(a, text, (size_t)n))
			return false;
	}
	return n == 0;
}

static int read_token(struct accepting *a, const char *argument)
{
	bool ok = argument ? add_text(a, argument, strlen(argument)) : read_stdin(a);

	if (!ok)
		return fail(EXIT_USAGE, "this is longer than any token; give the token alone");
	if (!a->len)
		return fail(EXIT_USAGE, "no token; give it as an argument or on stdin");
	return EXIT_OK;
}

static int read_wait(struct accepting *a, const struct options *o)
{
	const char *text = o->value[OPT_WAIT];

	a->waits = o->count[OPT_WAIT] > 0;
	a->wait = WAIT_DEFAULT;
	if (text && !option_number(&a->wait, text, 0, WAIT_MAX))
		return fail(EXIT_USAGE, "--wait is a number of seconds from 0 to %d, not '%s'",
			    WAIT_MAX, text);
	return EXIT_OK;
}

/* An answer that does not say yet how others see us is replaced by a later one. */
static int complete_answer(const struct accepting *a, json_t **reply)
{
	struct ctl_request offer = {.verb = CTL_OFFER};
	json_t *later = NULL;
	int code;

	if (!report_text(*reply, "token", NULL) || json_is_true(json_object_get(*reply, "complete")))
		return EXIT_OK;
	snprintf(offer.peer, sizeof(offer.peer), "%s", report_text(*reply, "public_key", ""));
	offer.seconds = (unsigned)report_number(*reply, "expires_s", 0);
	if (!offer.seconds)
		return EXIT_OK;
	code = offer_until_complete(&later, &a->place, &offer);
	if (!code) {
		json_decref(*reply);
		*reply = later;
	}
	return code;
}

/* Its answer through the session proves that there is one, and by which path. */
static int wait_for_peer(const struct accepting *a, const json_t *reply, json_t **way)
{
	const char *name = report_text(reply, "name", "?");
	struct ctl_request ping = {.verb = CTL_PING};
	double end = client_seconds() + a->wait;

	snprintf(ping.peer, sizeof(ping.peer), "%s", report_text(reply, "public_key", ""));
	do {
		double left = end - client_seconds();
		int code;

		ping.seconds = left > PATIENCE ? PATIENCE : left > 0 ? (unsigned)(left + 1) : 0;
		code = client_ask_or_fail(way, &a->place, &ping);
		if (code || json_is_true(json_object_get(*way, "answered")))
			return code;
		json_decref(*way);
		*way = NULL;
	} while (client_seconds() < end);
	return fail(EXIT_TIMEOUT, "%s is not connected after %u s; it goes on, 'p2pnet explain %s' tells "
		    "how far it is", name, a->wait, name);
}

static void say_accepted(const json_t *reply)
{
	const char *name = report_text(reply, "name", "?");
	char expiry[64];

	if (!report_text(reply, "token", NULL)) {
		note("%s is looked for with what this token says", name);
		return;
	}
	print_token(reply);
	say_expiry(expiry, reply);
	note("send this line back to %s, who gives it to 'p2pnet accept'; it expires in %s", name,
	     expiry);
}

/* The answer is printed before it is waited for: nobody connects without it. */
static int conclude(const struct accepting *a, json_t *reply, bool json)
{
	char way[WAY_TEXT];
	json_t *pong = NULL;
	int code = EXIT_OK;

	if (!json)
		say_accepted(reply);
	if (a->waits)
		code = wait_for_peer(a, reply, &pong);
	if (pong && !json)
		note("%s is connected: %s", report_text(reply, "name", "?"),
		     format_way(way, json_object_get(pong, "path")));
	if (pong)
		json_object_set(reply, "path", json_object_get(pong, "path"));
	json_decref(pong);
	return code;
}

int run_accept(const struct invocation *in)
{
	static struct accepting a = {.request.verb = CTL_ACCEPT};
	bool json = in->options->count[OPT_JSON] > 0;
	json_t *reply = NULL;
	int code = read_wait(&a, in->options);

	if (!code)
		code = place_find(&a.place, in->options, NULL);
	if (!code)
		code = read_token(&a, argument(in, 0));
	if (!code)
		code = client_ask_or_fail(&reply, &a.place, &a.request);
	if (!code)
		code = complete_answer(&a, &reply);
	if (code)
		return code;
	json_object_del(reply, "ok");
	code = conclude(&a, reply, json);
	if (!json) {
		json_decref(reply);
		return code;
	}
	return json_out(reply) ? EXIT_FAILED : code;
}
