/* message.c -- sentences for the person at the terminal. */
#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>

static bool silent;

static void print_line(const char *format, va_list args)
{
	/* What was written to stdout before comes before. */
	fflush(stdout);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int fail(int code, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("p2pnet: ", stderr);
	va_start(args, format);
	print_line(format, args);
	va_end(args);
	return code;
}

void message_quiet(bool quiet)
{
	silent = quiet;
}

void note(const char *format, ...)
{
	va_list args;

	if (silent)
		return;
	va_start(args, format);
	print_line(format, args);
	va_end(args);
}
