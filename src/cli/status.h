/* status.h -- the report as a table, apart from how it was got. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct status_style {
	bool color;
	bool verbose;
};

void status_print(FILE *out, const json_t *report, const struct status_style *style);

/* Leaves only the peer that is called so. False: there is none. */
bool status_keep_peer(json_t *report, const char *what);

#endif
