/* level.h -- how much a process that stays says in its log. */
#ifndef CLI_LEVEL_H
#define CLI_LEVEL_H

#include "base/log.h"
#include "cli/options.h"

/* P2PNET_LOG, else what *level is already; raised by each -v. EXIT_OK, or a usage error that
 * was said. */
int level_choose(enum log_level *level, const struct options *options);

#endif
