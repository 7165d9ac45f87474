/* format.c -- numbers and tables as people read them. */
#include "cli/format.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY };

char *format_duration(char out[static FORMAT_TEXT], int64_t s)
{
	if (s < 0)
		s = 0;
	if (s < MINUTE)
		snprintf(out, FORMAT_TEXT, "%d s", (int)s);
	else if (s < HOUR)
		snprintf(out, FORMAT_TEXT, "%dm%02d", (int)(s / MINUTE), (int)(s % MINUTE));
	else if (s < DAY)
		snprintf(out, FORMAT_TEXT, "%dh%02d", (int)(s / HOUR), (int)(s % HOUR / MINUTE));
	else
		snprintf(out, FORMAT_TEXT, "%lldd%02dh", (long long)(s / DAY),
			 (int)(s % DAY / HOUR));
	return out;
}

/* Two digits at least: 1.2K, 12K, 340K; the next unit where four would be needed. */
char *format_bytes(char out[static FORMAT_TEXT], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	const char *unit = units;

	if (bytes < 1000) {
		snprintf(out, FORMAT_TEXT, "%u", (unsigned)bytes);
		return out;
	}
	for (value /= 1024; value >= 999.5 && unit[1]; unit++)
		value /= 1024;
	snprintf(out, FORMAT_TEXT, value < 9.95 ? "%.1f%c" : "%.0f%c", value, *unit);
	return out;
}

char *format_size(char out[static FORMAT_TEXT], uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, FORMAT_TEXT, "%u B", (unsigned)bytes);
		return out;
	}
	for (; value >= 1024 && i < 3; i++)
		value /= 1024;
	snprintf(out, FORMAT_TEXT, "%.2f %s", value, units[i]);
	return out;
}

char *format_ago(char out[static FORMAT_TEXT], int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{YEAR, "year"}, {DAY, "day"}, {HOUR, "hour"}, {MINUTE, "minute"}, {1, "second"}};
	size_t len = 0;

	if (seconds <= 0) {
		snprintf(out, FORMAT_TEXT, "now");
		return out;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		long long n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n && len < FORMAT_TEXT)
			len += (size_t)snprintf(out + len, FORMAT_TEXT - len, "%s%lld %s%s",
						len ? ", " : "", n, units[i].name,
						n == 1 ? "" : "s");
	}
	if (len < FORMAT_TEXT)
		snprintf(out + len, FORMAT_TEXT - len, " ago");
	return out;
}

void table_init(struct table *t, size_t columns)
{
	*t = (struct table){.columns = columns};
}

void table_add(struct table *t, const char *text)
{
	char *copy;

	if (t->len == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		char **cells = realloc(t->cells, cap * sizeof(*cells));

		if (!cells) {
			t->failed = true;
			return;
		}
		t->cells = cells;
		t->cap = cap;
	}
	copy = strdup(text);
	if (copy)
		t->cells[t->len++] = copy;
	else
		t->failed = true;
}

static void measure(const struct table *t, size_t widths[static TABLE_COLUMNS])
{
	memset(widths, 0, TABLE_COLUMNS * sizeof(*widths));
	for (size_t i = 0; i < t->len; i++) {
		size_t len = strlen(t->cells[i]);

		if (len > widths[i % t->columns])
			widths[i % t->columns] = len;
	}
}

void table_print(FILE *out, const struct table *t, table_paint *paint)
{
	size_t widths[TABLE_COLUMNS];

	measure(t, widths);
	for (size_t i = 0; i < t->len; i++) {
		size_t column = i % t->columns;
		const char *color = paint ? paint(column, t->cells[i]) : NULL;
		/* Nothing trails at the end of a line. */
		bool last = column + 1 == t->columns;
		int pad = last ? 0 : (int)(widths[column] - strlen(t->cells[i]) + 2);

		fprintf(out, "%s%s%s%*s%s", color ? color : "", t->cells[i], color ? "\033[0m" : "",
			pad, "", last ? "\n" : "");
	}
}

void table_deinit(struct table *t)
{
	for (size_t i = 0; i < t->len; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
