/* json.h -- what --json prints. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

/* Prints it on stdout, indented, and frees it. Returns an EXIT_* code; NULL: no memory. */
int json_out(json_t *value);

#endif
