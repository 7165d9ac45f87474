/* ping.h -- what came of some pings, apart from how it was got. */
#ifndef CLI_PING_H
#define CLI_PING_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct ping_tally {
	unsigned sent, received;
	double min, max, sum;		/* ms */
	const char *path;		/* of the last answer: "direct", "relay"; NULL: none came */
};

/* "direct" or "relay": the path that this reply of the daemon came by. */
const char *ping_path(const json_t *reply);

void ping_count(struct ping_tally *tally, const json_t *reply);
void ping_print_reply(FILE *out, const json_t *reply);
void ping_print_tally(FILE *out, const struct ping_tally *tally);

/* For --json; takes the replies. NULL: no memory. */
json_t *ping_report(const struct ping_tally *tally, const char *net, json_t *replies);

#endif
