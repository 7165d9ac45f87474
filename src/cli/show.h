/* show.h -- the report in the words of wg(8), apart from how it was got. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdio.h>

#include <jansson.h>

void show_print(FILE *out, const json_t *report);

/* Tab-separated, one line for the interface and one per peer, as `wg show NET dump`;
 * `before` (the net's name, or NULL) is one more column in front, as in `wg show all dump`. */
void show_dump(FILE *out, const json_t *report, const char *before);

/* Newest handshake first, those without one in the end. */
void show_sort_peers(json_t *report);

#endif
