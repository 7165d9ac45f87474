/* log.c -- print or set the log level of a running net. */
#include "cli/command.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/message.h"
#include "ctl/report.h"

int run_log(const struct invocation *in)
{
	struct ctl_request request = {.verb = CTL_LOG};
	const char *wanted = argument(in, 0);
	enum log_level level;
	struct place place;
	json_t *reply = NULL;
	int code;

	if (wanted && !log_level_parse(&level, wanted))
		return fail(EXIT_USAGE,
			    "a log level is error, warn, info, debug or trace, not '%s'", wanted);
	if (wanted)
		snprintf(request.level, sizeof(request.level), "%s", wanted);
	code = place_find(&place, in->options, NULL);
	if (!code)
		code = client_ask_or_fail(&reply, &place, &request);
	if (code)
		return code;
	if (in->options->count[OPT_JSON])
		code = json_out(json_pack("{s:i, s:s, s:s}", "schema", REPORT_SCHEMA, "net",
					  place.net, "level", report_text(reply, "level", "?")));
	else if (!wanted)
		puts(report_text(reply, "level", "?"));
	json_decref(reply);
	return code;
}
