/* json.c -- what --json prints. */
#include "cli/json.h"

#include <stdio.h>

#include "cli/message.h"
#include "ctl/request.h"

int json_out(json_t *value)
{
	const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(6);	/* 0.1, not 0.1000...01 */
	int err = value ? json_dumpf(value, stdout, flags) : -1;

	if (value && !err)
		putchar('\n');
	json_decref(value);
	/* A stdout that takes nothing is noticed at the end of all commands. */
	return value ? EXIT_OK : fail(EXIT_FAILED, "no memory for the JSON");
}
