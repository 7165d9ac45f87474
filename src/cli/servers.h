/* servers.h -- the STUN servers that a command is to ask: of --stun, and of the config. */
#ifndef CLI_SERVERS_H
#define CLI_SERVERS_H

#include "cli/options.h"
#include "config/config.h"
#include "io/station.h"

struct servers {
	struct config_server names[CONFIG_STUN_MAX];
	struct station_server list[CONFIG_STUN_MAX];	/* the same, as io/ wants them */
	size_t len;
};

/* Those of --stun, at most `max`. 0, or an EXIT_* code and the sentence is said. */
int servers_read(struct servers *out, const struct options *options, size_t max);
/* One more, unless it is there already; one for which there is no room is left out. */
void servers_add(struct servers *servers, const struct config_server *server);

#endif
