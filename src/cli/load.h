/* load.h -- read a config file and tell the person what is wrong with it. */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "config/config.h"

/* EXIT_OK if we may read the file or it is not there; EXIT_PERMISSION, and the sentence is said. */
int load_permitted(const char *path);

/* 0 and a config to free, or an EXIT_* code. Problems go to stderr, warnings only without -q. */
int load_config(struct config **out, const char *path, bool quiet);

#endif
