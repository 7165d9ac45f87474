/* config_json.h -- a config file as JSON. Never a secret. */
#ifndef CLI_CONFIG_JSON_H
#define CLI_CONFIG_JSON_H

#include <jansson.h>

#include "config/config.h"

enum { CONFIG_ENDPOINT_TEXT = CONFIG_HOST_MAX + 16 };

/* "office.example.net:41999", "[2001:db8::1]:41999", or "" for none. */
char *config_endpoint(char out[static CONFIG_ENDPOINT_TEXT], const struct config_peer *peer);

json_t *config_peers_json(const struct config *config);
json_t *config_json(const struct config *config);	/* all that is in force */

#endif
