/* events.c -- what happened to the paths to the peers, and why; until now, or on and on. */
#include "cli/events.h"

#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/since.h"

static int read_request(struct ctl_request *request, const struct invocation *in)
{
	const char *since = in->options->value[OPT_SINCE], *peer = argument(in, 0);

	*request = (struct ctl_request){
		.verb = CTL_EVENTS,
		.follow = in->options->count[OPT_FOLLOW] > 0,
	};
	if (since && !since_parse(&request->since_ms, since, time(NULL)))
		return fail(EXIT_USAGE,
			    "--since is as 10m, 2h, 22:41 or 2026-01-02T22:41:00Z, not '%s'", since);
	if (peer && (!*peer || strlen(peer) >= sizeof(request->peer)))
		return fail(EXIT_USAGE, "a peer is its name, public key or address, not '%s'",
			    peer);
	if (peer)
		strcpy(request->peer, peer);
	return EXIT_OK;
}

struct listening {
	struct events_style style;
	bool follow;
};

/* A stdout that takes nothing is noticed at the end of all commands. */
static bool print_reply(void *context, const json_t *reply)
{
	struct listening *l = context;

	l->style.now = time(NULL);
	events_print(stdout, reply, &l->style);
	return fflush(stdout) == 0 && l->follow;
}

int run_events(const struct invocation *in)
{
	struct listening l = {.style.json = in->options->count[OPT_JSON] > 0};
	struct ctl_request request;
	struct place place;
	char error[CLIENT_ERROR];
	json_t *reply = NULL;
	int code = read_request(&request, in);

	if (!code)
		code = place_find(&place, in->options, NULL);
	if (code)
		return code;
	l.follow = request.follow;
	code = l.follow ? client_follow(&place, &request, print_reply, &l, error)
			: client_ask(&reply, &place, &request, CLIENT_TIMEOUT, error);
	if (code)
		return fail(code, "%s", error);
	if (reply)
		print_reply(&l, reply);
	json_decref(reply);
	return EXIT_OK;
}
