/* reload.h -- have a running net read its file again. */
#ifndef CLI_RELOAD_H
#define CLI_RELOAD_H

#include "cli/client.h"

/* As client_ask(); the warnings of the file are said. */
int reload_net(const struct place *place, char error[static CLIENT_ERROR]);

#endif
