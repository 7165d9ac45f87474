/* level.c -- how much a process that stays says in its log. */
#include "cli/level.h"

#include <stdlib.h>

#include "cli/message.h"
#include "ctl/request.h"

int level_choose(enum log_level *level, const struct options *o)
{
	const char *text = getenv("P2PNET_LOG");
	unsigned raised;

	if (text && *text && !log_level_parse(level, text))
		return fail(EXIT_USAGE, "P2PNET_LOG is error, warn, info, debug or trace, not '%s'",
			    text);
	raised = (unsigned)*level + o->count[OPT_VERBOSE];
	*level = raised < LOG_LEVELS ? (enum log_level)raised : LOG_TRACE;
	return EXIT_OK;
}
