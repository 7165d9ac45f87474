/* check.c -- say what is wrong with a file. */
#include "cli/command.h"

#include <stdio.h>

#include "cli/json.h"
#include "cli/load.h"
#include "cli/place.h"
#include "ctl/report.h"
#include "ctl/request.h"

static json_t *problems_json(const struct config_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < report->len; i++) {
		const struct config_problem *p = &report->problems[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:i, s:s}", "severity",
					p->severity == CONFIG_ERROR ? "error" : "warning", "file",
					p->file, "line", (int)p->line, "text", p->text));
	}
	return list;
}

static int print_json(const char *path, const struct config *config,
		      const struct config_report *report)
{
	int code = json_out(
		json_pack("{s:i, s:s, s:b, s:o, s:o}", "schema", REPORT_SCHEMA, "file", path, "ok",
			  config != NULL, "peers",
			  config ? json_integer((json_int_t)config->peers_len) : json_null(),
			  "problems", problems_json(report)));

	return code ? code : config ? EXIT_OK : EXIT_CONFIG;
}

static int print_text(const char *path, const struct config *config,
		      const struct config_report *report, bool quiet)
{
	config_report_print(stdout, report);
	if (!config)
		return EXIT_CONFIG;
	if (!quiet)
		printf("%s is fine: %zu peer%s\n", path, config->peers_len,
		       config->peers_len == 1 ? "" : "s");
	return EXIT_OK;
}

static int check_file(const char *path, const struct options *o)
{
	struct config_report report;
	struct config *config;
	int code = load_permitted(path);

	if (code)
		return code;
	config = config_load(path, &report);
	code = o->count[OPT_JSON] ? print_json(path, config, &report)
				  : print_text(path, config, &report, o->count[OPT_QUIET] > 0);
	config_free(config);
	config_report_free(&report);
	return code;
}

int run_check(const struct invocation *in)
{
	struct place place;
	int code;

	/* A file that is named need not have the name of a net. */
	if (argument(in, 0))
		return check_file(argument(in, 0), in->options);
	code = place_find(&place, in->options, NULL);
	return code ? code : check_file(place.config, in->options);
}
