/* reload.c -- have a running net read its file again. */
#include "cli/reload.h"

#include "cli/command.h"
#include "cli/message.h"

int reload_net(const struct place *place, char error[static CLIENT_ERROR])
{
	const struct ctl_request request = {.verb = CTL_RELOAD};
	json_t *reply = NULL, *warning;
	size_t i;
	int code = client_ask(&reply, place, &request, CLIENT_TIMEOUT, error);

	if (code)
		return code;
	json_array_foreach(json_object_get(reply, "warnings"), i, warning)
		note("%s", json_string_value(warning) ? json_string_value(warning) : "");
	json_decref(reply);
	return EXIT_OK;
}

int run_reload(const struct invocation *in)
{
	char error[CLIENT_ERROR];
	struct place place;
	int code = place_find(&place, in->options, argument(in, 0));

	if (code)
		return code;
	code = reload_net(&place, error);
	if (code)
		return fail(code, "%s", error);
	note("%s is reloaded", place.net);
	return EXIT_OK;
}
