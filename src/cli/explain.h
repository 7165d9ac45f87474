/* explain.h -- why a peer is reached as it is, printed. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <stdio.h>

#include <jansson.h>

void explain_print(FILE *out, const json_t *explanation);

#endif
