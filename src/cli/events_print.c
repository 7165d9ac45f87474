/* events_print.c -- what happened, a line each, in the time of this host.
 *
 *	2026-01-02 23:59:58  phone   looking for a way
 *	00:00:01  phone   direct udp4 203.0.113.9:52011 (punched): it answered
 *	00:03:17  -       this host's addresses changed, 2 are usable
 */
#include "cli/events.h"

#include <string.h>

#include "ctl/report.h"

enum { WHEN_TEXT = 32, NAME_WIDTH = 6 };

/* The date and the time are always in UTC and have a fraction. */
static bool time_of(time_t *out, const json_t *event)
{
	struct tm tm = {0};
	const char *text = report_text(event, "time", "");

	*out = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;
	return *out != 0;
}

static char *format_when(char out[static WHEN_TEXT], const json_t *event, time_t now)
{
	struct tm then, today;
	time_t t;
	bool same_day;

	if (!time_of(&t, event) || !localtime_r(&t, &then) || !localtime_r(&now, &today)) {
		strcpy(out, "?");
		return out;
	}
	same_day = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
	strftime(out, WHEN_TEXT, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
	return out;
}

static void widen(struct events_style *style, const json_t *event)
{
	int len = (int)strlen(report_text(event, "peer", "-"));

	if (style->name_width < NAME_WIDTH)
		style->name_width = NAME_WIDTH;
	if (len > style->name_width)
		style->name_width = len;
}

static void print_line(FILE *out, const json_t *event, const struct events_style *style)
{
	char when[WHEN_TEXT];

	fprintf(out, "%s  %-*s  %s\n", format_when(when, event, style->now), style->name_width,
		report_text(event, "peer", "-"), report_text(event, "text", "?"));
}

void events_print(FILE *out, const json_t *reply, struct events_style *style)
{
	const json_t *events = json_object_get(reply, "events");
	const json_t *event;
	size_t i;

	json_array_foreach((json_t *)events, i, event)
		widen(style, event);
	json_array_foreach((json_t *)events, i, event) {
		if (!style->json)
			print_line(out, event, style);
		else if (json_dumpf(event, out, JSON_COMPACT) == 0)
			fputc('\n', out);
	}
}
