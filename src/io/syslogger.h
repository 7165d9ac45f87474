/* syslogger.h -- lines to syslog(3), whose names clash with those of base/log.h. */
#ifndef IO_SYSLOGGER_H
#define IO_SYSLOGGER_H

void syslogger_open(void);
void syslogger_write(int priority, const char *line);	/* 0..7, RFC 5424 section 6.2.1 */

#endif
