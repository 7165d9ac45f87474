/* logsink.h -- where log lines go: stderr, as a person or the journal likes them.
 *
 * With JOURNAL_STREAM set to our stderr each line starts with <N>, the syslog priority, and no
 * time; on a terminal with time and level. At most 100 lines of one level per
 * second; what was left out is said once.
 */
#ifndef IO_LOGSINK_H
#define IO_LOGSINK_H

#include "base/log.h"

/* `prefix` (the net's name, or NULL) stands before each line. */
void logsink_start(enum log_level level, const char *prefix);
/* The same, from now on to syslog (as "p2pnet"): for a net in the background. */
void logsink_start_syslog(enum log_level level, const char *prefix);
void logsink_set_level(enum log_level level);	/* of the sink that was started */

#endif
