/* settings.h -- from the config file to what the daemon is made from. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/place.h"
#include "config/config.h"
#include "io/daemon.h"

/* `daemon` borrows from the config and the place: they must outlive it. */
struct settings {
	struct daemon_settings daemon;
	struct node_peer_settings *peers;
	struct node_stun_server stun[CONFIG_STUN_MAX];
	struct node_turn_server turn[CONFIG_TURN_MAX];
	struct node_rendezvous_settings rendezvous[NODE_RENDEZVOUS_MAX];
	struct proxy proxy;
};

/* False: no memory. */
bool settings_init(struct settings *out, const struct config *config, const struct place *place);
void settings_deinit(struct settings *settings);	/* wipes the keys in it */

void settings_proxy(struct proxy *out, const struct config_proxy *proxy);

#endif
