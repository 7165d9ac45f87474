/* main.c -- p2pnet. */
#include "cli/command.h"

#include <string.h>

#include "io/upnp.h"
#include "io/upnp_helper.h"

int main(int argc, char **argv)
{
	/* no command: the daemon runs itself by this word */
	if (argc > 2 && strcmp(argv[1], UPNP_HELPER) == 0)
		return upnp_helper_run(argc - 2, argv + 2);
	return cli_run(argc, argv);
}
