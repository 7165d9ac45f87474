/* version.c -- print the version. */
#include "cli/command.h"

#include <stdio.h>

#include "cli/json.h"
#include "ctl/report.h"
#include "ctl/request.h"

int run_version(const struct invocation *in)
{
	if (in->options->count[OPT_JSON])
		return json_out(json_pack("{s:i, s:s}", "schema", REPORT_SCHEMA, "version",
					  P2PNET_VERSION));
	puts("p2pnet " P2PNET_VERSION);
	return EXIT_OK;
}
