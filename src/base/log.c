/* log.c -- one line for each thing that changed. */
#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static log_sink *sink;
static enum log_level highest = LOG_INFO;

static const char *const names[LOG_LEVELS] = {"error", "warn", "info", "debug", "trace"};

void log_to(log_sink *to, enum log_level level)
{
	sink = to;
	highest = level;
}

enum log_level log_level(void)
{
	return highest;
}

const char *log_level_name(enum log_level level)
{
	return names[level];
}

bool log_level_parse(enum log_level *out, const char *name)
{
	for (int i = 0; i < LOG_LEVELS; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[512];
	va_list args;

	if (!sink || level > highest)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	sink(level, line);
}
