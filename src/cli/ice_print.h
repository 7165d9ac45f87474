/* ice_print.h -- what happens to an ICE agent, as lines of text or of JSON.
 *
 *              stdout                          stderr
 *   text       the lines to be signalled       what happens (not with -q)
 *   --json     both, one object a line
 */
#ifndef CLI_ICE_PRINT_H
#define CLI_ICE_PRINT_H

#include "io/ice_driver.h"

struct ice_print {
	bool json;
	const struct ice_agent *agent;
};

/* a=ice-ufrag and a=ice-pwd. */
void ice_print_credentials(const struct ice_print *p);
void ice_print_event(const struct ice_print *p, const struct ice_event *event);
/* A line of the other side's is of no use. */
void ice_print_refused(const struct ice_print *p, const char *line, const char *why);

#endif
