/* report.c -- what is wrong with a file, and what to do about it. */
#include "config/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/text.h"

/* What stands in a file may be anything; a terminal must not obey it. */
static void defuse(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

static void append(struct config_report *report, struct config_problem problem)
{
	struct config_problem *place = NULL;

	if (problem.file && problem.text)
		place = list_push((void **)&report->problems, &report->len, sizeof(*place));
	if (!place) {
		free(problem.file);
		free(problem.text);
		return;
	}
	*place = problem;
}

/* Without memory for the words the error still counts. */
void report_add(struct config_report *report, enum config_severity severity,
		struct config_where where, const char *format, ...)
{
	struct config_problem problem = {.severity = severity, .line = where.line};
	va_list args;
	int len;

	report->errors += severity == CONFIG_ERROR;
	if (report->len > REPORT_MAX)
		return;
	if (report->len == REPORT_MAX)
		format = "there are more problems than these";
	va_start(args, format);
	len = vasprintf(&problem.text, format, args);
	va_end(args);
	if (len < 0)
		return;
	defuse(problem.text);
	problem.file = strdup(where.file);
	append(report, problem);
}

void config_report_free(struct config_report *report)
{
	for (size_t i = 0; i < report->len; i++) {
		free(report->problems[i].file);
		free(report->problems[i].text);
	}
	free(report->problems);
	*report = (struct config_report){0};
}

void config_report_print(FILE *out, const struct config_report *report)
{
	for (size_t i = 0; i < report->len; i++) {
		const struct config_problem *p = &report->problems[i];
		const char *severity = p->severity == CONFIG_ERROR ? "error" : "warning";

		if (p->line)
			fprintf(out, "%s:%u: %s: %s\n", p->file, p->line, severity, p->text);
		else
			fprintf(out, "%s: %s: %s\n", p->file, severity, p->text);
	}
}
