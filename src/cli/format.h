/* format.h -- numbers and tables as people read them.
 *
 * All of these write into `out`, always end it with NUL and return it.
 */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FORMAT_TEXT = 96 };

char *format_duration(char out[static FORMAT_TEXT], int64_t seconds);	/* 41 s, 1m07, 3h05, 3d04h */
char *format_bytes(char out[static FORMAT_TEXT], uint64_t bytes);	/* 0, 999, 1.2K, 340M */

/* The words of `wg show`: "1 minute, 12 seconds ago", "1.21 KiB". */
char *format_ago(char out[static FORMAT_TEXT], int64_t seconds);
char *format_size(char out[static FORMAT_TEXT], uint64_t bytes);

/* -- tables: columns as wide as what is in them, two spaces between -------- */

enum { TABLE_COLUMNS = 8 };

/* Colours for a cell: an escape sequence, or NULL for none. */
typedef const char *table_paint(size_t column, const char *text);

struct table {
	size_t columns;
	char **cells;		/* row by row */
	size_t len, cap;
	bool failed;		/* no memory; the table prints what it has */
};

void table_init(struct table *t, size_t columns);
void table_add(struct table *t, const char *text);	/* copied; fills row after row */
void table_print(FILE *out, const struct table *t, table_paint *paint);
void table_deinit(struct table *t);

#endif
