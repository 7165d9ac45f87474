/* since.h -- a point in time, as a person gives it. */
#ifndef CLI_SINCE_H
#define CLI_SINCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* So long ago: "90s", "10m", "2h", "3d". The last time that the clock showed it here: "22:41",
 * "22:41:07". RFC 3339: "2026-01-02T22:41:00Z", "2026-01-02T22:41:00.5+01:00".
 * False: none of these, or before 1970. */
bool since_parse(uint64_t *wall_ms, const char *text, time_t now);

#endif
