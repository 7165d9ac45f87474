/* syslogger.c -- lines to syslog(3), whose names clash with those of base/log.h. */
#include "io/syslogger.h"

#include <syslog.h>

/* The descriptor is made at the first line; it is closed in children (SOCK_CLOEXEC). */
void syslogger_open(void)
{
	openlog("p2pnet", LOG_PID, LOG_DAEMON);
}

void syslogger_write(int priority, const char *line)
{
	syslog(priority, "%s", line);
}
