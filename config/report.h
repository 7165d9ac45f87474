/* report.h -- collect what is wrong with a file; only for those who read it. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include "config/config.h"

enum { REPORT_MAX = 500 };	/* a file that is not a config at all is told so often enough */

void report_add(struct config_report *report, enum config_severity severity,
		struct config_where where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
