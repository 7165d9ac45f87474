/* config.c -- print which file is read, or what is in force. */
#include "cli/command.h"

#include <stdio.h>

#include "cli/config_json.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/place.h"
#include "ctl/report.h"
#include "ctl/request.h"

static int print_path(const struct place *place, bool json)
{
	if (json)
		return json_out(json_pack("{s:i, s:s, s:s}", "schema", REPORT_SCHEMA, "net",
					  place->net, "config", place->config));
	puts(place->config);
	return EXIT_OK;
}

int run_config(const struct invocation *in)
{
	const struct options *o = in->options;
	struct config *config;
	struct place place;
	int code = place_find(&place, o, NULL);

	if (code)
		return code;
	if (!o->count[OPT_EFFECTIVE])
		return print_path(&place, o->count[OPT_JSON] > 0);
	code = load_config(&config, place.config, o->count[OPT_QUIET] > 0);
	if (code)
		return code;
	if (o->count[OPT_JSON])
		code = json_out(config_json(config));
	else
		config_print_effective(stdout, config);
	config_free(config);
	return code;
}
