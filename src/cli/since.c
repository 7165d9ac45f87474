/* since.c -- a point in time, as a person gives it. */
#include "cli/since.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, DIGITS_MAX = 9 };

/* At most DIGITS_MAX of them. NULL: there is none, or there are more. */
static const char *digits(long *out, const char *text)
{
	size_t n = strspn(text, "0123456789");

	*out = n && n <= DIGITS_MAX ? strtol(text, NULL, 10) : 0;
	return n && n <= DIGITS_MAX ? text + n : NULL;
}

/* Two digits, no more than `max`. */
static const char *two_digits(int *out, const char *text, int max)
{
	long n;
	const char *end = digits(&n, text);

	*out = (int)n;
	return end == text + 2 && n <= max ? end : NULL;
}

static bool parse_ago(time_t *out, const char *text, time_t now)
{
	static const struct {
		char letter;
		int seconds;
	} units[] = {{'s', 1}, {'m', MINUTE}, {'h', HOUR}, {'d', DAY}};
	long n;
	const char *unit = digits(&n, text);

	for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++) {
		if (unit[0] != units[i].letter || unit[1])
			continue;
		*out = now - (time_t)n * units[i].seconds;
		return true;
	}
	return false;
}

/* HH:MM, HH:MM:SS; what follows. */
static const char *parse_clock(struct tm *tm, const char *text, bool needs_seconds)
{
	text = two_digits(&tm->tm_hour, text, 23);
	if (text && *text == ':')
		text = two_digits(&tm->tm_min, text + 1, 59);
	else
		return NULL;
	tm->tm_sec = 0;
	if (text && *text == ':')
		return two_digits(&tm->tm_sec, text + 1, 60);
	return needs_seconds ? NULL : text;
}

/* Today or, if that is still to come, yesterday. */
static bool parse_time_of_day(time_t *out, const char *text, time_t now)
{
	struct tm tm;
	const char *end;

	if (!localtime_r(&now, &tm))
		return false;
	end = parse_clock(&tm, text, false);
	if (!end || *end)
		return false;
	tm.tm_isdst = -1;
	*out = mktime(&tm);
	if (*out > now) {
		tm.tm_mday--;
		tm.tm_isdst = -1;
		*out = mktime(&tm);
	}
	return true;
}

static bool parse_zone(time_t *offset, const char *text)
{
	int sign = *text == '-' ? -1 : 1;
	struct tm tm = {0};
	const char *end;

	*offset = 0;
	if ((*text == 'Z' || *text == 'z') && !text[1])
		return true;
	if (*text != '+' && *text != '-')
		return false;
	end = parse_clock(&tm, text + 1, false);
	*offset = sign * (tm.tm_hour * HOUR + tm.tm_min * MINUTE);
	return end == text + strlen("+00:00") && !*end;
}

static const char *parse_date(struct tm *tm, const char *text)
{
	long year;
	const char *end = digits(&year, text);

	if (end != text + 4 || *end != '-')
		return NULL;
	tm->tm_year = (int)year - 1900;
	end = two_digits(&tm->tm_mon, end + 1, 12);
	if (!end || *end != '-' || tm->tm_mon-- == 0)
		return NULL;
	end = two_digits(&tm->tm_mday, end + 1, 31);
	return end && tm->tm_mday ? end : NULL;
}

/* RFC 3339 section 5.6; a fraction of a second is passed over. */
static bool parse_rfc3339(time_t *out, const char *text)
{
	struct tm tm = {0};
	time_t offset;
	long fraction;

	text = parse_date(&tm, text);
	if (!text || !strchr("Tt ", *text) || !*text)
		return false;
	text = parse_clock(&tm, text + 1, true);
	if (text && *text == '.')
		text = digits(&fraction, text + 1);
	if (!text || !parse_zone(&offset, text))
		return false;
	*out = timegm(&tm) - offset;
	return true;
}

bool since_parse(uint64_t *wall_ms, const char *text, time_t now)
{
	time_t t;

	if (!parse_ago(&t, text, now) && !parse_time_of_day(&t, text, now) &&
	    !parse_rfc3339(&t, text))
		return false;
	*wall_ms = (uint64_t)t * 1000;
	return t >= 0;
}
