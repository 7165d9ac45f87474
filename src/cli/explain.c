/* explain.c -- why a peer is reached as it is, what was tried, and what to do. */
#include "cli/explain.h"

#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/message.h"

int run_explain(const struct invocation *in)
{
	struct ctl_request request = {.verb = CTL_EXPLAIN};
	const char *peer = argument(in, 0);
	struct place place;
	json_t *reply = NULL;
	int code;

	if (!*peer || strlen(peer) >= sizeof(request.peer))
		return fail(EXIT_USAGE, "a peer is its name, public key or address, not '%s'",
			    peer);
	strcpy(request.peer, peer);
	code = place_find(&place, in->options, NULL);
	if (!code)
		code = client_ask_or_fail(&reply, &place, &request);
	if (code)
		return code;
	json_object_del(reply, "ok");
	if (in->options->count[OPT_JSON])
		return json_out(reply);
	explain_print(stdout, reply);
	json_decref(reply);
	return EXIT_OK;
}
