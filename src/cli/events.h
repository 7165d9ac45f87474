/* events.h -- what happened, apart from how it was got. */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <jansson.h>

struct events_style {
	bool json;		/* an object a line */
	time_t now;		/* events of another day have their date */
	int name_width;		/* of the names so far, kept from reply to reply */
};

/* All events of a reply of the daemon. */
void events_print(FILE *out, const json_t *reply, struct events_style *style);

#endif
