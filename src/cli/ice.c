/* ice.c -- the ICE agent by itself, to be tried against another one.
 *
 *	stdout: our lines --- chat, pipe, script ---> the other side
 *	stdin: its lines <---------------------------'
 *
 *	gather, check, nominate, echo, keep consent -- until the end of stdin
 *
 * Two of these make a pair of pipes:
 *
 *	mkfifo p; p2pnet ice --controlled <p | p2pnet ice >p
 */
#include "cli/command.h"

#include <stdio.h>

#include "cli/ice_input.h"
#include "cli/ice_print.h"
#include "cli/ice_turn.h"
#include "cli/message.h"
#include "cli/servers.h"
#include "ctl/request.h"
#include "io/ice_driver.h"

enum { ERROR_TEXT = 512 };

struct ice {
	struct ice_driver *driver;
	struct ice_input input;
	struct ice_print print;
	struct servers servers;
	struct ice_turn turn;
};

static void on_event(void *context, const struct ice_event *event)
{
	struct ice *ice = context;

	ice_print_event(&ice->print, event);
	if (event->kind == ICE_EVENT_FAILED || event->kind == ICE_EVENT_CONSENT_LOST)
		ice_driver_stop(ice->driver, EXIT_FAILED);
}

static void on_input(void *context, struct bytes text, msec now)
{
	struct ice *ice = context;

	if (text.len)
		ice_input_feed(&ice->input, text, now);
	else
		ice_driver_stop(ice->driver, EXIT_OK);
}

static void on_refused(void *context, const char *line, const char *why)
{
	struct ice *ice = context;

	ice_print_refused(&ice->print, line, why);
}

static int run(struct ice *ice, const struct options *o)
{
	const struct ice_driver_settings settings = {
		.controlling = !o->count[OPT_CONTROLLED],
		.servers = ice->servers.list,
		.servers_len = ice->servers.len,
		.turn = ice_turn_settings(&ice->turn),
	};
	const struct ice_driver_hooks hooks = {
		.context = ice,
		.event = on_event,
		.input = on_input,
	};
	char error[ERROR_TEXT];
	int code;

	if (ice_driver_new(&ice->driver, &settings, &hooks, error))
		return fail(EXIT_FAILED, "%s", error);
	ice->print.agent = ice_driver_agent(ice->driver);
	ice_input_init(&ice->input, ice_driver_agent(ice->driver), on_refused, ice);
	ice_print_credentials(&ice->print);
	code = ice_driver_run(ice->driver);
	ice_input_deinit(&ice->input);
	ice_driver_free(ice->driver);
	return code;
}

int run_ice(const struct invocation *in)
{
	static struct ice ice;
	const struct options *o = in->options;
	int code;

	if (o->count[OPT_CONTROLLING] && o->count[OPT_CONTROLLED])
		return fail(EXIT_USAGE, "--controlling and --controlled exclude each other; leave "
					"one out");
	ice.print.json = o->count[OPT_JSON] > 0;
	code = servers_read(&ice.servers, o, ICE_DRIVER_SERVERS_MAX);
	if (!code)
		code = ice_turn_read(&ice.turn, o);
	if (!code)
		code = run(&ice, o);
	ice_turn_wipe(&ice.turn);
	return code;
}
