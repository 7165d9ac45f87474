/* report.c -- read a status report that may be older or newer than we are. */
#include "ctl/report.h"

#include <stdio.h>
#include <string.h>

char *report_time(char out[static REPORT_TIME_TEXT], time_t t)
{
	struct tm utc;

	/* The year of a time_t may not fit an int. */
	if (!gmtime_r(&t, &utc) || !strftime(out, REPORT_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc))
		out[0] = '\0';
	return out;
}

char *report_time_ms(char out[static REPORT_TIME_TEXT], uint64_t wall_ms)
{
	size_t len = strlen(report_time(out, (time_t)(wall_ms / 1000)));

	if (len)
		snprintf(out + len - 1, REPORT_TIME_TEXT - (len - 1), ".%03uZ",
			 (unsigned)(wall_ms % 1000));
	return out;
}

const char *report_text(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

int64_t report_number(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}
