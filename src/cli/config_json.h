/* config_json.h -- a config file as JSON. Never a secret. */
#ifndef CLI_CONFIG_JSON_H
#define CLI_CONFIG_JSON_H

#include <jansson.h>

#include "config/config.h"

json_t *config_peers_json(const struct config *config);
json_t *config_json(const struct config *config);	/* all that is in force */

#endif
