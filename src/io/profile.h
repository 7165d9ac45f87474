/* profile.h -- a copy of what a net was started with, without its secrets. */
#ifndef IO_PROFILE_H
#define IO_PROFILE_H

#include "io/daemon.h"

struct profile {
	char *net, *name, *device, *config_path, *socket_path, *version;
	uint16_t listen_port;
	uint32_t fwmark;		/* drawn from the port if none was given */
	uint32_t table;
	bool portmap[MAPPER_METHODS];
	bool tcp;
	unsigned offloads;		/* wanted */
	unsigned queues;
	unsigned mtu;
	struct cidr *addresses;
	size_t addresses_len;
	struct cidr *routes;		/* all peers' allowed IPs, masked, each once */
	size_t routes_len;
};

struct profile *profile_new(const struct daemon_settings *settings);	/* NULL: no memory */
void profile_free(struct profile *profile);				/* NULL is fine */

/* What would need a restart, as a word of the config; NULL: nothing. */
const char *profile_differs(const struct profile *profile, const struct profile *next);

#endif
